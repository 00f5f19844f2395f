// What one member of a ring runs by: plain data, the same for the thread that asks and the thread that runs it.
import type { LinkMode, LinkTiming } from '../../links/index.ts';
import type { Expectation, QuorumConfig } from '../../quorum/model.ts';
import type { RingProfile } from '../../ring-profile.ts';

/** One of the ways on which this node speaks, in the order of their numbers. */
export type RingLink = {
  readonly number: number;
  /** Our own address on it. */
  readonly address: string;
  readonly port: number;
  /** `udp`: the group that everyone listens to. */
  readonly group?: { readonly address: string; readonly ttl: number };
};

export type RingPeer = {
  readonly nodeId: number;
  readonly name?: string;
  /** One for each of our links, in the same order. */
  readonly addresses: readonly (string | undefined)[];
};

export type Keyring = {
  /** Whole key files by key id, 0 to 255: what is heard. */
  readonly keys: ReadonlyMap<number, Uint8Array>;
  /** What is sent with. */
  readonly activeKeyId: number;
};

export type RingSecurity =
  /** As Corosync without a cipher: whoever has a listed address is believed. */
  | { readonly kind: 'plain' }
  /** `authkeyFile`: where other keys are kept for the next start; undefined: nowhere. */
  | (Keyring & { readonly kind: 'sealed'; readonly authkeyFile?: string });

export type RingSettings = {
  readonly clusterName: string;
  readonly nodeId: number;
  /** Ourselves included. Empty: members are whoever is heard (a multicast ring of Corosync 1 or 2). */
  readonly peers: readonly RingPeer[];
  readonly links: readonly RingLink[];
  readonly linkMode: LinkMode;
  readonly linkTiming: LinkTiming;
  readonly ring: RingProfile;
  readonly security: RingSecurity;
  readonly quorum: QuorumConfig | undefined;
  readonly configVersion: number | undefined;
  /** Where the ring number is kept over restarts. */
  readonly stateDirectory: string;
  /** SCHED_RR priority of the ring's thread, 1 to 99; undefined: ordinary scheduling. */
  readonly realTimePriority: number | undefined;
};

/** What changes when a node joins or leaves the cluster. */
export type RingNodeList = { readonly peers: readonly RingPeer[]; readonly expectation: Expectation };

export const havenStateDirectory = '/var/lib/haven';
/** Above every ordinary thread, below the kernel's own real-time threads (50). */
export const ringPriority = 25;
