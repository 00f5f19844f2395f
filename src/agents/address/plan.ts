// What `ocf:haven:ip` is to do, out of its parameters; and on which interface, out of the kernel's routes. The choice is
// the one ocf:heartbeat:IPaddr2 makes: the interface of the most specific route to the address, and that route's prefix.
import { err, ok, type Result } from '../../kit/index.ts';
import { addressBytes, type Family, familyOf, isMulticast, type Link, type Route } from '../../linux/index.ts';
import type { OcfCode } from '../outcome.ts';

export type AddressPlan = {
  readonly family: Family;
  readonly address: string;
  readonly nic: string | undefined;
  readonly prefixLength: number | undefined;
  /** A broadcast address, `+` for the prefix's own, `-` for none. */
  readonly broadcast: string;
  readonly label: string | undefined;
  readonly noPrefixRoute: boolean;
  readonly preferredLifetimeS: number | undefined;
  /** Look for another owner first. */
  readonly probe: boolean;
  /** IPv6: the kernel checks before it uses the address. */
  readonly kernelDetection: boolean;
  readonly announcements: AnnouncementPlan;
};

export type AnnouncementPlan = {
  readonly count: number;
  readonly intervalMs: number;
  readonly refreshCount: number;
  /** Whether the start waits for the first series. */
  readonly awaited: boolean;
};

/** Where the address goes. */
export type AddressPlace = {
  readonly link: Link;
  readonly prefixLength: number;
  readonly broadcast: string | undefined;
};

export type Refusal = { readonly code: OcfCode; readonly reason: string };

export type Parameters = Readonly<Record<string, string>>;

const announcementsMax = 1000;
const announcementIntervalMsMax = 60_000;
/** IFNAMSIZ less the terminating zero. */
const labelCharactersMax = 15;
const bitsOf: Readonly<Record<Family, number>> = { ipv4: 32, ipv6: 128 };

/** Later repetitions, for a switch or a neighbour that was not listening yet: a link that had just come up. */
const laterAnnouncementsMs = [2000, 5000];

/** Reads the parameters; the refusal says which one is wrong and why. */
export function addressPlan(parameters: Parameters): Result<AddressPlan, Refusal> {
  const refused = unsupported(parameters);
  if (refused !== undefined) return refuse(6, refused);
  const address = parameters.ip?.trim() ?? '';
  if (address === '') return refuse(6, "the parameter 'ip' is missing");
  const family = familyOf(address);
  if (family === undefined || isMulticast(address)) {
    return refuse(6, `the parameter ip='${address}' is not an IPv4 or IPv6 address of a host`);
  }
  const prefixLength = prefixLengthOf(family, parameters.cidr_netmask ?? '');
  if (prefixLength === 'invalid') {
    return refuse(6, `the parameter cidr_netmask='${parameters.cidr_netmask}' is not a prefix length of ${family}`);
  }
  const announcements = announcementPlan(parameters);
  if (!announcements.ok) return announcements;
  const preferred = parameters.preferred_lft ?? 'forever';
  if (preferred !== 'forever' && !/^\d{1,9}$/.test(preferred)) {
    return refuse(6, `the parameter preferred_lft='${preferred}' is neither seconds nor 'forever'`);
  }
  const broadcast = parameters.broadcast || '+';
  if (!/^[+-]$/.test(broadcast) && familyOf(broadcast) !== 'ipv4') {
    return refuse(6, `the parameter broadcast='${broadcast}' is neither an IPv4 address nor + or -`);
  }
  const probe = isTrue(parameters.run_arping, false);
  return ok({
    family,
    address,
    nic: parameters.nic || undefined,
    prefixLength,
    broadcast,
    label: parameters.iflabel || undefined,
    noPrefixRoute: isTrue(parameters.noprefixroute, false),
    preferredLifetimeS: preferred === 'forever' ? undefined : Number(preferred),
    probe,
    kernelDetection: family === 'ipv6' && (probe || !isTrue(parameters.nodad, true)),
    announcements: announcements.value,
  });
}

/** The interface, prefix and broadcast address for `plan`, or why there are none. */
export function addressPlace(
  plan: AddressPlan,
  kernel: { readonly links: readonly Link[]; readonly routes: readonly Route[] },
): Result<AddressPlace, Refusal> {
  const named = plan.nic === undefined ? undefined : kernel.links.find(({ name }) => name === plan.nic);
  if (plan.nic !== undefined && named === undefined) {
    return refuse(5, `the interface '${plan.nic}' does not exist on this node`);
  }
  if (plan.nic === undefined && isLinkLocal(plan)) {
    return refuse(6, `${plan.address} is link-local: name its interface with the parameter 'nic'`);
  }
  const route = bestRoute(plan, kernel.routes, named?.index);
  const link = named ?? kernel.links.find(({ index }) => index === route?.interfaceIndex);
  if (link === undefined) {
    return refuse(5, `no route leads to ${plan.address}: name its interface with the parameter 'nic'`);
  }
  const routed = route?.destination === undefined ? undefined : Number(route.destination.split('/')[1]);
  const prefixLength = plan.prefixLength ?? routed;
  if (prefixLength === undefined) {
    return refuse(6, `no route on ${link.name} tells the prefix of ${plan.address}: give the parameter 'cidr_netmask'`);
  }
  const label = plan.label === undefined ? '' : `${link.name}:${plan.label}`;
  if (label.length > labelCharactersMax) {
    return refuse(6, `the label '${label}' is longer than the ${labelCharactersMax} characters that the kernel takes`);
  }
  return ok({ link, prefixLength, broadcast: broadcastOf(plan, prefixLength) });
}

