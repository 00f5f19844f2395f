// One thing a master holds in the kernel: an address, a route or a rule; how it is set, removed, and known again.
import {
  type AddressSettings,
  addRule,
  deleteAddress,
  deleteRoute,
  deleteRule,
  type KernelResult,
  type NextHop,
  type Route,
  type RouteSocket,
  type Rule,
  replaceAddress,
  replaceRoute,
} from '../../linux/index.ts';
import type { InstanceConfiguration, VirtualAddress, VirtualRoute, VirtualRule } from '../../vrrp/index.ts';
import type { Interfaces } from './interfaces.ts';
import { advertInterface } from './virtual-mac.ts';

export type AddressPlace = { readonly interfaceName: string; readonly address: string; readonly tracked: boolean };

export type Possession = {
  /** Equal keys: the same thing. */
  readonly key: string;
  /** Of an address: where it is; `tracked` when it is to be put back should somebody remove it. */
  readonly place: AddressPlace | undefined;
  readonly set: (kernel: Interfaces) => KernelResult<void> | undefined;
  readonly remove: (kernel: Interfaces) => KernelResult<void> | undefined;
};

/** In the order in which they are set; routes may need the addresses before them. */
export function possessionsOf(instance: InstanceConfiguration): Possession[] {
  return [
    ...addressesOf(instance).map((address) => addressPossession(interfaceOf(instance, address), address)),
    ...instance.virtualRoutes.map((route) => routePossession(route, advertInterface(instance))),
    ...instance.virtualRules.map(rulePossession),
  ];
}

export function addressesOf(instance: InstanceConfiguration): VirtualAddress[] {
  return [...instance.virtualAddresses, ...instance.excludedAddresses];
}

/** Where an address is set: its own `dev`, else the macvlan of the instance, else the instance's interface. */
export function interfaceOf(instance: InstanceConfiguration, address: VirtualAddress): string {
  return address.interface ?? instance.virtualMac?.name ?? instance.interface;
}

/** The rules and routes of an instance as the kernel knows them now, in the order in which they are removed. */
export function rulesAndRoutesOf(
  instance: InstanceConfiguration,
  kernel: Interfaces,
): { readonly rules: Rule[]; readonly routes: Route[] } {
  const fallback = advertInterface(instance);
  return {
    rules: instance.virtualRules.map(kernelRule).reverse(),
    routes: instance.virtualRoutes.map((route) => kernelRoute(route, kernel, fallback)).reverse(),
  };
}

export function addressPossession(interfaceName: string, address: VirtualAddress): Possession {
  const settingsOf = (kernel: Interfaces): AddressSettings | undefined => {
    const interfaceIndex = kernel.link(interfaceName)?.index;
    if (interfaceIndex === undefined) return undefined;
    return {
      interfaceIndex,
      address: address.address,
      prefixLength: address.prefixLength,
      flags: flagsOf(address),
      ...given({ broadcast: address.broadcast, label: address.label, peer: address.peer, scope: address.scope }),
      ...given({ preferredLifetimeS: inSeconds(address.preferredLifetimeMs) }),
    };
  };
  return {
    key: `address ${interfaceName} ${JSON.stringify(address)}`,
    place: { interfaceName, address: address.address, tracked: !address.noTrack },
    set: (kernel) => withSettings(kernel, settingsOf(kernel), replaceAddress),
    remove: (kernel) => withSettings(kernel, settingsOf(kernel), deleteAddress),
  };
}

export function routePossession(route: VirtualRoute, fallbackInterface: string | undefined): Possession {
  const settingsOf = (kernel: Interfaces) => kernelRoute(route, kernel, fallbackInterface);
  return {
    key: `route ${JSON.stringify(route)}`,
    place: undefined,
    set: (kernel) => withSettings(kernel, settingsOf(kernel), replaceRoute),
    remove: (kernel) => withSettings(kernel, settingsOf(kernel), deleteRoute),
  };
}

