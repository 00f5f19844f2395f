// The quorum lease: until when a member may hold what only one may hold, and from when the others may take it over.
//
// A token that comes round proves that every member of the ring held it since it was here before: the majority stood at the
// moment of the visit before, however long the token was on its way. A member's lease runs from such a moment. Whoever is
// in the majority held that token, too, at that moment or later: if it counts the same time from the last token that it
// shared with a member which is lost, that member's lease is over. (The rule of leases that count from the request, not
// from the answer: Gray & Cheriton 1989. Nothing but the rates of the two clocks is assumed.)
import type { Member } from './member.ts';
import { beforeFirst, type Ring, type RingId, sameRing, type TotemTiming } from './totem/index.ts';

export type LeaseTiming = Pick<TotemTiming, 'tokenMs' | 'consensusMs' | 'holdMs'>;

/** Rotations of an idle ring that may pass before a loss begins to be noticed: one to prove the other. */
const rotationsLost = 2;
/** Agreeing and recovering after the timeouts, as a part of them. */
const reformShare = 0.12;
/** What a guardian takes to see that a lease is over, and to take the addresses off. */
const enforcementMs = 30;

/**
 * How long a proof counts, in ms. As long as those who stay need to notice a loss and to stand on a new ring: they keep
 * their leases.
 */
export function leaseMsOf(timing: LeaseTiming): number {
  const noticeMs = timing.tokenMs + timing.consensusMs;
  return Math.ceil(noticeMs * (1 + reformShare) + rotationsLost * timing.holdMs);
}

export type LeaseNote = {
  readonly token: 'new' | 'none';
  /** The majority stood at this moment: the lease runs from here. */
  readonly provenAtMs: number | undefined;
  /** The lease of the proof before, at this moment, had been over, and runs again; undefined: it was not over. */
  readonly resumedAfterMs: number | undefined;
};

const noProof = { provenAtMs: undefined, resumedAfterMs: undefined };

type Installed = { readonly members: readonly number[]; readonly goodbyes: readonly number[] };

export type LeaseOutlook = {
  /**
   * From when on these members may take over what others held: at once (0), or when the leases of all are over who were
   * here and went without a goodbye.
   */
  readonly takeOverAtMs: number;
  /** This member's own lease was over since the last configuration: others may have taken over what it held. */
  readonly lapsed: boolean;
};

/** What a member remembers of tokens, in one clock of the caller's, to tell how long leases last. */
export class LeaseWatch {
  #leaseMs: number;
  #ringId: RingId | undefined;
  #tokenSeq = 0;
  /** Of the last token of this ring; undefined before its first. */
  #tokenAtMs: number | undefined;
  #companions: readonly number[] = [];
  #provenAtMs: number | undefined;
  /** The lease was over at some time since the last configuration. */
  #lapsed = false;
  /** When a token was last shared with a node, of rings that are over. */
  readonly #sharedAtMs = new Map<number, number>();

  constructor(timing: LeaseTiming) {
    this.#leaseMs = leaseMsOf(timing);
  }

  setTiming(timing: LeaseTiming): void {
    this.#leaseMs = leaseMsOf(timing);
  }

  /** To be called after every datagram. */
  note(member: Member, nowMs: number): LeaseNote {
    const { ring } = member;
    const turning = ring.phase === 'operational' || ring.phase === 'recovery';
    if (!turning || ring.lastTokenSeq === beforeFirst) return { token: 'none', ...noProof };
    if (this.#ringId === undefined || !sameRing(this.#ringId, ring.ringId)) this.#begin(ring);
    else if (ring.lastTokenSeq === this.#tokenSeq) return { token: 'none', ...noProof };
    const visitBeforeMs = this.#tokenAtMs;
    this.#tokenSeq = ring.lastTokenSeq;
    this.#tokenAtMs = nowMs;
    const proves = ring.phase === 'operational' && visitBeforeMs !== undefined && hasQuorum(member);
    if (!proves) return { token: 'new', ...noProof };
    const resumedAfterMs = this.#isOver(nowMs) ? this.#provenAtMs : undefined;
    this.#lapsed ||= resumedAfterMs !== undefined;
    this.#provenAtMs = visitBeforeMs;
    return { token: 'new', provenAtMs: visitBeforeMs, resumedAfterMs };
  }

  /** To be called with every regular configuration. */
  installed({ members, goodbyes }: Installed, nowMs: number): LeaseOutlook {
    this.#shared();
    for (const nodeId of goodbyes) this.#sharedAtMs.delete(nodeId);
    const lost = [...this.#sharedAtMs].filter(([nodeId]) => !members.includes(nodeId)).map(([, atMs]) => atMs);
    const lapsed = this.#lapsed || this.#isOver(nowMs);
    this.#lapsed = false;
    return { takeOverAtMs: lost.length === 0 ? 0 : Math.max(...lost) + this.#leaseMs + enforcementMs, lapsed };
  }

  #isOver(nowMs: number): boolean {
    return this.#provenAtMs !== undefined && nowMs > this.#provenAtMs + this.#leaseMs;
  }

  #begin({ ringId, newMembers }: Ring): void {
    this.#shared();
    this.#ringId = ringId;
    this.#tokenAtMs = undefined;
    this.#companions = [...newMembers];
  }

  #shared(): void {
    const tokenAtMs = this.#tokenAtMs;
    if (tokenAtMs !== undefined) for (const nodeId of this.#companions) this.#sharedAtMs.set(nodeId, tokenAtMs);
  }
}

function hasQuorum({ ring, stack: { quorum } }: Member): boolean {
  if (quorum === undefined) return true;
  if (quorum.waitingForAll) return false;
  let votes = 0;
  for (const nodeId of ring.members) votes += quorum.nodes.get(nodeId)?.votes ?? 1;
  return votes >= quorum.quorum;
}