/** Milliseconds from the start to each announcement; the first is at once. */
export function announcementTimesMs(plan: AnnouncementPlan): number[] {
  const series = Array.from({ length: plan.count }, (_, index) => index * plan.intervalMs);
  const lastMs = series.at(-1);
  return lastMs === undefined ? [] : [...series, ...laterAnnouncementsMs.map((laterMs) => lastMs + laterMs)];
}

function unsupported(parameters: Parameters): string | undefined {
  const instead = 'use ocf:heartbeat:IPaddr2 (with fast-agents=false) for it';
  for (const name of ['lvs_support', 'lvs_ipv6_addrlabel', 'unique_clone_address']) {
    if (isTrue(parameters[name], false)) return `the parameter '${name}' is not supported by ocf:haven:ip: ${instead}`;
  }
  for (const name of ['network_namespace', 'mac']) {
    if ((parameters[name] ?? '') !== '') return `the parameter '${name}' is not supported by ocf:haven:ip: ${instead}`;
  }
  return undefined;
}

function announcementPlan(parameters: Parameters): Result<AnnouncementPlan, Refusal> {
  const count = countOf(parameters.arp_count, 5);
  const intervalMs = countOf(parameters.arp_interval, 200);
  const refreshCount = countOf(parameters.arp_count_refresh, 0);
  if (count > announcementsMax || refreshCount > announcementsMax || intervalMs > announcementIntervalMsMax) {
    const limits = `at most ${announcementsMax} announcements, ${announcementIntervalMsMax} ms apart`;
    return refuse(6, `arp_count, arp_count_refresh and arp_interval are whole numbers: ${limits}`);
  }
  return ok({ count, intervalMs, refreshCount, awaited: !isTrue(parameters.arp_bg, true) });
}

/** Infinity for what is no whole number, which no limit lets pass. */
function countOf(text: string | undefined, otherwise: number): number {
  if (text === undefined || text === '') return otherwise;
  return /^\d{1,9}$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
}

function prefixLengthOf(family: Family, text: string): number | undefined | 'invalid' {
  if (text === '') return undefined;
  if (/^\d{1,3}$/.test(text)) return Number(text) <= bitsOf[family] ? Number(text) : 'invalid';
  if (family !== 'ipv4' || familyOf(text) !== 'ipv4') return 'invalid';
  const mask = addressBytes(text).readUInt32BE();
  const length = Math.clz32(~mask >>> 0);
  return length === 32 || mask << length === 0 ? length : 'invalid';
}

/** The most specific route in the main table that leads to the address; of equals the one with the lowest metric. */
function bestRoute(plan: AddressPlan, routes: readonly Route[], interfaceIndex: number | undefined): Route | undefined {
  const leading = routes.filter(
    (route) =>
      route.family === plan.family &&
      route.table === 'main' &&
      route.type === 'unicast' &&
      route.interfaceIndex !== undefined &&
      (interfaceIndex === undefined || route.interfaceIndex === interfaceIndex) &&
      (route.destination === undefined || contains(route.destination, plan.address)),
  );
  const [best] = leading.sort(
    (left, right) => lengthOf(right) - lengthOf(left) || (left.metric ?? 0) - (right.metric ?? 0),
  );
  return best;
}

function lengthOf({ destination }: Route): number {
  return destination === undefined ? 0 : Number(destination.split('/')[1]);
}

/** Whether `prefix`, as ADDRESS/LENGTH, contains `address`. */
export function contains(prefix: string, address: string): boolean {
  const [network = '', length = ''] = prefix.split('/');
  const [left, right] = [addressBytes(network), addressBytes(address)];
  if (left.length !== right.length) return false;
  return left.every((byte, index) => {
    const bits = Math.max(0, Math.min(8, Number(length) - index * 8));
    const mask = (0xff << (8 - bits)) & 0xff;
    return (byte & mask) === ((right[index] ?? 0) & mask);
  });
}

/** RFC 3021: a prefix of 31 bits has no broadcast address. */
function broadcastOf({ family, broadcast, address }: AddressPlan, prefixLength: number): string | undefined {
  if (family === 'ipv6' || broadcast === '-' || prefixLength >= 31) return undefined;
  if (broadcast !== '+') return broadcast;
  const hostBits = 2 ** (32 - prefixLength) - 1;
  const value = (addressBytes(address).readUInt32BE() | hostBits) >>> 0;
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join('.');
}

function isLinkLocal({ family, address }: AddressPlan): boolean {
  return family === 'ipv6' && contains('fe80::/10', address);
}

function isTrue(text: string | undefined, otherwise: boolean): boolean {
  if (text === undefined || text === '') return otherwise;
  return /^(1|true|yes|on|y)$/i.test(text);
}

function refuse(code: OcfCode, reason: string) {
  return err({ code, reason } as const);
}
