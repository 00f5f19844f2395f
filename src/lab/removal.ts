// Taking labs away: whatever of them is left, whoever made them.

import { existsSync } from 'node:fs';
import { CommandFailure } from '../kit/index.ts';
import { waitUntil } from './processes.ts';
import { forgetLab, initMarker, initPids, labDirectory, labNames } from './state.ts';

/**
 * Ends the lab's processes, known or orphaned, and forgets its state. The kernel takes back namespaces, links and mounts
 * with the last process. @throws CommandFailure `not-found` when there is no trace of it.
 */
export async function removeLab(name: string): Promise<void> {
  const own = initMarker(name);
  const inits = () =>
    [...initPids()].filter(([marker]) => marker === own || marker.startsWith(`${own}/`)).flatMap(([, pids]) => pids);
  if (inits().length === 0 && !existsSync(labDirectory(name))) {
    throw new CommandFailure({ kind: 'not-found', what: `there is no lab '${name}'` });
  }
  await waitUntil(`the end of lab '${name}'`, () => {
    const left = inits();
    for (const pid of left) endProcess(pid);
    return left.length === 0;
  });
  forgetLab(name);
}

/** Every lab of this root. Returns the names of those that were removed. */
export async function removeAllLabs(): Promise<string[]> {
  const names = labNames();
  for (const name of names) await removeLab(name);
  return names;
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
    throw new CommandFailure({ kind: 'permission', what: `cannot end process ${pid} of a lab`, fix: 'Run it as root' });
  }
}
