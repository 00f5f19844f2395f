// The settings of a ring from what an administrator gives: a corosync.conf, or no more than a name, addresses and a key.
import { CommandFailure, defined } from '../../../kit/index.ts';
import { addressBytes, addressText, familyOf, isMulticast } from '../../../linux/index.ts';
import type { CorosyncConfig } from '../../corosync-conf/index.ts';
import { havenLinkTiming } from '../../links/index.ts';
import { corosyncRing, havenRing, type RingProfile } from '../../ring-profile.ts';
import type { TotemTiming } from '../../totem/index.ts';
import { thisMachine } from '../this-machine.ts';
import {
  havenStateDirectory,
  type RingLink,
  type RingNodeList,
  type RingPeer,
  type RingSecurity,
  type RingSettings,
  ringPriority,
} from './settings.ts';

/** `nodeId`: the same on every node; its place in the list, from 1, when left out. */
export type DescribedNode = {
  readonly name: string;
  readonly nodeId?: number;
  readonly addresses: readonly string[];
};

/** A cluster of Haven's own: everybody in it, by name, with an address on each link. */
export type RingDescription = {
  readonly clusterName: string;
  readonly nodes: readonly DescribedNode[];
  readonly port?: number;
  readonly security: RingSecurity;
  readonly stateDirectory?: string;
  /** The same on every node; Haven's own when left out. */
  readonly timing?: TotemTiming;
};

const corosyncStateDirectory = '/var/lib/corosync';
const portDefault = 5405;
const etherMtu = 1500;

/** @throws CommandFailure `config`: no node of the list is this machine. */
export function ringOfDescription(description: RingDescription): RingSettings {
  const { clusterName, nodes, security } = description;
  const here = new Set(thisMachine().addresses.map(({ address }) => address));
  const own = nodes.findIndex(({ addresses }) => addresses[0] !== undefined && here.has(addresses[0]));
  if (own < 0) {
    throw new CommandFailure({
      kind: 'config',
      what: `none of the cluster's nodes is this machine: ${nodes.map(({ name }) => name).join(', ')}`,
      why: `its first address would have to be one of ${[...here].join(', ')}`,
      fix: 'Correct the addresses of the nodes, or configure the address on an interface',
    });
  }
  const port = description.port ?? portDefault;
  const local = defined(nodes[own], 'it was found');
  const { peers, expectation } = nodeListOf(nodes);
  const nodeId = local.nodeId ?? own + 1;
  return {
    ...common(security),
    clusterName,
    nodeId,
    peers,
    links: local.addresses.map((address, number) => ({ number, address, port: port + number })),
    linkMode: 'active',
    ring: havenRing(nodeId, description.timing),
    quorum: {
      nodeId,
      votes: 1,
      ...expectation,
      lastManStandingWindowMs: undefined,
      autoTieBreaker: undefined,
      allowDownscale: false,
      expectedVotesTracking: false,
      device: undefined,
    },
    configVersion: undefined,
    stateDirectory: description.stateDirectory ?? havenStateDirectory,
  };
}

/** The part of a ring's settings that follows the nodes: two of them get along with one vote once both have met. */
export function nodeListOf(nodes: readonly DescribedNode[]): RingNodeList {
  const pair = nodes.length === 2;
  return {
    peers: nodes.map(({ name, nodeId, addresses }, index) => ({ nodeId: nodeId ?? index + 1, name, addresses })),
    expectation: { expectedVotes: nodes.length, twoNode: pair, waitForAll: pair },
  };
}

/**
 * A ring of Corosync as its file describes it. Transport knet is Corosync's own; for a file that asks for it Haven runs
 * its own links, so that all nodes of such a cluster have to be Haven's.
 */
export function ringOfCorosyncConf(config: CorosyncConfig, security: RingSecurity): RingSettings {
  const links = config.links.flatMap((link): RingLink[] => {
    const address = config.local.addresses.get(link.linkNumber);
    if (address === undefined) return [];
    const own = { number: link.linkNumber, address: resolved(address, config.families), port: link.port };
    if (config.transport !== 'udp') return [own];
    return [{ ...own, group: { address: groupOf(link, own.address, config.clusterName), ttl: link.ttl } }];
  });
  const peers = config.nodes.map(
    (node): RingPeer => ({
      nodeId: node.nodeId,
      ...(node.name === undefined ? {} : { name: node.name }),
      addresses: links.map(({ number }) => {
        const address = node.addresses.get(number);
        return address === undefined ? undefined : resolved(address, config.families);
      }),
    }),
  );
  return {
    ...common(security),
    clusterName: config.clusterName ?? '',
    nodeId: config.local.nodeId,
    peers,
    links,
    linkMode: config.linkMode,
    ring: profileOf(config, security),
    quorum: config.quorum,
    configVersion: config.configVersion,
    stateDirectory: corosyncStateDirectory,
  };
}

function profileOf({ local, timing, netMtu }: CorosyncConfig, security: RingSecurity): RingProfile {
  const sealed = havenRing(local.nodeId);
  const plain = corosyncRing(local.nodeId, timing);
  const beyondEthernet = netMtu - etherMtu;
  const base = security.kind === 'sealed' ? { ...sealed, timing } : plain;
  return { ...base, netMtu: base.netMtu + beyondEthernet };
}

function common(security: RingSecurity) {
  return { security, linkTiming: havenLinkTiming, realTimePriority: ringPriority } as const;
}

/** As the kernel writes addresses: peers are known by them. */
function resolved(text: string, families: CorosyncConfig['families']): string {
  const address = familyOf(text) === undefined ? thisMachine().resolve(text, families) : text;
  return address === undefined ? text : addressText(addressBytes(address));
}

/** corosync.conf(5): the group, or the limited broadcast, or what Corosync makes of the cluster's name. */
function groupOf(
  { broadcast, multicastAddress, linkNumber }: CorosyncConfig['links'][number],
  ownAddress: string,
  clusterName: string | undefined,
): string {
  const family = familyOf(ownAddress);
  // IPv6 has no broadcast; Corosync takes the group then.
  if (broadcast && family === 'ipv4') return '255.255.255.255';
  if (multicastAddress !== undefined && isMulticast(multicastAddress)) {
    return addressText(addressBytes(multicastAddress));
  }
  let id = 0;
  for (const byte of Buffer.from(clusterName ?? '')) id = (2 * id + byte) & 0xffff;
  id += linkNumber;
  return family === 'ipv6' ? `ff15::${id.toString(16)}` : `239.192.${id >>> 8}.${id % 255}`;
}
