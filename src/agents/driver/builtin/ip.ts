// ocf:haven:ip: a virtual address over netlink, without a program of its own.
//
// What is active here is known from starts and from monitors that found it (after a restart of the daemon). The kernel
// tells of every change of addresses and links; each time the affected resources are looked at afresh, because an event
// may be older than what was done since.
import type { HeldAddress } from '../../../guardian/index.ts';
import { ok, type Result } from '../../../kit/index.ts';
import {
  addAddress,
  addressBytes,
  addressText,
  deleteAddress,
  type InterfaceAddress,
  type KernelError,
  kernelFailure,
  listAddresses,
  listLinks,
  listRoutes,
  type NetworkEvent,
  type NetworkWatch,
  openPacketSocket,
  openRouteSocket,
  orFail,
  type PacketSocket,
  type RouteSocket,
  readSysctl,
  watchNetwork,
  writeSysctl,
} from '../../../linux/index.ts';
import { type AddressPlace, type AddressPlan, addressPlace, addressPlan, type Refusal } from '../../address/plan.ts';
import type { BuiltinAgent, BuiltinRun, BuiltinSurroundings, LapseEnd } from '../../builtin.ts';
import type { Operation } from '../../environment.ts';
import { answer, type Outcome } from '../../outcome.ts';
import { Announcer } from './announcer.ts';
import { detectionOf, probeForOwner } from './duplicate.ts';

type Active = {
  readonly plan: AddressPlan;
  readonly held: HeldAddress;
  readonly interfaceIndex: number;
  hardwareAddress: string;
  announcer: Announcer;
  /** A failure that has been told and not been mended. */
  failed: boolean;
  /** It was taken off for a lapse of the lease, and it is not decided whether it comes back. */
  awaiting: boolean;
};

/** A start that waits for answers of others, and may be called off. */
type Ongoing = { cancelled: boolean; cancel: () => void };

export class AddressAgent implements BuiltinAgent {
  readonly #around: BuiltinSurroundings;
  readonly #route: RouteSocket;
  readonly #packets: PacketSocket;
  readonly #watch: NetworkWatch;
  readonly #active = new Map<string, Active>();
  #closed = false;

