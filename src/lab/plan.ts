// What a lab consists of: the options somebody gives, checked and completed to a plan that names every interface,
// hardware address and network address. Pure: nothing is made here.
//
// Defaults: link L is the network 10.77.L.0/24 and fd77:0:0:L::/64, host number N has .N and ::N there, on interface ethL.
import { isIP } from 'node:net';
import { CommandFailure } from '../kit/index.ts';

export type InterfaceOptions = {
  /** As `ip link` shows it: `eth0`, `ens9`. Default `eth` + the link's number. */
  readonly name?: string;
  /** Which switch it is plugged into, from 0. Default: its place in the list. */
  readonly link?: number;
  /** `192.168.0.101/24`, `2001:db8::1/64`. Default: one of each family; an empty list means none. */
  readonly addresses?: readonly string[];
};

export type HostOptions = {
  readonly name: string;
  /** Default: one interface on each link. */
  readonly interfaces?: readonly InterfaceOptions[];
};

export type LabOptions = {
  /** What other processes call it. Default: a name of its own. */
  readonly name?: string;
  /** How many (`node1`, `node2`, …), or their names, or each in detail. */
  readonly hosts: number | readonly (string | HostOptions)[];
  /** How many separate switches. Default 1. */
  readonly links?: number;
  /**
   * `process` (default): the lab ends with the process that made it, even when that is killed.
   * `detached`: it stays until `haven lab down`.
   */
  readonly lifetime?: 'process' | 'detached';
  /** More directories of which each host has its own, writable and kept over power-offs (see `diskDirectories`). */
  readonly disk?: readonly string[];
};

export type InterfacePlan = {
  readonly name: string;
  readonly link: number;
  /** The switch's end of the cable. */
  readonly port: string;
  /** What is plugged into the bridge in its place while the cable is impaired; its other end has an `f` more. */
  readonly detour: string;
  readonly mac: string;
  readonly addresses: readonly string[];
};

export type HostPlan = {
  readonly name: string;
  readonly number: number;
  readonly interfaces: readonly InterfacePlan[];
};

export type LabPlan = {
  readonly name: string;
  readonly links: number;
  readonly disk: readonly string[];
  readonly hosts: readonly HostPlan[];
};

/** Each host has its own copy-on-write view of these, kept over power-offs: what a machine keeps on its disk. */
export const diskDirectories = ['/etc', '/var', '/usr/local', '/root', '/srv', '/usr/lib/ocf'] as const;

/** And its own empty one of these, lost at power-off. */
export const volatileDirectories = ['/run', '/tmp', '/dev/shm'] as const;

/** One byte of the hardware and IPv4 address, less network, broadcast and some room for virtual addresses. */
const hostsMax = 199;
const linksMax = 16;
const interfaceNameBytesMax = 15;

/** @throws CommandFailure `usage`: a name or number that cannot be. */
export function planLab(name: string, options: LabOptions): LabPlan {
  requireName('lab', name);
  const links = options.links ?? 1;
  if (!Number.isInteger(links) || links < 1 || links > linksMax) {
    throw wrong(`${links} links`, `a lab has 1 to ${linksMax}`);
  }
  const wanted = typeof options.hosts === 'number' ? numberedHosts(options.hosts) : options.hosts;
  if (wanted.length > hostsMax) throw wrong(`${wanted.length} hosts`, `a lab has at most ${hostsMax}`);
  const hosts: HostPlan[] = [];
  for (const host of wanted) {
    hosts.push(planHost(typeof host === 'string' ? { name: host } : host, { links, hosts }));
  }
  return { name, links, disk: [...new Set([...diskDirectories, ...(options.disk ?? [])])], hosts };
}

/**
 * A host's plan beside those that are there already.
 * @throws CommandFailure `usage`, or `exists` when the name is taken.
 */
export function planHost(
  options: HostOptions,
  lab: { readonly links: number; readonly hosts: readonly HostPlan[] },
): HostPlan {
  requireName('host', options.name);
  if (lab.hosts.some((host) => host.name === options.name)) {
    throw new CommandFailure({ kind: 'exists', what: `two hosts of the lab are called '${options.name}'` });
  }
  const number = 1 + Math.max(0, ...lab.hosts.map((host) => host.number));
  const wanted = options.interfaces ?? Array.from({ length: lab.links }, () => ({}));
  const interfaces = wanted.map((given, position) =>
    planInterface(given, position, { ...options, number, links: lab.links }),
  );
  for (const [position, { name }] of interfaces.entries()) {
    if (interfaces.findIndex((other) => other.name === name) !== position) {
      throw wrong(`host '${options.name}'`, `two interfaces are called '${name}'`);
    }
  }
  return { name: options.name, number, interfaces };
}

