// What faults are, and what striking and mending a host takes.
import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../kit/index.ts';
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
  /** A host that stood still whole answers for what the others took until it has noticed: this long without a fence. */
  readonly overlapMsMax?: number;
  readonly strike: (strike: Strike) => Promise<void>;
  readonly mend: (strike: Strike) => Promise<void>;
};

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
