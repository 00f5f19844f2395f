// What `haven ring status` shows, and the daemon's API after it.
import type { QuorumView } from '../../engine.ts';
import type { QuorumState } from '../../quorum/model.ts';
import type { RingPhase } from '../../totem/index.ts';
import type { NetworkCounters } from './network.ts';

export type LinkStatus = {
  readonly number: number;
  readonly address: string;
  readonly port: number;
  readonly group: string | undefined;
  readonly carrier: 'up' | 'down';
  /** Empty with one link: then the ring's own timers judge. */
  readonly peers: readonly { readonly nodeId: number; readonly state: 'up' | 'down' }[];
};

export type KeyStatus = {
  readonly sendsWith: number;
  readonly hears: readonly number[];
  /** What each node heard since the start spoke under last; those that have gone included. */
  readonly peers: readonly { readonly nodeId: number; readonly keyId: number }[];
};

export type RingCounters = {
  tokens: number;
  ringChanges: number;
  delivered: number;
  multicasts: number;
  retransmitRequests: number;
  /** Messages of an old ring that we repeated on the new one, for members that had missed them. */
  suppliedInRecovery: number;
};

export type RingStatus = {
  readonly clusterName: string;
  readonly nodeId: number;
  readonly phase: RingPhase;
  readonly ringId: string;
  readonly synchronised: boolean;
  readonly members: readonly {
    readonly nodeId: number;
    readonly name: string | undefined;
    /** On the first link; undefined: not known there. */
    readonly address: string | undefined;
    readonly votes: number | undefined;
  }[];
  /** The node list. */
  readonly expected: readonly { readonly nodeId: number; readonly name: string | undefined }[];
  readonly quorum: QuorumView;
  /** As corosync-quorumtool prints them: `2Node`, `Quorate`, `WaitForAll`… */
  readonly quorumFlags: readonly string[];
  /** After this long without a token a member is missed. */
  readonly tokenMs: number;
  readonly links: readonly LinkStatus[];
  readonly security: 'plain' | 'sealed';
  readonly keys: KeyStatus | undefined;
  readonly counters: Readonly<RingCounters>;
  readonly network: Readonly<NetworkCounters>;
  readonly refused: Readonly<Record<string, number>>;
};

/** The flags that corosync-quorumtool prints, in its order. */
export function quorumFlagsOf(quorum: QuorumState | undefined): string[] {
  if (quorum === undefined) return [];
  const { config } = quorum;
  const flags: readonly (readonly [string, boolean])[] = [
    ['2Node', config.twoNode],
    ['Quorate', quorum.quorate],
    ['WaitForAll', config.waitForAll],
    ['LastManStanding', quorum.lastManStanding],
    ['AutoTieBreaker', config.autoTieBreaker !== undefined],
    ['AllowDownscale', config.allowDownscale],
    ['Qdevice', quorum.device.registered],
  ];
  return flags.flatMap(([name, set]) => (set ? [name] : []));
}
