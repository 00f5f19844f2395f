// Membership changes that had no reason, while other processes keep every core busy.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { ringsOf, withRing } from './rings.ts';

export async function steadiness(key: string, seconds: number): Promise<void> {
  await withRing(3, key, async (lab) => {
    const before = (await Promise.all(lab.hosts.map(({ name }) => ringsOf(lab, name)))).map((rings) => rings.length);
    const busy = Array.from({ length: 2 * availableParallelism() }, () =>
      spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
    );
    try {
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    } finally {
      for (const one of busy) one.kill('SIGKILL');
    }
    const after = (await Promise.all(lab.hosts.map(({ name }) => ringsOf(lab, name)))).map((rings) => rings.length);
    const changes = after.map((count, index) => count - (before[index] ?? 0));
    console.log(
      `\n${seconds} s with ${busy.length} processes spinning on ${availableParallelism()} cores, 3 nodes at Haven's timers`,
    );
    console.log(`  membership changes without a reason: ${Math.max(...changes)}`);
  });
}
