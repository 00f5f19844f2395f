// Lab hosts that each run `haven ring run`, sealed, with Haven's own timers; what they log is what is measured.
import { join } from 'node:path';
import { createLab, type Lab } from '../../lab/index.ts';

const settleMsMax = 120_000;
const logFile = '/var/log/ring.log';

export type LoggedRing = { readonly epochMs: number; readonly members: readonly number[] };

export async function withRing<T>(nodeCount: number, key: string, use: (lab: Lab) => Promise<T>): Promise<T> {
  const lab = await createLab({ hosts: nodeCount });
  try {
    const nodes = lab.hosts.flatMap((host) => ['--node', `${host.name}=${host.address()}`]);
    const words = [
      process.execPath,
      '--single-threaded-gc',
      join(process.cwd(), 'bin', 'haven'),
      'ring',
      'run',
      '--cluster',
      'bench',
      ...nodes,
    ];
    for (const host of lab.hosts) {
      await host.writeFile('/etc/haven/authkey', key, 0o400);
      host.spawn(['sh', '-c', `exec "$0" "$@" 2>>${logFile}`, ...words], { stdio: 'ignore' });
    }
    const all = lab.hosts.map((_, index) => index + 1);
    await untilMembers(
      lab,
      lab.hosts.map(({ name }) => name),
      all,
    );
    return await use(lab);
  } finally {
    await lab.down();
  }
}

/** The configurations that a host logged, oldest first. */
export async function ringsOf(lab: Lab, name: string): Promise<LoggedRing[]> {
  const text = await lab.host(name).shell(`cat ${logFile} 2>/dev/null || true`);
  return [...text.matchAll(/^(\S+) info: ring \S+: members ([\d ]+?)(?: joined| left|$)/gm)].map((match) => ({
    epochMs: Date.parse(match[1] ?? ''),
    members: (match[2] ?? '').trim().split(' ').map(Number),
  }));
}

/** Until the last configuration of each host is of these members; answers those configurations. */
export async function untilMembers(
  lab: Lab,
  names: readonly string[],
  members: readonly number[],
): Promise<LoggedRing[]> {
  const givenUpAt = Date.now() + settleMsMax;
  for (;;) {
    const last = (await Promise.all(names.map((name) => ringsOf(lab, name)))).map((rings) => rings.at(-1));
    const there = last.flatMap((ring) => (ring?.members.join() === members.join() ? [ring] : []));
    if (there.length === names.length) return there;
    if (Date.now() > givenUpAt) throw new Error(`members ${members.join()} not within ${settleMsMax} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