function planInterface(
  given: InterfaceOptions,
  position: number,
  host: { readonly name: string; readonly number: number; readonly links: number },
): InterfacePlan {
  const link = given.link ?? position;
  const name = given.name ?? `eth${link}`;
  if (!Number.isInteger(link) || link < 0 || link >= host.links) {
    throw wrong(`host '${host.name}', interface ${name}: link ${link}`, `the lab's links are 0 to ${host.links - 1}`);
  }
  if (!/^[A-Za-z0-9_.-]+$/.test(name) || name.length > interfaceNameBytesMax || name === 'lo') {
    throw wrong(
      `interface '${name}' of host '${host.name}'`,
      `a name has 1 to ${interfaceNameBytesMax} letters or digits and is not lo`,
    );
  }
  for (const address of given.addresses ?? []) requireAddress(address, host.name);
  return {
    name,
    link,
    port: portName(host, position),
    detour: `bad${host.number}.${position}`,
    // Locally administered, and the same after each boot, like a real card's.
    mac: `02:68:76:${hexByte(position)}:${hexByte(link)}:${hexByte(host.number)}`,
    addresses: given.addresses ?? [
      `10.77.${link}.${host.number}/24`,
      `fd77:0:0:${link.toString(16)}::${host.number.toString(16)}/64`,
    ],
  };
}

/** `server1.0` where the kernel's 15 bytes allow it, for readers of `bridge link` and captures. */
function portName(host: { readonly name: string; readonly number: number }, position: number): string {
  const readable = `${host.name}.${position}`;
  return readable.length <= interfaceNameBytesMax ? readable : `port${host.number}.${position}`;
}

/** The link-local address the kernel derives from a hardware address (RFC 4291 appendix A, modified EUI-64). */
export function linkLocalAddress(mac: string): string {
  const bytes = mac.split(':').map((byte) => Number.parseInt(byte, 16));
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = bytes;
  const groups = [((a ^ 2) << 8) | b, (c << 8) | 0xff, 0xfe00 | d, (e << 8) | f];
  return `fe80::${groups.map((group) => group.toString(16)).join(':')}`;
}

/** `/etc/hosts` of every host: the first address of each family, loopback first. */
export function hostsFile(hosts: readonly HostPlan[]): string {
  const lines = ['127.0.0.1 localhost', '::1 localhost ip6-localhost ip6-loopback'];
  for (const host of hosts) {
    const addresses = host.interfaces.flatMap((one) => one.addresses.map((address) => address.replace(/\/.*/, '')));
    for (const family of [4, 6]) {
      const first = addresses.find((address) => isIP(address) === family);
      if (first !== undefined) lines.push(`${first} ${host.name}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function numberedHosts(count: number): string[] {
  if (!Number.isInteger(count) || count < 1 || count > hostsMax)
    throw wrong(`${count} hosts`, `a lab has 1 to ${hostsMax}`);
  return Array.from({ length: count }, (_, index) => `node${index + 1}`);
}

function requireName(kind: 'lab' | 'host', name: string): void {
  if (/^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(name)) return;
  throw wrong(
    `'${name}' cannot be the name of a ${kind}`,
    'a name has 1 to 63 letters, digits or inner hyphens (RFC 1123)',
  );
}

function requireAddress(address: string, host: string): void {
  const [ip = '', prefix = ''] = address.split('/');
  const family = isIP(ip);
  const bitsMax = family === 6 ? 128 : 32;
  if (family !== 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= bitsMax) return;
  throw wrong(
    `address '${address}' of host '${host}'`,
    'it is written ADDRESS/PREFIX, as in 192.168.0.101/24 or 2001:db8::1/64',
  );
}

function hexByte(value: number): string {
  return value.toString(16).padStart(2, '0');
}

function wrong(what: string, why: string): CommandFailure {
  return new CommandFailure({ kind: 'usage', what, why });
}
