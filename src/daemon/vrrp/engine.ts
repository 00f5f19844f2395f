// The VRRP machine on this host's kernel: news in, step(), effects out, and a timer for the next deadline.

import type { Pledge } from '../../guardian/index.ts';
import { formatFailure, type LogLevel } from '../../kit/index.ts';
import { DeadlineTimer, type KernelError, kernelFailure, monotonicMs, orFail } from '../../linux/index.ts';
import {
  canonicalAddress,
  createRouter,
  differenceOf,
  type Instance,
  type InstanceConfiguration,
  invariants,
  nextDeadline,
  parseAddress,
  type Refusal,
  type Router,
  step,
  type TrackerReport,
  type VrrpConfiguration,
  type VrrpEffect,
  type VrrpEvent,
} from '../../vrrp/index.ts';
import { AddressWatch } from './address-watch.ts';
import { Announcer } from './announcer.ts';
import { Holdings } from './holdings.ts';
import { Interfaces } from './interfaces.ts';
import type { FromWorker, ToWorker, TrackerNews } from './message.ts';
import { joinPledges, linksPledge, pledgeOf } from './pledge.ts';
import { type AddressPlace, addressesOf, interfaceOf } from './possession.ts';
import { Repetition } from './repetition.ts';
import { type AddressDuplicate, type Snapshot, snapshotOf } from './snapshot.ts';
import { LinkTrackers } from './trackers/links.ts';
import { type HeardAdvert, Transport } from './transport.ts';
import { VirtualMacs } from './virtual-mac.ts';

type News = VrrpEvent extends infer Event ? (Event extends VrrpEvent ? Omit<Event, 'nowMs'> : never) : never;

export type EngineOutside = {
  readonly tell: (message: FromWorker) => void;
  /** Told before an address is taken and after one was given up: what to undo when this process dies. */
  readonly pledge: (pledge: Pledge) => void;
  /** Told between the parts of long work: what gets on is not taken for hung. */
  readonly alive: () => void;
};

/** Effects are carried out for this long before adverts and timers have their turn. */
const workMsMax = 5;

/** RFC 9568 §5.2.4 */
const ownerPriority = 255;

/** A timer that fires later than this may have adverts waiting in front of it. */
const lateMs = 1;

export class Engine {
  readonly #tell: EngineOutside['tell'];
  readonly #pledge: EngineOutside['pledge'];
  readonly #alive: EngineOutside['alive'];
  readonly #interfaces: Interfaces;
  readonly #transport: Transport;
  readonly #holdings: Holdings;
  readonly #announcer: Announcer;
  readonly #addressWatch: AddressWatch;
  readonly #virtualMacs: VirtualMacs;
  readonly #refusals = new Repetition();
  readonly #links: LinkTrackers;
  readonly #router: Router;
  /** Configurations by name for effects about instances that a reload has just removed. */
  readonly #configurations = new Map<string, InstanceConfiguration>();
  readonly #linkIndexes = new Map<string, number | undefined>();
  /** Effects that wait for their turn behind others. */
  readonly #waiting: (Exclude<VrrpEffect, { kind: 'advertise' }> | 'tell-held')[] = [];
  #busy = false;
  readonly #pledgeParts = new Map<string, Pledge>();
  /** Names of the masters, as last pledged. */
  #holding: readonly string[] = [];
  readonly #timer: DeadlineTimer;

