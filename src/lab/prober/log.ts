// What a client saw of an address: which requests were answered, by whom, and when nobody answered. Pure: told of each
// request and answer with its time, asked for the report at the end.
//
// An outage is a run of unanswered requests. It lasts from the sending of the first of them to the sending of the next
// request that was answered, so it is as exact as requests are dense, and the client's own delays in reading answers do
// not count: it is patient with a request for longer by as much as it was held up itself. While the client was not asking
// (its `blind` time) it claims nothing.

export type Outage = {
  readonly fromMs: number;
  /** Absent: still out when the probe ended. */
  readonly toMs?: number;
  readonly durationMs: number;
  readonly unanswered: number;
  /** Who answered last before it and first after it. */
  readonly before?: string;
  readonly after?: string;
};

/** A time in which one host answered every request that was answered. */
export type Holding = { readonly by: string; readonly fromMs: number; readonly toMs: number; readonly answers: number };

/** A time in which single requests had several answers. */
export type DoubleAnswer = {
  readonly fromMs: number;
  readonly toMs: number;
  readonly requests: number;
  readonly by: readonly string[];
};

/** All times in milliseconds of CLOCK_MONOTONIC. */
export type ProbeLogReport = {
  readonly requests: number;
  readonly answered: number;
  readonly outages: readonly Outage[];
  readonly holdings: readonly Holding[];
  readonly doubles: readonly DoubleAnswer[];
  /** Between one request and the next. */
  readonly gapMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** The sum of gaps of more than `blindAfterMs`: when nothing is known. */
  readonly blindMs: number;
};

export type ProbeEvent =
  | { readonly kind: 'holder'; readonly atMs: number; readonly by: string }
  | { readonly kind: 'outage-began'; readonly atMs: number }
  | { readonly kind: 'outage-ended'; readonly outage: Outage }
  | { readonly kind: 'double'; readonly atMs: number; readonly by: readonly string[] };

export type ProbeLogOptions = {
  /** A later answer is none. */
  readonly answerWithinMs: number;
  readonly blindAfterMs: number;
};

/** Second answers to a request are waited for so long; on a lab link they come within a millisecond. */
const secondAnswerMs = 20;
/** Entries kept of each kind; what would be more is counted in the entry before it. */
const entriesMax = 10_000;
const gapBucketsPerMs = 10;
const gapBucketsMax = 100 * gapBucketsPerMs;

/** `awayMs`: of the client until it was sent. */
type Request = { readonly sequence: number; readonly sentMs: number; readonly awayMs: number; answers: string[] };
type Open<T> = { -readonly [Key in keyof T]: T[Key] };

export class ProbeLog {
  readonly #options: ProbeLogOptions;
  /** In the order of sending; settled from the front. */
  readonly #pending = new Map<number, Request>();
  readonly #outages: Outage[] = [];
  readonly #holdings: Open<Holding>[] = [];
  readonly #doubles: Open<DoubleAnswer>[] = [];
  readonly #gaps = new Uint32Array(gapBucketsMax + 1);
  #down: { fromMs: number; unanswered: number; before: string | undefined } | undefined;
  #double: Open<DoubleAnswer> | undefined;
  #requests = 0;
  #answered = 0;
  #gapMaxMs = 0;
  #blindMs = 0;
  #lastSentMs: number | undefined;
  #lookedMs: number | undefined;
  /** For how long the client was held up, in all. */
  #awayMs = 0;

  constructor(options: ProbeLogOptions) {
    this.#options = options;
  }

  /** Whether there are requests that are not judged. */
  get isWaiting(): boolean {
    return this.#pending.size > 0;
  }

