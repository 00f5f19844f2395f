// The state of a lab as the kernel has it now: who is up, which ports are cut, which addresses are where.

import type { InterfacePlan } from './plan.ts';
import { runOrFail } from './processes.ts';
import { type HostRecord, initMarker, isInit, type LabRecord, readHosts } from './state.ts';
import { bridgePort, type PortState, readPortStates } from './switch.ts';

export type InterfaceStatus = {
  readonly name: string;
  readonly link: number;
  readonly mac: string;
  /** All it has now, virtual ones included, link-local ones not; `ADDRESS/PREFIX`. Empty while the host is off. */
  readonly addresses: readonly string[];
  readonly port: string;
  /** Undefined while the host is off. */
  readonly wire: PortState | undefined;
  /** Whether a forwarder delays, loses or doubles its frames. */
  readonly impaired: boolean;
};

export type HostStatus = {
  readonly name: string;
  readonly state: 'up' | 'off' | 'paused' | 'frozen';
  readonly pid: number | undefined;
  readonly interfaces: readonly InterfaceStatus[];
};

export type LabStatus = {
  readonly name: string;
  readonly pid: number;
  readonly links: number;
  readonly bridges: readonly string[];
  readonly hosts: readonly HostStatus[];
};

export async function readStatus(lab: LabRecord & { readonly pid: number }): Promise<LabStatus> {
  const records = readHosts(lab.name);
  const isUp = ({ pid, plan }: HostRecord) => isInit(pid, initMarker(lab.name, plan.name));
  const json = await runOrFail(`read the switches of lab '${lab.name}'`, [...ipOf(lab.pid), '-details', 'link']);
  const ports = readPortStates(json);
  const addresses = await Promise.all(
    records.map((record) => (isUp(record) ? addressesOf(record.pid ?? 0) : new Map<string, string[]>())),
  );
  const bridges = [...ports]
    .filter(([name, { bridge }]) => bridge === undefined && /^link\d/.test(name))
    .map(([name]) => name);
  const hosts = records.map((record, index) =>
    hostStatus(record, { up: isUp(record), ports, addresses: addresses[index] ?? new Map() }),
  );
  return { name: lab.name, pid: lab.pid, links: lab.links, bridges, hosts };
}

type Seen = {
  readonly up: boolean;
  readonly ports: ReadonlyMap<string, PortState>;
  readonly addresses: ReadonlyMap<string, string[]>;
};

function hostStatus({ plan, pid, stopped, impaired }: HostRecord, seen: Seen): HostStatus {
  return {
    name: plan.name,
    state: seen.up ? (stopped ?? 'up') : 'off',
    pid: seen.up ? pid : undefined,
    interfaces: plan.interfaces.map((one) => ({
      name: one.name,
      link: one.link,
      mac: one.mac,
      addresses: seen.addresses.get(one.name) ?? [],
      port: one.port,
      wire: seen.up ? wireOf(one, impaired ?? [], seen.ports) : undefined,
      impaired: impaired?.includes(one.port) === true,
    })),
  };
}

/** The carrier is that of the cable, all else that of what stands for it in the bridge. */
function wireOf(
  one: InterfacePlan,
  impaired: readonly string[],
  ports: ReadonlyMap<string, PortState>,
): PortState | undefined {
  const cable = ports.get(one.port);
  const plugged = ports.get(bridgePort(one, impaired));
  return cable === undefined || plugged === undefined ? undefined : { ...plugged, carrier: cable.carrier };
}

async function addressesOf(pid: number): Promise<Map<string, string[]>> {
  const json = await runOrFail('read the addresses of a host', [...ipOf(pid), 'addr']);
  const links = JSON.parse(json) as readonly {
    readonly ifname: string;
    readonly addr_info: readonly { readonly local: string; readonly prefixlen: number; readonly scope: string }[];
  }[];
  return new Map(
    links.map(({ ifname, addr_info }) => [
      ifname,
      addr_info.filter(({ scope }) => scope !== 'link').map(({ local, prefixlen }) => `${local}/${prefixlen}`),
    ]),
  );
}

function ipOf(pid: number): string[] {
  return ['nsenter', '-t', String(pid), '-n', 'ip', '-json'];
}
