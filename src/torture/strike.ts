// What faults are, and what striking and mending a host takes.
import { setTimeout as pause } from 'node:timers/promises';
import { CommandFailure, type Random } from '../kit/index.ts';
import { processes, type Stage } from '../stage/index.ts';

export type Strike = { readonly stage: Stage; readonly target: string; readonly random: Random };

export type Fault = {
  readonly kind: string;
  /** How often it is drawn, beside the others. */
  readonly weight: number;
  /** How long it lasts before it is mended, at most. */
  readonly lastsMsMax: number;
  /** May take an address from a client even where it strikes another host than the holder. */
  readonly disturbs: 'holder' | 'anyone' | 'nobody';
  /** Strikes all hosts, not only its target. */
  readonly everywhere?: true;
  /** A host that stood still whole answers for what the others took until it has noticed: this long without a fence. */
  readonly overlapMsMax?: number;
  readonly strike: (strike: Strike) => Promise<void>;
  readonly mend: (strike: Strike) => Promise<void>;
};

/** How often the power switch was pressed on a host. */
export function fencedTimes({ power }: Stage, host: string): number {
  return power === undefined ? 0 : power.pressed.filter(({ plug }) => plug === host).length;
}

/**
 * Does something to a host that may be fenced meanwhile: whatever was to be done there is moot when the host has begun
 * anew, or has no power yet. `fencedBefore`: as often as it had been when the fault began.
 */
export async function unlessFenced(
  { stage, target }: Strike,
  fencedBefore: number,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    if (!(thrown instanceof CommandFailure)) throw thrown;
    const isOff = stage.power !== undefined && isPoweredOff(thrown);
    if (!isOff && fencedTimes(stage, target) === fencedBefore) throw thrown;
  }
}

/** What a shell of a host prints; nothing where it is off just now, fenced or reset. */
export async function printedIfUp(stage: Stage, host: string, words: readonly string[]): Promise<string> {
  try {
    return (await stage.lab.host(host).run(words)).stdout;
  } catch (thrown) {
    if (isPoweredOff(thrown)) return '';
    throw thrown;
  }
}

/** Does something to every host; one that the round's other fault has powered off is passed over. */
export async function ofThoseUp(stage: Stage, work: (host: string) => Promise<unknown>): Promise<void> {
  const done = await Promise.allSettled(stage.nodes.map(async (host) => work(host)));
  for (const each of done) {
    if (each.status === 'rejected' && !isPoweredOff(each.reason)) throw each.reason;
  }
}

function isPoweredOff(thrown: unknown): boolean {
  return thrown instanceof CommandFailure && thrown.failure.kind === 'unavailable';
}

const bootWithinMs = 30_000;

/** Waits for a host that was fenced to have power again. @throws Error when it stays off */
export async function untilPowered({ stage, target }: Strike): Promise<void> {
  const givenUpAtMs = performance.now() + bootWithinMs;
  while (!stage.lab.isUp(target)) {
    if (performance.now() > givenUpAtMs) throw new Error(`${target} was fenced and is off since`);
    await pause(20);
  }
}

/** @throws CommandFailure when nothing matches: a fault that strikes nothing tortures nobody. */
export async function signal({ stage, target }: Strike, name: string, pattern: string): Promise<void> {
  await stage.lab.host(target).output(['pkill', `-${name}`, '-f', pattern]);
}

export async function signalIfAny({ stage, target }: Strike, name: string, pattern: string): Promise<void> {
  await stage.lab.host(target).run(['pkill', `-${name}`, '-f', pattern]);
}

/** What an init system does with a daemon that ended; one that lives is left alone. */
export async function restarted({ stage, target }: Strike): Promise<void> {
  const { code } = await stage.lab.host(target).run(['pgrep', '-f', processes.daemon]);
  if (code !== 0) stage.startDaemon(target);
}

type Edit = Parameters<ReturnType<Stage['api']>['edit']>[0];

const editPatienceMs = 60_000;

/** Asks one node after the other until one accepts: another fault may be under way. An edit that is made already is fine. */
export async function edited(stage: Stage, edit: Edit): Promise<void> {
  const givenUpAtMs = performance.now() + editPatienceMs;
  for (;;) {
    const status = await stage.status();
    if (status !== undefined) {
      try {
        return await stage.api(status.node).edit(edit);
      } catch (thrown) {
        const said = String(thrown);
        if (/exist|nothing|no element|found/i.test(said)) return;
        if (performance.now() > givenUpAtMs) throw thrown;
      }
    }
    if (performance.now() > givenUpAtMs) throw new Error(`no node took an edit within ${editPatienceMs / 1000} s`);
    await pause(100);
  }
}