export function rulePossession(rule: VirtualRule): Possession {
  const settings = kernelRule(rule);
  return {
    key: `rule ${JSON.stringify(rule)}`,
    place: undefined,
    set: (kernel) => addRule(kernel.routes, settings),
    remove: (kernel) => deleteRule(kernel.routes, settings),
  };
}

/** What says "it was there already" or "it was not there": the wanted state, not a failure. */
export const settledErrnos: readonly string[] = ['EEXIST', 'EADDRNOTAVAIL', 'ESRCH', 'ENOENT', 'ENODEV'];

function withSettings<Settings>(
  kernel: Interfaces,
  settings: Settings | undefined,
  act: (socket: RouteSocket, settings: Settings) => KernelResult<void>,
): KernelResult<void> | undefined {
  return settings === undefined ? undefined : act(kernel.routes, settings);
}

function kernelRoute(route: VirtualRoute, kernel: Interfaces, fallbackInterface: string | undefined): Route {
  // A route without gateway and interface would have nowhere to go.
  const needsInterface = route.gateway === undefined && route.nexthops.length === 0 && route.kind === 'unicast';
  const interfaceName = route.interface ?? (needsInterface ? fallbackInterface : undefined);
  const hops = route.nexthops.map((hop) => ({
    weight: hop.weight,
    ...(hop.onLink ? { onlink: true } : {}),
    ...given({ gateway: hop.gateway, interfaceIndex: indexOf(kernel, hop.interface) }),
  })) satisfies NextHop[];
  return {
    family: route.family,
    type: route.kind === 'nat' ? 'unicast' : route.kind,
    protocol: route.protocol ?? 'keepalived',
    ...(route.prefixLength === 0 ? {} : { destination: `${route.destination}/${route.prefixLength}` }),
    ...(route.onLink ? { onlink: true } : {}),
    ...(hops.length === 0 ? {} : { nextHops: hops }),
    ...given({ gateway: route.gateway, source: route.preferredSource, table: route.table, metric: route.metric }),
    ...given({ scope: route.scope, trafficClass: route.tos, mtu: route.mtu }),
    ...given({ interfaceIndex: indexOf(kernel, interfaceName) }),
  };
}

function kernelRule(rule: VirtualRule): Rule {
  const prefix = (end: VirtualRule['from']) => (end === undefined ? undefined : `${end.address}/${end.prefixLength}`);
  return {
    family: rule.family,
    action: rule.action === 'lookup' ? 'table' : rule.action,
    ...(rule.not ? { inverted: true } : {}),
    ...given({ priority: rule.preference, from: prefix(rule.from), to: prefix(rule.to), table: rule.table }),
    ...given({ inputInterface: rule.inputInterface, outputInterface: rule.outputInterface, goto: rule.goto }),
    ...given({ mark: rule.firewallMark, markMask: rule.firewallMask, trafficClass: rule.tos }),
    ...given({ suppressPrefixLength: rule.suppressPrefixLength }),
  };
}

function indexOf(kernel: Interfaces, name: string | undefined): number | undefined {
  return name === undefined ? undefined : kernel.link(name)?.index;
}

/** Duplicate address detection would keep an IPv6 address unusable for a second, and find the old master's. */
function flagsOf(address: VirtualAddress): ('nodad' | 'homeaddress' | 'mngtmpaddr' | 'noprefixroute')[] {
  return [
    ...(address.family === 'ipv6' ? (['nodad'] as const) : []),
    ...(address.home ? (['homeaddress'] as const) : []),
    ...(address.mngTmpAddr ? (['mngtmpaddr'] as const) : []),
    ...(address.noPrefixRoute ? (['noprefixroute'] as const) : []),
  ];
}

function inSeconds(durationMs: number | undefined): number | undefined {
  return durationMs === undefined ? undefined : Math.round(durationMs / 1000);
}

/** The same object without what is undefined. */
function given<T extends object>(values: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  const present = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as { [Key in keyof T]?: Exclude<T[Key], undefined> };
}
