// Which fault explains which outage: a round's outages belong to the faults of that round; one that no fault of the round
// may cause is unexplained, unless the machine under the hosts had no time for them.
import type { ProbeReport } from '../lab/index.ts';

export type Round = {
  readonly faults: readonly { readonly kind: string; readonly target: string }[];
  /** Who held the address when it began. */
  readonly holder: string;
  /** Its faults may take the address from the client. */
  readonly mayDisturb: boolean;
  /** For so long two hosts may answer for the address in it. */
  readonly overlapMsMax: number;
  /** How long the ring of a host stood still in it, at most; 0: none did. */
  readonly stalledMs: number;
  /** Hosts that were fenced, each as often as it was. */
  readonly fenced: readonly string[];
  /** Hosts that were fenced though no fault of the round had struck them. */
  readonly fencedUnstruck: readonly string[];
  readonly fromMs: number;
  /** The last of its faults was over. */
  readonly mendedMs: number;
  readonly toMs: number;
  readonly cleanAfterMs: number;
};

export type Interval = { readonly fromMs: number; readonly durationMs: number };

export type JudgedRound = Round & {
  readonly outages: readonly Interval[];
  readonly doubles: readonly Interval[];
};

export type Verdict = {
  readonly rounds: readonly JudgedRound[];
  /**
   * Outages that no fault of their round explains, for which the machine had no time: hosts stood still, or the kernel
   * answered for the address (ARP) all the while and only the program that the client asks did not.
   */
  readonly stalled: readonly Interval[];
  /** Outages of rounds that explain none, those that went on long after them, and those between rounds. */
  readonly unexplained: readonly Interval[];
  /** Times that two hosts answered for longer than their round allows, and those between rounds. */
  readonly overlong: readonly Interval[];
};

/** An outage that goes on for longer after the faults of its round is not theirs any more; machines may be busy. */
export const explainedForMs = 30_000;

/** A client that loses the processor for so long sees an outage of its own. */
export const noticeMs = 20;

/** An ARP question is asked each 20 ms: a single double answer lasted at least a moment. */
const arpStepMs = 20;

/**
 * Whether faults may take the address from a client: one that does so wherever it strikes, one that strikes the holder, or
 * two of them elsewhere, which may leave the holder without quorum, or strike where the first has sent the address.
 */
export function mayDisturb(
  faults: readonly { readonly disturbs: 'holder' | 'anyone' | 'nobody'; readonly target: string }[],
  holder: string,
): boolean {
  const disturbing = faults.filter(({ disturbs }) => disturbs !== 'nobody');
  return disturbing.length > 1 || disturbing.some(({ disturbs, target }) => disturbs === 'anyone' || target === holder);
}

/** A request that was under way when a fault struck is missed from when it was sent. */
const underWayMs = 20;

export function judge(rounds: readonly Round[], report: ProbeReport): Verdict {
  const begunMs = rounds[0]?.fromMs ?? 0;
  const outages = report.outages.filter(({ fromMs, durationMs }) => durationMs >= noticeMs && fromMs >= begunMs);
  // Each host has a hardware address of its own here: two answers of one host are one owner.
  const twoHosts = (report.arp?.doubles ?? []).filter(({ by }) => by.length > 1);
  const doubles = twoHosts.map(({ fromMs, toMs, requests }) => ({
    fromMs,
    durationMs: Math.max(toMs - fromMs, (requests > 0 ? 1 : 0) * arpStepMs),
  }));
  const within = ({ fromMs, toMs }: Round, all: readonly Interval[]) =>
    all.filter((each) => each.fromMs + underWayMs >= fromMs && each.fromMs < toMs);
  const judged = rounds.map((round) => ({
    ...round,
    outages: within(round, outages),
    doubles: within(round, doubles),
  }));
  const explained = new Set(judged.flatMap(explainedIn));
  const arpOutages = report.arp?.outages;
  const isStarved = (outage: Interval) => arpOutages?.some((other) => overlap(other, outage)) === false;
  const stalled = new Set(
    judged.flatMap((round) => shortEnoughIn(round).filter((outage) => round.stalledMs > 0 || isStarved(outage))),
  );
  const borne = new Set(
    judged.flatMap((round) => round.doubles.filter(({ durationMs }) => durationMs <= round.overlapMsMax)),
  );
  return {
    rounds: judged,
    stalled: outages.filter((outage) => !explained.has(outage) && stalled.has(outage)),
    unexplained: outages.filter((outage) => !explained.has(outage) && !stalled.has(outage)),
    overlong: doubles.filter((double) => !borne.has(double)),
  };
}

function explainedIn(round: JudgedRound): readonly Interval[] {
  return round.mayDisturb ? shortEnoughIn(round) : [];
}

function shortEnoughIn({ mendedMs, outages }: JudgedRound): readonly Interval[] {
  return outages.filter(({ fromMs, durationMs }) => fromMs + durationMs <= mendedMs + explainedForMs);
}

function overlap(one: Interval, other: Interval): boolean {
  return one.fromMs < other.fromMs + other.durationMs && other.fromMs < one.fromMs + one.durationMs;
}
