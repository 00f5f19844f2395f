// Which fault explains which outage: a round's outages belong to the faults of that round; one that no fault of the round
// may cause is unexplained.
import type { ProbeReport } from '../lab/index.ts';

export type Round = {
  readonly faults: readonly { readonly kind: string; readonly target: string }[];
  /** Who held the address when it began. */
  readonly holder: string;
  /** Some fault of it may take the address from the client. */
  readonly mayDisturb: boolean;
  /** For so long two hosts may answer for the address in it. */
  readonly overlapMsMax: number;
  readonly fromMs: number;
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
  /** Outages of rounds whose faults explain none, and those between rounds. */
  readonly unexplained: readonly Interval[];
  /** Times that two hosts answered for longer than their round allows, and those between rounds. */
  readonly overlong: readonly Interval[];
};

/** A client that loses the processor for so long sees an outage of its own. */
export const noticeMs = 20;

/** An ARP question is asked each 20 ms: a single double answer lasted at least a moment. */
const arpStepMs = 20;

export function judge(rounds: readonly Round[], report: ProbeReport): Verdict {
  const outages = report.outages.filter(({ durationMs }) => durationMs >= noticeMs);
  // Each host has a hardware address of its own here: two answers of one host are one owner.
  const twoHosts = (report.arp?.doubles ?? []).filter(({ by }) => by.length > 1);
  const doubles = twoHosts.map(({ fromMs, toMs, requests }) => ({
    fromMs,
    durationMs: Math.max(toMs - fromMs, (requests > 0 ? 1 : 0) * arpStepMs),
  }));
  const within = ({ fromMs, toMs }: Round, all: readonly Interval[]) =>
    all.filter((each) => each.fromMs >= fromMs && each.fromMs < toMs);
  const judged = rounds.map((round) => ({
    ...round,
    outages: within(round, outages),
    doubles: within(round, doubles),
  }));
  const explained = new Set(judged.flatMap((round) => (round.mayDisturb ? round.outages : [])));
  const borne = new Set(
    judged.flatMap((round) => round.doubles.filter(({ durationMs }) => durationMs <= round.overlapMsMax)),
  );
  return {
    rounds: judged,
    unexplained: outages.filter((outage) => !explained.has(outage)),
    overlong: doubles.filter((double) => !borne.has(double)),
  };
}