  /** @throws CommandFailure when the kernel refuses what VRRP cannot do without. */
  constructor(configuration: VrrpConfiguration, outside: EngineOutside) {
    this.#tell = outside.tell;
    this.#pledge = outside.pledge;
    this.#alive = outside.alive;
    const complain = (instance: string, error: KernelError) => this.#complain(instance, error);
    this.#interfaces = new Interfaces({
      onLink: (name) => this.#linkChanged(name),
      onAddress: (name, address) => this.#addressAppeared(name, address),
      onAddressGone: (name, address) => this.#addressGone(name, address),
      onError: (error) => this.#log('error', formatFailure(kernelFailure(error))),
    });
    this.#announcer = new Announcer(this.#interfaces, (line) => this.#log('debug', line), complain);
    this.#holdings = new Holdings(this.#interfaces, {
      complain,
      onCarried: (instance, place, before) => this.#carried(instance, place, before),
    });
    this.#addressWatch = new AddressWatch(this.#interfaces, {
      onClaim: (instance, claim) => this.#step({ kind: 'claim', instance, claim }),
      onError: complain,
    });
    this.#transport = new Transport(this.#interfaces, {
      onAdvert: (heard) => this.#hear(heard),
      onRefusal: (refusal) => this.#refuse(refusal),
      onStranger: (name, virtualRouterId) => this.#stranger(name, virtualRouterId),
      onError: complain,
    });
    this.#virtualMacs = new VirtualMacs(this.#interfaces);
    this.#links = new LinkTrackers(configuration.interfaceDelays, (name, report) => this.#tellLink(name, report));
    this.#router = createRouter(configuration);
    this.#timer = orFail(
      DeadlineTimer.open({
        name: 'the VRRP instances',
        nextDeadline: () => nextDeadline(this.#router),
        onDue: (deadlineMs) => this.#pass(deadlineMs),
      }),
    );
  }

  start(reports: readonly TrackerNews[]): void {
    this.#followInterfaces();
    for (const report of reports) this.#step({ kind: 'tracker', ...report });
    this.#alive();
    this.#holdings.exchangeStatic(undefined, this.#router.configuration);
    this.#attachAll();
    this.#pledgeFor([]);
    this.#step({ kind: 'start' });
  }

  handle(message: ToWorker): void {
    switch (message.kind) {
      case 'tracker':
        this.#step(message);
        return;
      case 'reconfigure':
        this.#reconfigure(message.configuration);
        return;
      case 'snapshot':
        this.#tell({ kind: 'snapshot', id: message.id, snapshot: this.#snapshot() });
        return;
      case 'clear-statistics':
        for (const { statistics } of this.#router.instances.values())
          for (const name of Object.keys(statistics) as (keyof typeof statistics)[]) statistics[name] = 0;
        return;
      case 'stop':
        this.#step({ kind: 'stop' });
        return;
    }
  }

  /** Nearly always the advert of a master who goes on: the deadline moves away, and nothing is to be done. */
  #hear({ instance, source, advert }: HeardAdvert): void {
    const { priority, intervalMs } = advert;
    const effects = step(this.#router, {
      kind: 'advert',
      nowMs: monotonicMs(),
      instance,
      source,
      priority,
      intervalMs,
    });
    const nextMs = this.#router.instances.get(instance)?.nextMs ?? 0;
    if (effects.length > 0) this.#finish(effects);
    else this.#timer.wakeBy(nextMs);
  }

  #step(news: News): void {
    this.#finish(step(this.#router, { ...news, nowMs: monotonicMs() } as VrrpEvent));
  }

  #finish(effects: readonly VrrpEffect[]): void {
    if (effects.length > 0) {
      const moves = effects.some(({ kind }) => kind === 'acquire' || kind === 'release' || kind === 'update');
      if (moves) this.#pledgeFor(this.#holding);
      for (const effect of effects) {
        // An advert comes before whatever else its instance does, and another instance's addresses must not delay it.
        if (effect.kind === 'advertise') this.#transport.advertise(effect.instance, effect.priority);
        else this.#waiting.push(effect);
      }
      if (moves) this.#waiting.push('tell-held');
      // Judging every instance after each advert sent would cost more than sending it.
      if (this.#waiting.length > 0) invariants(this.#router);
      if (!this.#busy) this.#work();
    }
    this.#timer.wakeBy(nextDeadline(this.#router));
  }

  /** Carries out what waits, in order; after a while the event loop has its turn, so that no instance waits for all. */
  #work(): void {
    this.#busy = true;
    const untilMs = monotonicMs() + workMsMax;
    let done = 0;
    while (done < this.#waiting.length && (done === 0 || monotonicMs() < untilMs)) {
      const next = this.#waiting[done++];
      if (next === 'tell-held') this.#tellHeld();
      else if (next !== undefined) this.#carryOut(next);
      this.#alive();
    }
    this.#waiting.splice(0, done);
    if (this.#waiting.length > 0) setImmediate(() => this.#work());
    else this.#busy = false;
  }

  /** While addresses change hands the guardian knows of the old ones and the new ones. */
  #pledgeFor(before: readonly string[]): void {
    this.#holding = [...this.#router.instances.values()]
      .filter((instance) => instance.status === 'MASTER')
      .map((instance) => instance.configuration.name);
    const names = new Set([...before, ...this.#holding]);
    const parts = [...names].flatMap((name) => this.#pledgePart(name) ?? []);
    this.#pledge(joinPledges([...parts, linksPledge(this.#virtualMacs.names)]));
  }

  /** Adverts that wait in front of a timer that is late count before the silence does. */
  #pass(deadlineMs: number): void {
    if (monotonicMs() - deadlineMs > lateMs) this.#transport.drain();
    this.#step({ kind: 'deadline' });
  }

  #carryOut(effect: Exclude<VrrpEffect, { kind: 'advertise' }>): void {
    switch (effect.kind) {
      case 'acquire':
        this.#withConfiguration(effect.instance, (configuration) => this.#holdings.acquire(configuration));
        return;
      case 'release':
        this.#announcer.drop(effect.instance);
        this.#withConfiguration(effect.instance, (configuration) => this.#holdings.release(configuration));
        return;
      case 'update':
        this.#withConfiguration(effect.instance, (configuration) =>
          this.#holdings.update(effect.previous, configuration),
        );
        return;
      case 'announce':
        this.#withConfiguration(effect.instance, (configuration) =>
          this.#announcer.announce(configuration, effect.repeat, effect.scope),
        );
        return;
      case 'probe':
        this.#withConfiguration(effect.instance, (configuration) => this.#addressWatch.probe(configuration));
        return;
      case 'log':
        this.#log(effect.level === 'detail' ? 'debug' : effect.level, effect.message);
        return;
      case 'notify':
        this.#tell({ kind: 'notify', notification: effect.notification });
        return;
      case 'stopped':
        this.#close();
        return;
    }
  }

  #close(): void {
    this.#timer.close();
    this.#announcer.close();
    this.#addressWatch.close();
    this.#transport.close();
    this.#holdings.exchangeStatic(this.#router.configuration, undefined);
    this.#virtualMacs.close();
    this.#interfaces.close();
    this.#links.close();
    this.#tell({ kind: 'stopped' });
  }

  #withConfiguration(name: string, act: (configuration: InstanceConfiguration) => void): void {
    const configuration = this.#configurations.get(name);
    if (configuration !== undefined) act(configuration);
  }

  /** Tells the machine the present state of every interface that matters to it. */
  #followInterfaces(): void {
    const names = new Set([...this.#router.instances.values()].flatMap((instance) => interfacesOf(instance)));
    for (const name of names) {
      this.#linkIndexes.set(name, this.#interfaces.link(name)?.index);
      this.#reportLink(name);
      this.#alive();
    }
  }

  #reportLink(name: string): void {
    this.#links.observe(name, this.#interfaces.isUp(name));
    // A reload may have made the machine forget an interface that has not changed.
    if (!this.#router.reports.has(`interface ${name}`)) this.#tellLink(name, this.#links.report(name));
  }

  #tellLink(name: string, report: TrackerReport): void {
    this.#step({ kind: 'tracker', tracker: 'interface', name, report });
  }

  #linkChanged(name: string): void {
    if (!this.#linkIndexes.has(name)) return;
    const index = this.#interfaces.link(name)?.index;
    if (index !== undefined && index !== this.#linkIndexes.get(name)) {
      this.#linkIndexes.set(name, index);
      this.#transport.reopen(name);
      this.#attachAll();
    }
    this.#reportLink(name);
  }

  #addressAppeared(name: string, address: string | undefined): void {
    if (address !== undefined && !this.#holdings.holds(name, address)) this.#judgeNewcomer(address);
    this.#addressesChanged(name);
  }

  /** Somebody set an address of one of our masters on another interface. */
  #judgeNewcomer(address: string): void {
    for (const instance of this.#holding)
      if (this.#holdings.placesOf(instance).some((place) => place.address === address))
        this.#warnOfDuplicates(instance);
  }

  /** An address that this host had before its instance became MASTER; its owner always has it. */
  #carried(instance: string, { address, interfaceName }: AddressPlace, before: readonly string[]): void {
    const isOwner = this.#configurations.get(instance)?.priority === ownerPriority;
    if (before.includes(interfaceName) && !isOwner) {
      const message = `(${instance}) address ${address} was on ${interfaceName} already, set by somebody else: it is removed when this router is no longer MASTER`;
      if (this.#refusals.isNews(message, monotonicMs()) !== undefined) this.#log('warning', message);
    }
    if (before.some((name) => name !== interfaceName)) this.#warnOfDuplicates(instance);
  }

  #warnOfDuplicates(instance: string): void {
    for (const { address, interface: here, alsoOn } of this.#duplicatesOf(instance)) {
      if (!this.#interfaces.carriersNow(address).includes(alsoOn)) continue;
      const message = `(${instance}) address ${address} is in use on this host: ours is on ${here}, and somebody set it on ${alsoOn} too; remove it there`;
      if (this.#refusals.isNews(message, monotonicMs()) !== undefined) this.#log('warning', message);
    }
  }

  #duplicatesOf(instance: string): AddressDuplicate[] {
    const places = this.#holdings.placesOf(instance);
    return places.flatMap(({ address, interfaceName }) =>
      this.#interfaces
        .carriersOf(address)
        .filter((name) => !places.some((place) => place.address === address && place.interfaceName === name))
        .map((alsoOn) => ({ address, interface: interfaceName, alsoOn })),
    );
  }

  #snapshot(): Snapshot {
    return snapshotOf(this.#router, monotonicMs(), (instance) => this.#duplicatesOf(instance));
  }

  #addressesChanged(name: string): void {
    for (const instance of this.#router.instances.values())
      if (instance.configuration.interface === name) this.#findSource(instance);
  }

  #addressGone(name: string, address: string): void {
    const holder = this.#holdings.holderOf(name, address);
    if (holder !== undefined && !this.#interfaces.hasAddress(name, address)) {
      this.#log('info', `Netlink reflector reports IP ${address} removed from ${name}`);
      this.#step({ kind: 'address-lost', instance: holder, address });
    }
    this.#addressesChanged(name);
  }

  #attachAll(): void {
    for (const instance of this.#router.instances.values()) {
      this.#attach(instance);
      this.#alive();
    }
    this.#addressWatch.follow(this.#router.configuration.instances);
  }

  #attach(instance: Instance): void {
    const { configuration } = instance;
    this.#configurations.set(configuration.name, configuration);
    this.#pledgeParts.delete(configuration.name);
    const error = this.#virtualMacs.make(configuration) ?? this.#transport.attach(instance);
    const cause = 'its socket or macvlan cannot be made';
    // An interface that is not there yet was told when the file was read.
    if (error !== undefined && error.errno !== 'ENODEV') this.#complain(configuration.name, error);
    const present = error !== undefined;
    if (present !== instance.faults.has(cause))
      this.#step({ kind: 'fault', instance: configuration.name, cause, present });
    this.#judgePeers(instance);
    this.#findSource(instance);
  }

  /** `unicast_fault_no_peer`; without it an empty list of peers means multicast. */
  #judgePeers({ configuration: { name, transport }, faults }: Instance): void {
    const cause = 'it has no unicast peers';
    const present = transport.kind === 'unicast' && transport.faultWithoutPeers && transport.peers.length === 0;
    if (present !== faults.has(cause)) this.#step({ kind: 'fault', instance: name, cause, present });
  }

  #findSource(instance: Instance): void {
    const { configuration } = instance;
    const virtual = new Set(addressesOf(configuration).map(({ address }) => address));
    const given = configuration.transport.source;
    const source =
      given === undefined
        ? this.#interfaces.sourceAddress(configuration.interface, configuration.family, virtual)
        : canonicalAddress(given);
    const address = source === undefined ? undefined : parseAddress(source);
    this.#transport.setSource(configuration.name, address);
    this.#pledgeParts.delete(configuration.name);
    this.#judgeSource(instance, given);
    const before = instance.source;
    const known = before !== undefined && address !== undefined && Buffer.compare(before, address) === 0;
    if (!known) this.#step({ kind: 'source', instance: configuration.name, address });
  }

  /** `track_src_ip`: answers to an address that is not here would go elsewhere. */
  #judgeSource({ configuration, faults }: Instance, source: string | undefined): void {
    const cause = 'its source address is not on its interface';
    const { name, interface: interfaceName, trackSource } = configuration;
    const present = trackSource && source !== undefined && !this.#interfaces.hasAddress(interfaceName, source);
    if (present !== faults.has(cause)) this.#step({ kind: 'fault', instance: name, cause, present });
  }

  /** Effects about removed instances are carried out with their old configuration, then the new sockets are opened. */
  #reconfigure(configuration: VrrpConfiguration): void {
    const previous = this.#router.configuration;
    const removed = differenceOf(previous, configuration).instances.removed;
    for (const instance of configuration.instances)
      if (this.#router.instances.has(instance.name)) this.#configurations.set(instance.name, instance);
    this.#links.setDelays(configuration.interfaceDelays);
    this.#step({ kind: 'reconfigure', configuration });
    for (const { name } of removed) {
      this.#transport.detach(name);
      this.#virtualMacs.remove(name);
      this.#configurations.delete(name);
    }
    this.#holdings.exchangeStatic(previous, configuration);
    this.#followInterfaces();
    this.#attachAll();
    this.#pledgeFor(this.#holding);
    this.#waiting.push('tell-held');
    if (!this.#busy) this.#work();
  }

  /** Made once: nothing in it changes while the instance's socket and source stay. */
  #pledgePart(name: string): Pledge | undefined {
    const known = this.#pledgeParts.get(name);
    const configuration = this.#configurations.get(name);
    if (known !== undefined || configuration === undefined) return known;
    const part = pledgeOf(configuration, this.#interfaces, this.#transport.farewells(name));
    this.#pledgeParts.set(name, part);
    return part;
  }

  #tellHeld(): void {
    this.#pledgeFor([]);
    this.#tell({ kind: 'held', instances: this.#holding });
  }

  #refuse({ key, message }: Refusal): void {
    const times = this.#refusals.isNews(key, monotonicMs());
    if (times !== undefined) this.#log('warning', times > 1 ? `${message} (${times} times)` : message);
  }

  #stranger(interfaceName: string, virtualRouterId: number): void {
    if (!this.#router.configuration.global.logUnknownVrids) return;
    const message = `Unknown VRID(${virtualRouterId}) received on interface(${interfaceName}). ignoring...`;
    if (this.#refusals.isNews(message, monotonicMs()) !== undefined) this.#log('info', message);
  }

  #complain(instance: string, error: KernelError): void {
    const message = `(${instance}) ${formatFailure(kernelFailure(error))}`;
    if (this.#refusals.isNews(message, monotonicMs()) !== undefined) this.#log('error', message);
  }

  #log(level: LogLevel, message: string): void {
    this.#tell({ kind: 'log', level, message });
  }
}

function interfacesOf(instance: Instance): string[] {
  const { configuration, trackers } = instance;
  const tracked = trackers.flatMap(({ kind, reference }) => (kind === 'interface' ? [reference.name] : []));
  const carrying = addressesOf(configuration).map((address) => interfaceOf(configuration, address));
  return [configuration.interface, ...tracked, ...carrying];
}
