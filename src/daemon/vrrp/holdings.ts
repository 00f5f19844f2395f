// What the masters of this host hold now, set and removed over netlink.
import type { KernelError, KernelResult } from '../../linux/index.ts';
import type { InstanceConfiguration, VrrpConfiguration } from '../../vrrp/index.ts';
import type { Interfaces } from './interfaces.ts';
import {
  type AddressPlace,
  addressPossession,
  type Possession,
  possessionsOf,
  routePossession,
  rulePossession,
  settledErrnos,
} from './possession.ts';

export type HoldingsOutside = {
  readonly complain: (instance: string, error: KernelError) => void;
  /** An address that was set had been on these interfaces before. */
  readonly onCarried: (instance: string, place: AddressPlace, before: readonly string[]) => void;
};

/** Static addresses, routes and rules belong to no instance. */
const staticOwner = 'static';

export class Holdings {
  readonly #interfaces: Interfaces;
  readonly #outside: HoldingsOutside;
  /** Addresses that were set, by instance and by interface and address. */
  readonly #held = new Map<string, Map<string, AddressPlace>>();

  constructor(interfaces: Interfaces, outside: HoldingsOutside) {
    this.#interfaces = interfaces;
    this.#outside = outside;
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
    for (const [instance, held] of this.#held)
      if (instance !== staticOwner && held.get(key)?.tracked === true) return instance;
    return undefined;
  }

  /** Whether an address of this interface is ours. */
  holds(interfaceName: string, address: string): boolean {
    const key = `${interfaceName} ${address}`;
    for (const held of this.#held.values()) if (held.has(key)) return true;
    return false;
  }

  /** Where an instance holds addresses now. */
  placesOf(instance: string): AddressPlace[] {
    return [...(this.#held.get(instance)?.values() ?? [])];
  }

  #exchange(owner: string, previous: readonly Possession[], current: readonly Possession[]): void {
    const before = new Set(previous.map(({ key }) => key));
    const after = new Set(current.map(({ key }) => key));
    for (const possession of [...previous].reverse()) if (!after.has(possession.key)) this.#remove(owner, possession);
    for (const possession of current) if (!before.has(possession.key)) this.#set(owner, possession);
  }

  #set(owner: string, possession: Possession): void {
    const { place } = possession;
    const held = this.#held.get(owner) ?? new Map<string, AddressPlace>();
    const isNew = place !== undefined && owner !== staticOwner && !held.has(keyOf(place));
    const mayBeThere = isNew && this.#interfaces.carriersOf(place.address).length > 0;
    const before = mayBeThere ? this.#interfaces.carriersNow(place.address) : [];
    const done = possession.set(this.#interfaces);
    this.#judge(owner, done);
    if (place === undefined || done?.ok !== true) return;
    this.#held.set(owner, held.set(keyOf(place), place));
    if (before.length > 0) this.#outside.onCarried(owner, place, before);
  }

  #remove(owner: string, possession: Possession): void {
    if (possession.place !== undefined) this.#held.get(owner)?.delete(keyOf(possession.place));
    this.#judge(owner, possession.remove(this.#interfaces));
  }

  #judge(owner: string, done: KernelResult<void> | undefined): void {
    if (done?.ok === false && !settledErrnos.includes(done.error.errno)) this.#outside.complain(owner, done.error);
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

function keyOf({ interfaceName, address }: AddressPlace): string {
  return `${interfaceName} ${address}`;
}
