// Is the cluster clean: what an administrator would check after a fault, asked of every host, not only of one.
import { setTimeout as pause } from 'node:timers/promises';
import type { ClusterStatus } from '../api/index.ts';
import { CommandFailure } from '../kit/index.ts';
import { isServed, processes, type Stage, virtualAddress } from '../stage/index.ts';

const pollMs = 200;

/** Waits until nothing is wrong; forgets failures on the way, as an administrator does. Answers what is still wrong. */
export async function untilClean(stage: Stage, withinMs: number): Promise<readonly string[]> {
  const givenUpAtMs = performance.now() + withinMs;
  for (;;) {
    const wrong = await findWrong(stage);
    if (wrong.length === 0 || performance.now() > givenUpAtMs) return wrong;
    if (waitsForPerson(wrong)) await forgetFailures(stage);
    await pause(pollMs);
  }
}

const failureMark = 'failure: ';
const misplacedMark = 'misplaced: ';

/** Whose failed stop leaves behind what the hosts' kernels show. */
const stoppedBy: ReadonlyMap<string, string> = new Map([
  ['address', 'vip'],
  ['web', 'web'],
]);

/**
 * A stop that failed blocks its resource until a person has looked: without fencing nothing else is safe. An agent that was
 * killed on its way may have stopped it all the same, so that hosts and cluster differ until then, about that resource. A
 * service that a dead daemon left on another host runs on there meanwhile, too. An address on two hosts is excused by nothing:
 * forgetting failures would put right what no cluster may do.
 */
export function waitsForPerson(wrong: readonly string[]): boolean {
  return (
    wrong.some((line) => line.startsWith(failureMark)) &&
    wrong.every((line) => line.includes(' blocked') || line.startsWith(failureMark) || isLeftBehind(line, wrong))
  );
}

function isLeftBehind(line: string, wrong: readonly string[]): boolean {
  const [, shown, on = ''] = /^misplaced: the (address|web) is on (.*), the cluster says /.exec(line) ?? [];
  const hosts = on.split(', ');
  if (shown === undefined || (shown === 'address' && hosts.length > 1)) return false;
  const failed = `${failureMark}stop of ${stoppedBy.get(shown)} on `;
  return wrong.some(
    (other) => other.startsWith(failed) && (hosts.length === 1 || hosts.includes(other.slice(failed.length))),
  );
}

async function findWrong(stage: Stage): Promise<string[]> {
  const seen = await Promise.all(stage.nodes.map((name) => statusOf(stage, name)));
  const silent = stage.nodes.filter((_, index) => seen[index] === undefined);
  if (silent.length > 0) return [`no answer from ${silent.join(', ')}`];
  const statuses = seen.filter((status) => status !== undefined);
  try {
    return [...statuses.flatMap(wrongIn), ...disagreements(statuses), ...(await wrongOnHosts(stage, statuses))];
  } catch (thrown) {
    // A host that was fenced between two looks.
    if (thrown instanceof CommandFailure) return [thrown.message];
    throw thrown;
  }
}

async function statusOf(stage: Stage, name: string): Promise<ClusterStatus | undefined> {
  try {
    return await stage.api(name).status();
  } catch {
    return undefined;
  }
}

function wrongIn(status: ClusterStatus): string[] {
  const { node, phase, quorum, nodes, resources, activity, failures } = status;
  const wrong: string[] = [];
  if (phase !== 'together' || !quorum.quorate) wrong.push(`${node} is ${phase}, quorate: ${quorum.quorate}`);
  for (const { name, state } of nodes) if (state !== 'online') wrong.push(`${node} sees ${name} ${state}`);
  if (!isServed(resources)) wrong.push(`${node}: ${resources.map(({ id, state }) => `${id} ${state}`).join(', ')}`);
  for (const { what } of activity) wrong.push(`${node}: ${what} is under way`);
  for (const { resource, operation, node: on } of failures)
    wrong.push(`${failureMark}${operation} of ${resource} on ${on}`);
  return wrong;
}

function disagreements(statuses: readonly ClusterStatus[]): string[] {
  const different = (what: string, values: readonly string[]) =>
    new Set(values).size === 1 ? [] : [`${what} differ: ${values.join(', ')}`];
  return [
    ...different(
      'document versions',
      statuses.map(({ documentVersion }) => documentVersion),
    ),
    ...different(
      'coordinators',
      statuses.map(({ coordinator }) => coordinator ?? 'none'),
    ),
  ];
}

/** The kernel's word against the cluster's: the address and the web server are where the status says, and nowhere else. */
async function wrongOnHosts(stage: Stage, statuses: readonly ClusterStatus[]): Promise<string[]> {
  const said = statuses[0]?.addresses.map(({ node }) => node).join() ?? '';
  const look = `ip -o -4 address show to ${virtualAddress}/32 | grep -q . && echo address; pgrep -x apache2 >/dev/null && echo web; pgrep -f '${processes.guardian}' >/dev/null || echo alone; true`;
  const found = await Promise.all(
    stage.nodes.map(async (name) => ({ name, words: await stage.lab.host(name).shell(look) })),
  );
  const hostsWith = (word: string) => found.filter(({ words }) => words.includes(word)).map(({ name }) => name);
  const unguarded = hostsWith('alone').map((name) => `${name} has no guardian`);
  const misplaced = (['address', 'web'] as const).flatMap((word) => {
    const on = hostsWith(word);
    return on.join() === said
      ? []
      : [`${misplacedMark}the ${word} is on ${on.join(', ') || 'no host'}, the cluster says ${said}`];
  });
  return [...unguarded, ...misplaced];
}

async function forgetFailures(stage: Stage): Promise<void> {
  try {
    await stage.api(stage.nodes[0] ?? '').command({ kind: 'cleanup', resource: undefined, node: undefined });
  } catch {
    // Asked again at the next look.
  }
}
