// This machine, as a corosync.conf is read against it.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { familyOf } from '../../linux/index.ts';
import type { Machine } from '../corosync-conf/index.ts';

/** Reads only local files: nothing on the start path may wait for a name server. */
export function thisMachine(): Machine {
  const addresses = Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).map(({ address, cidr }) => ({ address, prefixLength: Number(cidr?.split('/')[1] ?? 32) })),
  );
  const hosts = hostsFile();
  return {
    hostName: hostname(),
    addresses,
    keyFileBytes: keyBytesOrReason,
    directoryFault,
    resolve: (name, families) => {
      const known = hosts.get(name) ?? [oldIpv4Notation(name) ?? name];
      return families.flatMap((family) => known.filter((address) => familyOf(address) === family))[0];
    },
    hasUser: (name) => listed('/etc/passwd', name),
    hasGroup: (name) => listed('/etc/group', name),
  };
}

function keyBytesOrReason(file: string): number | string {
  try {
    return statSync(file).size;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EACCES' ? 'Permission denied' : 'No such file or directory';
  }
}

function directoryFault(path: string): string | undefined {
  try {
    return statSync(path).isDirectory() ? undefined : 'Not a directory';
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EACCES' ? 'Permission denied' : 'No such file or directory';
  }
}

/**
 * The usual form of an IPv4 address that is written in one of its old ones (inet_aton(3)): fewer than four parts, of which
 * the last fills what is left; octal and hexadecimal parts.
 */
function oldIpv4Notation(text: string): string | undefined {
  const parts = text.split('.');
  if (parts.length > 4 || !parts.every((part) => /^(0x[\da-f]+|0[0-7]*|[1-9]\d*)$/i.test(part))) return undefined;
  const numbers = parts.map((part) => (/^0\d/.test(part) ? Number.parseInt(part, 8) : Number(part)));
  const last = numbers.pop() ?? 0;
  const room = 256 ** (4 - numbers.length);
  if (last >= room || numbers.some((number) => number > 255)) return undefined;
  const address = numbers.reduce((sum, number, index) => sum + number * 256 ** (3 - index), last);
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** Every address of a name, in the order of the file. */
function hostsFile(): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, readonly string[]>();
  if (!existsSync('/etc/hosts')) return names;
  for (const line of readFileSync('/etc/hosts', 'utf8').split('\n')) {
    const [address, ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (address === undefined) continue;
    for (const alias of aliases) names.set(alias, [...(names.get(alias) ?? []), address]);
  }
  return names;
}

function listed(file: string, name: string): boolean {
  return (
    existsSync(file) &&
    readFileSync(file, 'utf8')
      .split('\n')
      .some((line) => line.startsWith(`${name}:`))
  );
}
