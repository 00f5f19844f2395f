// The settings of a ring from what an administrator gives: a corosync.conf, or no more than a name, addresses and a key.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CommandFailure, defined } from '../../../kit/index.ts';
import { isMulticast } from '../../../linux/index.ts';
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
const keyBytesMin = 128;
const keyBytesMax = 4096;
const authkeyFiles = ['/etc/haven/authkey', '/etc/corosync/authkey'] as const;

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
    const own = { number: link.linkNumber, address: resolved(address), port: link.port };
    if (config.transport !== 'udp') return [own];
    return [{ ...own, group: { address: groupOf(link, config.clusterName), ttl: link.ttl } }];
  });
  const peers = config.nodes.map(
    (node): RingPeer => ({
      nodeId: node.nodeId,
      ...(node.name === undefined ? {} : { name: node.name }),
      addresses: links.map(({ number }) => {
        const address = node.addresses.get(number);
        return address === undefined ? undefined : resolved(address);
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

/**
 * The cluster's authkey.
 * @throws CommandFailure `not-found`, `permission` or `config`, with what to do.
 */
export function sealedBy(file?: string): RingSecurity {
  const candidates = file === undefined ? authkeyFiles : [file];
  for (const candidate of candidates) {
    const key = readKey(candidate);
    if (key !== undefined) return { kind: 'sealed', keys: new Map([[keyIdOf(key), key]]), activeKeyId: keyIdOf(key) };
  }
  throw new CommandFailure({
    kind: 'not-found',
    what: `there is no authkey: neither ${candidates.join(' nor ')}`.replace(
      'neither ',
      candidates.length > 1 ? 'neither ' : '',
    ),
    why: 'every datagram of the ring is sealed with it',
    fix: "Make one with 'haven ring keygen' on one node and copy it to the others",
  });
}

/** A file may hold the old and the new key while keys are rolled; each is known by a digest of itself. */
export function keyIdOf(key: Uint8Array): number {
  return defined(createHash('sha256').update('haven key id').update(key).digest()[0], 'a digest has 32 bytes');
}

/** @throws CommandFailure `not-found`, `permission` or `config`, with what to do. */
export function readAuthkey(file: string): { readonly keyId: number; readonly key: Uint8Array } {
  const key = readKey(file);
  if (key !== undefined) return { keyId: keyIdOf(key), key };
  throw new CommandFailure({
    kind: 'not-found',
    what: `there is no authkey ${file}`,
    fix: `Make one with 'haven ring keygen -k ${file}' on one node and copy it to the others`,
  });
}

function readKey(file: string): Uint8Array | undefined {
  let key: Buffer;
  try {
    key = readFileSync(file);
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new CommandFailure({
      kind: code === 'EACCES' ? 'permission' : 'failed',
      what: `cannot read the authkey ${file}`,
      why: message,
      fix: 'Run it as root',
    });
  }
  if (key.length >= keyBytesMin && key.length <= keyBytesMax) return Uint8Array.from(key);
  throw new CommandFailure({
    kind: 'config',
    what: `the authkey ${file} has ${key.length} bytes`,
    why: `a key has ${keyBytesMin} to ${keyBytesMax}`,
    fix: "Make one with 'haven ring keygen', and copy it to every node",
  });
}

function common(security: RingSecurity) {
  return { security, linkTiming: havenLinkTiming, realTimePriority: ringPriority } as const;
}

function resolved(address: string): string {
  return thisMachine().resolve(address) ?? address;
}

/** corosync.conf(5): the group, or the limited broadcast, or what Corosync makes of the cluster's name. */
function groupOf(link: CorosyncConfig['links'][number], clusterName: string | undefined): string {
  if (link.broadcast) return '255.255.255.255';
  if (link.multicastAddress !== undefined && isMulticast(link.multicastAddress)) return link.multicastAddress;
  let id = 0;
  for (const byte of Buffer.from(clusterName ?? '')) id = (2 * id + byte) & 0xffff;
  id += link.linkNumber;
  return `239.192.${id >>> 8}.${id % 255}`;
}
