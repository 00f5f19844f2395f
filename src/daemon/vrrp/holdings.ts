// What the masters of this host hold now, set and removed over netlink.
import type { KernelError, KernelResult } from '../../linux/index.ts';
import type { InstanceConfiguration, VrrpConfiguration } from '../../vrrp/index.ts';
import type { Interfaces } from './interfaces.ts';
import {
  addressPossession,
  type Possession,
  possessionsOf,
  routePossession,
  rulePossession,
  settledErrnos,
} from './possession.ts';

export type Complaint = (instance: string, error: KernelError) => void;

/** Static addresses, routes and rules belong to no instance. */
const staticOwner = 'static';

export class Holdings {
  readonly #interfaces: Interfaces;
  readonly #complain: Complaint;
  /** Interface and address of what was set and is to stay, by instance. */
  readonly #held = new Map<string, Set<string>>();

  constructor(interfaces: Interfaces, complain: Complaint) {
    this.#interfaces = interfaces;
    this.#complain = complain;
  }

  acquire(instance: InstanceConfiguration): void {
    for (const possession of possessionsOf(instance)) this.#set(instance.name, possession);
  }

  /** Removes what may be there, held or left over from another process. */
  release(instance: InstanceConfiguration): void {
    this.#held.delete(instance.name);
    for (const possession of possessionsOf(instance).reverse()) this.#remove(instance.name, possession);
  }

  /** After a reload: what is no longer listed goes, what is new comes, the rest is not touched. */
  update(previous: InstanceConfiguration, current: InstanceConfiguration): void {
    this.#exchange(current.name, possessionsOf(previous), possessionsOf(current));
  }

  /** `static_ipaddress`, `static_routes` and `static_rules`: present as long as the daemon runs. */
  exchangeStatic(previous: VrrpConfiguration | undefined, current: VrrpConfiguration | undefined): void {
    this.#exchange(staticOwner, staticPossessions(previous), staticPossessions(current));
  }

  /** The instance that holds this address here and minds losing it. */
  holderOf(interfaceName: string, address: string): string | undefined {
    const key = `${interfaceName} ${address}`;
    for (const [instance, held] of this.#held) if (instance !== staticOwner && held.has(key)) return instance;
    return undefined;
  }

  #exchange(owner: string, previous: readonly Possession[], current: readonly Possession[]): void {
    const before = new Set(previous.map(({ key }) => key));
    const after = new Set(current.map(({ key }) => key));
    for (const possession of [...previous].reverse()) if (!after.has(possession.key)) this.#remove(owner, possession);
    for (const possession of current) if (!before.has(possession.key)) this.#set(owner, possession);
  }

  #set(owner: string, possession: Possession): void {
    const done = possession.set(this.#interfaces);
    this.#judge(owner, done);
    if (possession.tracked === undefined || done?.ok !== true) return;
    const held = this.#held.get(owner) ?? new Set<string>();
    this.#held.set(owner, held);
    held.add(keyOf(possession.tracked));
  }

  #remove(owner: string, possession: Possession): void {
    if (possession.tracked !== undefined) this.#held.get(owner)?.delete(keyOf(possession.tracked));
    this.#judge(owner, possession.remove(this.#interfaces));
  }

  #judge(owner: string, done: KernelResult<void> | undefined): void {
    if (done?.ok === false && !settledErrnos.includes(done.error.errno)) this.#complain(owner, done.error);
  }
}

function staticPossessions(configuration: VrrpConfiguration | undefined): Possession[] {
  if (configuration === undefined) return [];
  const { staticAddresses, staticRoutes, staticRules, global } = configuration;
  const fallback = global.defaultInterface;
  return [
    ...staticAddresses.map((address) => addressPossession(address.interface ?? fallback ?? 'lo', address)),
    ...staticRoutes.map((route) => routePossession(route, fallback)),
    ...staticRules.map(rulePossession),
  ];
}

function keyOf({ interfaceName, address }: { interfaceName: string; address: string }): string {
  return `${interfaceName} ${address}`;
}