  asked(sequence: number, nowMs: number): void {
    this.#look(nowMs);
    this.#requests++;
    this.#pending.set(sequence, { sequence, sentMs: nowMs, awayMs: this.#awayMs, answers: [] });
    if (this.#lastSentMs !== undefined) this.#countGap(nowMs - this.#lastSentMs);
    this.#lastSentMs = nowMs;
  }

  answered(sequence: number, by: string, nowMs: number): void {
    this.#look(nowMs);
    const request = this.#pending.get(sequence);
    if (request === undefined || this.#waitedMs(request, nowMs) > this.#options.answerWithinMs) return;
    request.answers.push(by);
  }

  /** Judges every request whose time is over; answers what that shows. */
  settle(nowMs: number): ProbeEvent[] {
    this.#look(nowMs);
    const events: ProbeEvent[] = [];
    for (const request of this.#pending.values()) {
      const waitMs = request.answers.length > 0 ? secondAnswerMs : this.#options.answerWithinMs;
      if (this.#waitedMs(request, nowMs) <= Math.min(waitMs, this.#options.answerWithinMs)) break;
      this.#pending.delete(request.sequence);
      if (request.answers.length === 0) this.#judgeUnanswered(request, events);
      else this.#judgeAnswered(request, events);
    }
    return events;
  }

  report(): ProbeLogReport {
    const open: Outage[] = [];
    if (this.#down !== undefined) {
      const { fromMs, unanswered, before } = this.#down;
      open.push({
        fromMs,
        durationMs: (this.#lastSentMs ?? fromMs) - fromMs,
        unanswered,
        ...(before === undefined ? {} : { before }),
      });
    }
    return {
      requests: this.#requests,
      answered: this.#answered,
      outages: [...this.#outages, ...open],
      holdings: this.#holdings,
      doubles: this.#doubles,
      gapMs: { p50: this.#gapQuantile(0.5), p99: this.#gapQuantile(0.99), max: this.#gapMaxMs },
      blindMs: this.#blindMs,
    };
  }

  /** After an absence what came meanwhile is still to be read, and is read after timers are seen to: it is none of the wait. */
  #look(nowMs: number): void {
    this.#awayMs += Math.max(0, nowMs - (this.#lookedMs ?? nowMs) - this.#options.blindAfterMs);
    this.#lookedMs = nowMs;
  }

  #waitedMs({ sentMs, awayMs }: Request, nowMs: number): number {
    return nowMs - sentMs - (this.#awayMs - awayMs);
  }

  #judgeUnanswered(request: Request, events: ProbeEvent[]): void {
    this.#double = undefined;
    if (this.#down !== undefined) {
      this.#down.unanswered++;
      return;
    }
    this.#down = { fromMs: request.sentMs, unanswered: 1, before: this.#holdings.at(-1)?.by };
    events.push({ kind: 'outage-began', atMs: request.sentMs });
  }

  #judgeAnswered(request: Request, events: ProbeEvent[]): void {
    // While several answer, the holder is who was it before: which answer comes first is chance.
    const holder = this.#holdings.at(-1)?.by;
    const by = holder !== undefined && request.answers.includes(holder) ? holder : (request.answers[0] ?? '');
    this.#answered++;
    this.#endOutage(request.sentMs, by, events);
    this.#hold(request.sentMs, by, events);
    if (request.answers.length > 1) this.#judgeDouble(request, events);
    else this.#double = undefined;
  }

  #endOutage(atMs: number, after: string, events: ProbeEvent[]): void {
    if (this.#down === undefined) return;
    const { fromMs, unanswered, before } = this.#down;
    const outage = {
      fromMs,
      toMs: atMs,
      durationMs: atMs - fromMs,
      unanswered,
      after,
      ...(before === undefined ? {} : { before }),
    };
    this.#down = undefined;
    if (this.#outages.length < entriesMax) this.#outages.push(outage);
    events.push({ kind: 'outage-ended', outage });
  }

  #hold(atMs: number, by: string, events: ProbeEvent[]): void {
    const last = this.#holdings.at(-1);
    if (last !== undefined && (last.by === by || this.#holdings.length === entriesMax)) {
      last.toMs = atMs;
      last.answers++;
      return;
    }
    this.#holdings.push({ by, fromMs: atMs, toMs: atMs, answers: 1 });
    events.push({ kind: 'holder', atMs, by });
  }

  /** Also the same name twice is a double answer: two hosts may share a virtual hardware address. */
  #judgeDouble(request: Request, events: ProbeEvent[]): void {
    if (this.#double === undefined) {
      this.#double = { fromMs: request.sentMs, toMs: request.sentMs, requests: 0, by: [] };
      if (this.#doubles.length < entriesMax) this.#doubles.push(this.#double);
      events.push({ kind: 'double', atMs: request.sentMs, by: request.answers });
    }
    this.#double.toMs = request.sentMs;
    this.#double.requests++;
    this.#double.by = [...new Set([...this.#double.by, ...request.answers])].sort();
  }

  #countGap(gapMs: number): void {
    const bucket = Math.min(gapBucketsMax, Math.floor(gapMs * gapBucketsPerMs));
    this.#gaps[bucket] = (this.#gaps[bucket] ?? 0) + 1;
    this.#gapMaxMs = Math.max(this.#gapMaxMs, gapMs);
    if (gapMs > this.#options.blindAfterMs) this.#blindMs += gapMs;
  }

  #gapQuantile(fraction: number): number {
    const wanted = Math.ceil((this.#requests - 1) * fraction);
    let seen = 0;
    for (const [bucket, count] of this.#gaps.entries()) {
      seen += count;
      if (seen >= wanted && count > 0) return (bucket + 1) / gapBucketsPerMs;
    }
    return 0;
  }
}
