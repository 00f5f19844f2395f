// The switches: bridges in the lab's own network namespace, a port for each interface of each host. Everything here is
// lines for `ip -batch`, so that a whole lab is plugged by one process, and the reading of what `ip` then shows.
//
// Cuts use port flags of the bridge (bridge(8)): `flood off` with nothing learned keeps frames from reaching the port's
// host, `locked` (made for 802.1X) drops what the host sends. The carrier stays, and each direction can be cut alone.
import { isIPv6 } from 'node:net';
import { type HostPlan, type InterfacePlan, linkLocalAddress } from './plan.ts';

/** Which frames a silent cut drops, seen from the host: `in` = it hears nothing, `out` = nobody hears it. */
export type CutDirection = 'in' | 'out' | 'both';

export type PortState = {
  readonly carrier: 'up' | 'down';
  readonly dropped: 'none' | CutDirection;
  /** The bridge it is plugged into: `linkN`, `linkN.partM` while the link is partitioned, or undefined: unplugged. */
  readonly bridge: string | undefined;
};

export function bridgeName(link: number): string {
  return `link${link}`;
}

export function partName(link: number, part: number): string {
  return `${bridgeName(link)}.part${part}`;
}

/** mcast_snooping would hold back multicast of protocols that do not join by IGMP; a forward delay would hold back all. */
export function bridgeLines(name: string): string[] {
  return [`link add ${name} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`, `link set ${name} up`];
}

/** In the switch: a cable for each interface, its other end already inside the host whose init is `pid`. */
export function plugLines(host: HostPlan, pid: number): string[] {
  return host.interfaces.flatMap((one) => [
    `link add ${one.port} type veth peer name ${one.name} address ${one.mac} netns ${pid}`,
    `link set ${one.port} master ${bridgeName(one.link)} up`,
  ]);
}

/** The detours too, and with them the forwarders; what is not there is no matter. */
export function unplugLines(host: HostPlan): string[] {
  return host.interfaces.flatMap((one) => [`link del ${one.port}`, `link del ${one.detour}`]);
}

/** What stands for the interface in the bridge. */
export function bridgePort(one: InterfacePlan, impaired: readonly string[] = []): string {
  return impaired.includes(one.port) ? one.detour : one.port;
}

/** Unplugs the cable's end and plugs a detour in its place; a forwarder joins the two. The host's carrier stays. */
export function detourLines(one: InterfacePlan): string[] {
  return [
    `link add ${one.detour} type veth peer name ${one.detour}f`,
    `link set ${one.detour}f up`,
    `link set ${one.port} nomaster`,
    `link set ${one.detour} master ${bridgeName(one.link)} up`,
  ];
}

export function straightLines(one: InterfacePlan): string[] {
  return [`link del ${one.detour}`, `link set ${one.port} master ${bridgeName(one.link)}`];
}

/**
 * Inside the host. The addresses given are usable at once (`nodad`, the link-local one included); duplicate address
 * detection stays as the kernel has it for whatever is added later.
 */
export function addressLines(host: HostPlan): string[] {
  return ['link set lo up', ...host.interfaces.flatMap(interfaceLines)];
}

function interfaceLines(one: InterfacePlan): string[] {
  return [
    `link set ${one.name} addrgenmode none`,
    // Without a card to cut them up, TCP's 64 kB frames would go over the cable as they are, as over no real one.
    `link set ${one.name} gso_max_segs 1`,
    `link set ${one.name} up`,
    ...one.addresses.map(
      (address) => `addr add ${address} dev ${one.name}${isIPv6(address.replace(/\/.*/, '')) ? ' nodad' : ''}`,
    ),
    `addr add ${linkLocalAddress(one.mac)}/64 dev ${one.name} scope link nodad`,
    `link set ${one.name} addrgenmode eui64`,
  ];
}

/** The second flush is for what was learned between the first and the flags. */
export function silenceLines(ports: readonly string[], direction: CutDirection): string[] {
  const deaf = direction === 'out' ? '' : ' flood off mcast_flood off bcast_flood off';
  const mute = direction === 'in' ? '' : ' locked on';
  return ports.flatMap((port) => [
    `link set dev ${port} type bridge_slave learning off${deaf}${mute} fdb_flush`,
    `link set dev ${port} type bridge_slave fdb_flush`,
  ]);
}

export function carrierLossLines(ports: readonly string[]): string[] {
  return ports.map((port) => `link set ${port} down`);
}

export function healLines(interfaces: readonly InterfacePlan[], impaired: readonly string[] = []): string[] {
  return interfaces.flatMap((one) => {
    const port = bridgePort(one, impaired);
    return [
      `link set ${port} master ${bridgeName(one.link)}`,
      `link set dev ${port} type bridge_slave learning on flood on mcast_flood on bcast_flood on locked off`,
      `link set ${one.port} up`,
    ];
  });
}

/** What `ip -json -details link` shows, by port. */
export function readPortStates(json: string): Map<string, PortState> {
  const states = new Map<string, PortState>();
  for (const link of JSON.parse(json) as readonly IpLink[]) {
    const flags = link.linkinfo?.info_slave_data;
    states.set(link.ifname, {
      carrier: link.flags.includes('UP') ? 'up' : 'down',
      dropped: flags === undefined ? 'none' : droppedDirection(flags),
      bridge: link.master,
    });
  }
  return states;
}

type IpLink = {
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly master?: string;
  readonly linkinfo?: { readonly info_slave_data?: SlaveFlags };
};

type SlaveFlags = { readonly flood?: boolean; readonly locked?: boolean };

function droppedDirection(flags: SlaveFlags): PortState['dropped'] {
  if (flags.flood === false) return flags.locked === true ? 'both' : 'in';
  return flags.locked === true ? 'out' : 'none';
}
