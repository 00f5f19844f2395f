// One simulated node, and what can happen to it.
import type { createMember, Member } from '../../membership/index.ts';
import type { Fault, KeyStep } from './schedule.ts';
import type { KeyStage, Station } from './station.ts';

export type Happening =
  | { readonly kind: 'arrive'; readonly to: number; readonly received: Received }
  | { readonly kind: 'wake'; readonly node: number; readonly life: number }
  | { readonly kind: 'persisted'; readonly node: number; readonly life: number; readonly ringSeq: number }
  | { readonly kind: 'talk'; readonly node: number }
  | { readonly kind: 'fault-begins' | 'fault-ends'; readonly fault: Fault }
  | { readonly kind: 'flood'; readonly fault: Extract<Fault, { kind: 'flood' }> }
  | ({ readonly kind: 'key-step' } & KeyStep)
  | { readonly kind: 'look' };

/** A datagram as it comes off the wire. */
export type Received = {
  readonly from: number;
  readonly link: number;
  readonly datagram: Uint8Array;
  readonly origin: 'member' | 'attacker';
};

/** A node: what its process knows, and what outlives it. */
export type Node = {
  readonly nodeId: number;
  readonly clockRate: number;
  life: number;
  member: Member | undefined;
  station: Station | undefined;
  /** Survives the process: the keys are files. */
  keyStage: KeyStage;
  /** By link: the faults that keep its carrier down. */
  readonly carriersLost: number[];
  wakeAtMs: number;
  /** While above zero the process gets no processor; what arrives waits in its socket. */
  pauses: number;
  /** Crashes and leaves that keep it down. */
  downs: number;
  socket: Received[];
  storedRingSeq: number;
  /** Asked of the disk, not confirmed. */
  unsynced: number;
  crashNotice: Uint8Array | undefined;
  /** The crash notice, sealed under the key of the moment. */
  farewell: Uint8Array | undefined;
  said: number;
  /** Of the last configuration told, in the order of what is told. */
  ring: string;
};

export function stackConfig(nodeId: number, nodeCount: number): Parameters<typeof createMember>[0]['stack'] {
  const quorum = {
    nodeId,
    votes: 1,
    expectedVotes: nodeCount,
    twoNode: false,
    waitForAll: false,
    lastManStandingWindowMs: undefined,
    autoTieBreaker: undefined,
    allowDownscale: false,
    expectedVotesTracking: false,
    device: undefined,
  };
  return { nodeId, quorum, storedVotes: 0, configVersion: undefined };
}

export function restingNode(nodeId: number, clockRate: number, linkCount: number): Node {
  return {
    nodeId,
    clockRate,
    life: 0,
    member: undefined,
    station: undefined,
    keyStage: 0,
    carriersLost: Array.from({ length: linkCount }, () => 0),
    wakeAtMs: Infinity,
    pauses: 0,
    downs: 0,
    socket: [],
    storedRingSeq: 0,
    unsynced: 0,
    crashNotice: undefined,
    farewell: undefined,
    said: 0,
    ring: '',
  };
}
