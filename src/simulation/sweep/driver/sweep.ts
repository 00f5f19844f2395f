// Many schedules of one seed, in this process or shared out to several, with one report at the end.
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { count, describeTally, emptyTally, type Outcome, slices, type Tally } from '../tally.ts';

/** The command line of every simulator, for `parseArgs`; `slice` is what a sweep gives its own child processes. */
export const sweepOptions = {
  seed: { type: 'string' },
  schedules: { type: 'string' },
  from: { type: 'string' },
  jobs: { type: 'string' },
  slice: { type: 'boolean' },
} as const;

type SweepValues = { readonly [name in 'schedules' | 'from' | 'jobs']?: string | undefined } & {
  readonly slice?: boolean | undefined;
};

export type Sweep = {
  /** Schedule number i has the seed `seed/i`. */
  readonly seed: string;
  readonly values: SweepValues;
  readonly schedulesDefault: number;
  /** `import.meta.url` of the simulator, which is started again for each slice. */
  readonly program: string;
  /** Arguments that a slice needs besides its numbers. */
  readonly programArguments: readonly string[];
  /** `number` counts from 0 within the seed. */
  readonly run: (scheduleSeed: string, number: number) => Outcome;
};

type SliceMessage = { readonly number: number; readonly outcome: Outcome };

const jobsMax = 256;
const schedulesMax = 1_000_000_000;
/** A long run says how far it is. */
const progressSchedules = 250;
const usageError = 64;

/** Answers the exit code: 0 without a violation, 1 with one or with a slice that died. */
export async function sweep(task: Sweep): Promise<number> {
  const schedules = wholeNumber('schedules', task.values.schedules, task.schedulesDefault, {
    min: 1,
    max: schedulesMax,
  });
  const from = wholeNumber('from', task.values.from, 0, { min: 0, max: schedulesMax });
  const jobs = wholeNumber('jobs', task.values.jobs, 1, { min: 1, max: jobsMax });
  if (schedules === undefined || from === undefined || jobs === undefined) return usageError;
  if (task.values.slice === true) return await runSlice(task, from, schedules);
  const report = new Report(task.seed);
  const exitCode =
    jobs === 1 ? runHere(task, from, schedules, report) : await runSlices(task, slices(from, schedules, jobs), report);
  if (report.found !== undefined) return report.found;
  console.log(report.summary());
  return report.failures > 0 ? 1 : exitCode;
}

class Report {
  readonly #seed: string;
  readonly #tally: Tally = emptyTally();
  readonly #started = performance.now();
  /** The exit code, once what was looked for has been found. */
  found: number | undefined;

  constructor(seed: string) {
    this.#seed = seed;
  }

  get failures(): number {
    return this.#tally.failures;
  }

  take({ number, outcome }: SliceMessage): void {
    if (this.found !== undefined) return;
    count(this.#tally, `${this.#seed}/${number}`, outcome);
    const { schedules, failures } = this.#tally;
    if (schedules % progressSchedules === 0) {
      const seconds = ((performance.now() - this.#started) / 1000).toFixed(1);
      console.error(`${schedules} schedules, ${failures} with violations, ${seconds} s`);
    }
    if (outcome.failure !== undefined) console.log(`\n${outcome.failure}`);
    if (outcome.found === undefined) return;
    console.log(outcome.found.text);
    this.found = outcome.found.exitCode;
  }

  summary(): string {
    return describeTally(this.#tally, this.#seed, performance.now() - this.#started);
  }
}

function runHere(task: Sweep, from: number, schedules: number, report: Report): number {
  for (let number = from; number < from + schedules && report.found === undefined; number++) {
    report.take({ number, outcome: attempt(task, number) });
  }
  return 0;
}

/** A schedule that throws is a violation like any other: the sweep reports it and goes on. */
function attempt(task: Sweep, number: number): Outcome {
  try {
    return task.run(`${task.seed}/${number}`, number);
  } catch (error) {
    const thrown = error instanceof Error ? error.stack : String(error);
    const failure = `schedule ${task.seed}/${number} threw: ${thrown}\n  again: --seed ${task.seed} --from ${number} --schedules 1`;
    return { virtualMs: 0, counts: {}, longestMs: {}, faultKinds: [], failure };
  }
}

async function runSlices(task: Sweep, parts: readonly { from: number; schedules: number }[], report: Report) {
  const children: ChildProcess[] = [];
  const exitCodes = parts.map(({ from, schedules }) => {
    const numbers = ['--slice', '--seed', task.seed, '--from', String(from), '--schedules', String(schedules)];
    const child = fork(fileURLToPath(task.program), [...numbers, ...task.programArguments]);
    children.push(child);
    let next = from;
    child.on('message', (message: SliceMessage) => {
      next = message.number + 1;
      report.take(message);
      if (report.found !== undefined) for (const each of children) each.kill();
    });
    return new Promise<number>((resolve) => {
      child.once('error', (error) => {
        console.error(`a slice from schedule ${from} did not start: ${error.message}`);
        resolve(1);
      });
      child.once('close', (code, signal) => {
        const whole = next === from + schedules;
        if (!whole && report.found === undefined) {
          console.error(`the slice from schedule ${from} ended (${signal ?? code}) in schedule ${task.seed}/${next}`);
        }
        resolve(whole ? 0 : 1);
      });
    });
  });
  return Math.max(0, ...(await Promise.all(exitCodes)));
}

async function runSlice(task: Sweep, from: number, schedules: number): Promise<number> {
  for (let number = from; number < from + schedules; number++) {
    const outcome = attempt(task, number);
    // Waiting for the channel bounds what is queued on it; a sweep that is gone ends its slices.
    const sent = await new Promise<boolean>((resolve) => {
      if (process.send === undefined || !process.connected) return resolve(false);
      process.send({ number, outcome } satisfies SliceMessage, undefined, undefined, (error) => resolve(!error));
    });
    if (!sent) return 1;
  }
  process.disconnect?.();
  return 0;
}

type Bounds = { readonly min: number; readonly max: number };

function wholeNumber(name: string, text: string | undefined, ifNone: number, { min, max }: Bounds): number | undefined {
  if (text === undefined) return ifNone;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  console.error(`--${name} ${text}: not a whole number from ${min} to ${max}`);
  return undefined;
}