  /** Throws a `CommandFailure` when the kernel refuses the sockets. */
  constructor(around: BuiltinSurroundings) {
    this.#around = around;
    const inside = around.namespace === undefined ? {} : { namespace: around.namespace };
    this.#route = orFail(openRouteSocket(around.namespace));
    this.#packets = orFail(openPacketSocket({ etherType: 'none', ...inside }));
    this.#watch = orFail(
      watchNetwork({
        subjects: ['link', 'address'],
        ...inside,
        onEvent: (event) => this.#hear(event),
        onError: (error) => around.logger.error(`addresses are watched by monitors only: ${reasonOf(error)}`),
      }),
    );
    this.#watch.unref();
    this.#rehearse();
  }

  run(operation: Operation): BuiltinRun {
    const ongoing: Ongoing = { cancelled: false, cancel: () => {} };
    const startedMs = performance.now();
    const outcome = this.#answer(operation, ongoing)
      .catch((thrown: Error) => answer(1, thrown.message))
      .then((given) => ({ ...given, durationMs: performance.now() - startedMs }));
    const kill = () => {
      ongoing.cancelled = true;
      ongoing.cancel();
    };
    return { outcome, kill };
  }

  /** Announces every address that is active: after a partition has healed, the neighbours may believe the other side. */
  announce(): void {
    for (const { announcer, plan, failed } of this.#active.values()) {
      if (!failed) void announcer.announce(plan.announcements);
    }
  }

  /** What was taken off for a lapse of the lease: put back where nobody else was given it, otherwise given up. */
  settleTaken(end: LapseEnd): void {
    for (const [resource, active] of [...this.#active]) if (active.awaiting) this.#settleTaken(resource, active, end);
  }

  /** Holds it no longer, nor watches it. */
  giveUp(resource: string): void {
    this.#active.get(resource)?.announcer.cancel();
    if (this.#active.delete(resource)) this.#around.onHeld(resource, undefined);
  }

  close(): void {
    this.#closed = true;
    for (const { announcer } of this.#active.values()) announcer.cancel();
    this.#active.clear();
    this.#watch.close();
    this.#packets.close();
    this.#route.close();
  }

  /** The way of a start as far as it changes nothing: what runs the first time is slower than all that follows. */
  #rehearse(): void {
    const plan = addressPlan({ ip: '127.0.0.1' });
    if (!plan.ok) return;
    this.#place(plan.value);
    this.#find(plan.value);
    this.#announcer(plan.value, { index: 1, name: 'lo', hardwareAddress: '02:00:00:00:00:01' });
  }

  async #answer(operation: Operation, ongoing: Ongoing): Promise<Outcome> {
    const { action, resource } = operation;
    const plan = addressPlan(operation.parameters);
    // What has no valid address cannot have been started: there is nothing to stop.
    if (!plan.ok) return action === 'stop' ? answer(0) : refusal(plan.error);
    switch (action) {
      case 'start':
        return this.#start(operation, plan.value, ongoing);
      case 'stop':
        return this.#stop(resource, plan.value);
      case 'monitor':
      case 'status':
        return this.#monitor(resource, plan.value);
      case 'validate-all': {
        const place = this.#place(plan.value);
        return place.ok ? answer(0) : refusal(place.error);
      }
      case 'reload':
      case 'reload-agent':
        this.#active.get(resource)?.announcer.cancel();
        this.#active.delete(resource);
        return this.#monitor(resource, plan.value);
      default:
        return { ...answer(3, `ocf:haven:ip knows no action '${action}'`), status: 'not-supported' };
    }
  }

  async #start(operation: Operation, plan: AddressPlan, ongoing: Ongoing): Promise<Outcome> {
    const { resource } = operation;
    const place = this.#place(plan);
    if (!place.ok) return refusal(place.error);
    const { link, prefixLength } = place.value;
    if (!link.flags.includes('up')) return answer(1, `the interface ${link.name} is down`);
    if (!link.flags.includes('lower-up')) return answer(1, `the interface ${link.name} has no carrier`);
    const there = this.#find(plan)?.interfaceIndex === link.index;
    if (!there && plan.probe && plan.family === 'ipv4') {
      const duplicate = await this.#probe(plan, place.value, ongoing);
      if (duplicate !== undefined) return duplicate;
    }
    // The guardian must know of the address before the network does.
    this.#around.onHeld(resource, { interfaceName: link.name, address: plan.address, prefixLength });
    const added = there ? ok(undefined) : addAddress(this.#route, settingsOf(plan, place.value));
    if (!added.ok && added.error.errno !== 'EEXIST') {
      this.#around.onHeld(resource, undefined);
      return answer(1, reasonOf(added.error));
    }
    if (plan.kernelDetection) {
      const duplicate = await this.#awaitDetection(operation, plan, place.value);
      if (duplicate !== undefined) return duplicate;
    }
    if (ongoing.cancelled || this.#closed) return answer(1, 'the start was called off');
    const { announcer } = this.#activate(resource, plan, place.value);
    const announced = announcer.announce(plan.announcements);
    if (plan.announcements.awaited) await announced;
    return answer(0);
  }

  async #probe(plan: AddressPlan, { link }: AddressPlace, ongoing: Ongoing): Promise<Outcome | undefined> {
    const { namespace } = this.#around;
    const target = { address: plan.address, interfaceIndex: link.index, hardwareAddress: link.hardwareAddress };
    const probe = probeForOwner({ ...target, ...(namespace === undefined ? {} : { namespace }) });
    ongoing.cancel = probe.cancel;
    const found = await probe.answer;
    if (ongoing.cancelled || this.#closed) return answer(1, 'the start was called off');
    if (!found.ok) return answer(1, reasonOf(found.error));
    const { owner } = found.value;
    return owner === undefined ? undefined : answer(1, `${plan.address} is in use already, at ${owner}`);
  }

  async #awaitDetection(operation: Operation, plan: AddressPlan, place: AddressPlace): Promise<Outcome | undefined> {
    const deadlineMs = performance.now() + operation.timeoutMs;
    const target = { address: canonical(plan.address), interfaceIndex: place.link.index };
    const detection = await detectionOf(this.#route, target, deadlineMs);
    if (detection === 'unique') return undefined;
    if (!this.#closed) this.#remove(operation.resource, plan);
    switch (detection) {
      case 'duplicate':
        return answer(1, `${plan.address} is in use already: the kernel found it on the link of ${place.link.name}`);
      case 'gone':
        return answer(1, `${plan.address} was taken off ${place.link.name} while it was being checked`);
      case 'undecided': {
        const reason = `the kernel did not end its duplicate address detection within ${operation.timeoutMs} ms`;
        return { ...answer(1, reason), status: 'timeout' };
      }
    }
  }

  #stop(resource: string, plan: AddressPlan): Outcome {
    const failed = this.#remove(resource, plan);
    return failed === undefined ? answer(0) : answer(1, reasonOf(failed));
  }

  #remove(resource: string, plan: AddressPlan): KernelError | undefined {
    const active = this.#active.get(resource);
    active?.announcer.cancel();
    this.#active.delete(resource);
    for (let found = this.#find(plan); found !== undefined; found = this.#find(plan)) {
      const removed = this.#delete(found);
      if (!removed.ok && removed.error.errno !== 'EADDRNOTAVAIL') return removed.error;
      if (!removed.ok) break;
    }
    this.#around.onHeld(resource, undefined);
    return undefined;
  }

  /** Without promote_secondaries the kernel takes the later addresses of a prefix away together with the first. */
  #delete(found: InterfaceAddress) {
    const { namespace } = this.#around;
    const first = found.family === 'ipv4' && !found.flags.includes('secondary');
    const name = first ? this.#linkOf(found.interfaceIndex)?.name : undefined;
    const key = ['net', 'ipv4', 'conf', name ?? 'all', 'promote_secondaries'];
    const before = name === undefined ? undefined : readSysctl(key, namespace);
    const changes = before?.ok === true && before.value === '0';
    if (changes) writeSysctl(key, 1, namespace);
    const removed = deleteAddress(this.#route, {
      interfaceIndex: found.interfaceIndex,
      address: found.address,
      prefixLength: found.prefixLength,
      ...(found.peer === undefined ? {} : { peer: found.peer }),
    });
    if (changes) writeSysctl(key, 0, namespace);
    return removed;
  }

  #monitor(resource: string, plan: AddressPlan): Outcome {
    const found = this.#find(plan);
    if (found === undefined) {
      const known = this.#active.get(resource);
      if (known === undefined) return answer(7);
      known.announcer.cancel();
      known.awaiting ||= this.#around.fateOfTaken() === 'undecided';
      known.failed ||= !known.awaiting;
      return answer(7, `${plan.address} is no longer on ${known.held.interfaceName}`);
    }
    const link = this.#linkOf(found.interfaceIndex);
    if (link === undefined) return answer(7);
    const active =
      this.#active.get(resource) ??
      this.#activate(resource, plan, { link, prefixLength: found.prefixLength, broadcast: found.broadcast });
    const wrong = troubleOf(found, link.flags, link.name);
    active.failed = wrong !== undefined;
    if (wrong !== undefined) return answer(1, wrong);
    active.announcer.refresh(plan.announcements.refreshCount);
    return answer(0);
  }

  /** From now on the address is watched and pledged. */
  #activate(resource: string, plan: AddressPlan, { link, prefixLength }: AddressPlace): Active {
    this.#active.get(resource)?.announcer.cancel();
    const held = { interfaceName: link.name, address: plan.address, prefixLength };
    const announcer = this.#announcer(plan, link);
    const { index, hardwareAddress } = link;
    const active: Active = {
      plan,
      held,
      interfaceIndex: index,
      hardwareAddress,
      announcer,
      failed: false,
      awaiting: false,
    };
    this.#active.set(resource, active);
    this.#around.onHeld(resource, held);
    return active;
  }

  #announcer(plan: AddressPlan, link: { index: number; name: string; hardwareAddress: string }): Announcer {
    const { namespace, logger } = this.#around;
    const announced = {
      family: plan.family,
      address: plan.address,
      interfaceIndex: link.index,
      interfaceName: link.name,
      hardwareAddress: link.hardwareAddress,
      ...(namespace === undefined ? {} : { namespace }),
    };
    return new Announcer(this.#packets, announced, logger);
  }

  #hear(event: NetworkEvent): void {
    if (this.#closed) return;
    for (const [resource, active] of [...this.#active]) {
      if (!concerns(event, active)) continue;
      try {
        this.#lookAgain(resource, active, event);
      } catch (thrown) {
        this.#around.logger.warning(`cannot look at ${active.plan.address}: ${(thrown as Error).message}`);
      }
    }
  }

  #lookAgain(resource: string, active: Active, event: NetworkEvent): void {
    const { failed } = active;
    const isGone = event.kind === 'address-gone' && this.#find(active.plan) === undefined;
    if (isGone && !failed && !active.awaiting) {
      const fate = this.#around.fateOfTaken();
      active.awaiting = fate === 'undecided';
      if (fate === 'undecided') return active.announcer.cancel();
      if (fate !== 'lost') return this.#settleTaken(resource, active, fate);
    }
    if (active.awaiting) return;
    if (event.kind === 'link' && event.link.hardwareAddress !== active.hardwareAddress) {
      active.announcer.cancel();
      active.hardwareAddress = event.link.hardwareAddress;
      active.announcer = this.#announcer(active.plan, event.link);
      void active.announcer.announce(active.plan.announcements);
    }
    const outcome = this.#monitor(resource, active.plan);
    // Other news may come first, of an address that was taken off meanwhile.
    if (active.awaiting) return;
    if (outcome.code !== 0 && !failed) this.#around.onFailure(resource, outcome);
    // The carrier was away: switches may have forgotten the address, or believe it elsewhere.
    if (outcome.code === 0 && failed) void active.announcer.announce(active.plan.announcements);
  }

  #settleTaken(resource: string, active: Active, end: LapseEnd): void {
    active.awaiting = false;
    if (end === 'given-up') return this.#around.onGivenUp(resource);
    const { address } = active.plan;
    const place = this.#place(active.plan);
    const added = place.ok ? addAddress(this.#route, settingsOf(active.plan, place.value)) : undefined;
    if (added !== undefined && (added.ok || added.error.errno === 'EEXIST')) {
      this.#around.logger.notice(`${resource}: ${address} is back, as nobody else was given it`);
      return void active.announcer.announce(active.plan.announcements);
    }
    // Its interface is down, for example: whoever starts it again is told.
    this.#around.onGivenUp(resource);
  }

  #place(plan: AddressPlan): Result<AddressPlace, Refusal> {
    const links = orFail(listLinks(this.#route));
    const routes = orFail(listRoutes(this.#route, { family: plan.family, table: 'main' }));
    return addressPlace(plan, { links, routes });
  }

  // What the kernel refuses to list is thrown: an address that cannot be seen must not pass for one that is gone.

  /** The address as the kernel has it, on the named interface or, where none is named, on any. */
  #find(plan: AddressPlan): InterfaceAddress | undefined {
    const wanted = canonical(plan.address);
    const listed = orFail(listAddresses(this.#route, { family: plan.family }));
    const found = listed.filter(({ address }) => address === wanted);
    if (plan.nic === undefined) return found[0];
    return found.find(({ interfaceIndex }) => this.#linkOf(interfaceIndex)?.name === plan.nic);
  }

  #linkOf(index: number) {
    return orFail(listLinks(this.#route)).find((link) => link.index === index);
  }
}

function concerns(event: NetworkEvent, active: Active): boolean {
  switch (event.kind) {
    case 'address':
    case 'address-gone':
      return event.address.interfaceIndex === active.interfaceIndex;
    case 'link':
    case 'link-gone':
      return event.link.index === active.interfaceIndex;
    case 'lost':
      return true;
    default:
      return false;
  }
}

function troubleOf(found: InterfaceAddress, flags: readonly string[], name: string): string | undefined {
  if (!flags.includes('up')) return `the interface ${name} is down`;
  if (!flags.includes('lower-up')) return `the interface ${name} has no carrier`;
  return found.flags.includes('dadfailed') ? `${found.address} is in use elsewhere on the link of ${name}` : undefined;
}

function settingsOf(plan: AddressPlan, { link, prefixLength, broadcast }: AddressPlace) {
  const flags = [
    ...(plan.noPrefixRoute ? (['noprefixroute'] as const) : []),
    ...(plan.family === 'ipv6' && !plan.kernelDetection ? (['nodad'] as const) : []),
  ];
  return {
    interfaceIndex: link.index,
    address: plan.address,
    prefixLength,
    flags,
    ...(broadcast === undefined ? {} : { broadcast }),
    ...(plan.label === undefined || plan.family === 'ipv6' ? {} : { label: `${link.name}:${plan.label}` }),
    ...(plan.preferredLifetimeS === undefined ? {} : { preferredLifetimeS: plan.preferredLifetimeS }),
  };
}

/** As the kernel's lists have it: `2001:DB8:0::1` is `2001:db8::1`. */
function canonical(address: string): string {
  return addressText(addressBytes(address));
}

function refusal({ code, reason }: Refusal): Outcome {
  return { ...answer(code, reason), status: code === 5 ? 'not-installed' : 'done' };
}

function reasonOf(error: KernelError): string {
  const { what, why } = kernelFailure(error);
  return why === undefined ? what : `${what}: ${why}`;
}
