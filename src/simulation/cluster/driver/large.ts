// `npm run sim -- cluster --large NODESxRESOURCES [--seed S] [--keep I,J,…]`: a cluster of that size loses one thing after
// the other (only those of these numbers, counted from 0), each in a run of its own, and says how soon it is at rest again
// and what the run cost.
import { simulate } from '../cluster.ts';
import { describeKind, type Fault, type Schedule } from '../schedule.ts';

/** The resources have started by then. */
const struckAtMs = 120_000;
/** The node stays away: the cluster comes to rest without it, and again when it is back. */
const backAtMs = 240_000;
const calmAtMs = 241_000;

const struck = 2;
const span = { fromMs: struckAtMs, untilMs: backAtMs };
const singleFaults = (nodeCount: number): readonly Fault[] => [
  { ...span, kind: 'crash', node: struck, what: 'host' },
  { ...span, kind: 'crash', node: struck, what: 'daemon' },
  { ...span, kind: 'partition', sides: [[struck], others(nodeCount)] },
  { ...span, kind: 'standby', node: struck },
  { ...span, kind: 'service-death', node: struck },
  { ...span, kind: 'one-way', from: [struck], to: others(nodeCount) },
  { ...span, kind: 'pause', node: struck, what: 'daemon' },
  { ...span, kind: 'pause', node: struck, what: 'host' },
  { ...span, kind: 'agents', node: struck, trouble: 'fail', probability: 1 },
  { ...span, kind: 'disk', node: struck, code: 'ENOSPC', lasting: true },
];

/** Answers the exit code: 64 for a size that is none, 1 where a law was broken. */
export function runLarge(
  size: string,
  { seed, keep }: { readonly seed: string; readonly keep?: string | undefined },
): number {
  const [, nodes = '', resources = ''] = /^(\d+)x(\d+)$/.exec(size) ?? [];
  const [nodeCount, resourceCount] = [Number(nodes), Number(resources)];
  if (nodeCount < 3 || resourceCount < 4) {
    console.error(`--large ${size}: write NODESxRESOURCES, such as 16x200, with at least 3 nodes and 4 resources`);
    return 64;
  }
  console.log(`${nodeCount} nodes, ${resourceCount} resources, fencing configured, one fault a run`);
  const kept = keep?.split(',').map(Number);
  const faults = singleFaults(nodeCount).filter((_, number) => kept?.includes(number) ?? true);
  const broken = faults.map((fault) => runOne(fault, { nodeCount, resourceCount, seed }));
  return broken.some((violations) => violations > 0) ? 1 : 0;
}

type Size = { readonly nodeCount: number; readonly resourceCount: number; readonly seed: string };

function runOne(fault: Fault, { nodeCount, resourceCount, seed }: Size): number {
  const schedule: Schedule = {
    seed: `${seed}/${fault.kind}`,
    nodeCount,
    ring: 'perfect',
    fencing: 'configured',
    noQuorumPolicy: 'stop',
    services: Math.ceil(resourceCount / 2),
    addresses: Math.floor(resourceCount / 2),
    faults: [fault],
    calmAfterMs: calmAtMs,
  };
  const before = process.cpuUsage();
  const { restedAfterMs, steps, fenced, violations } = simulate(schedule);
  const { user, system } = process.cpuUsage(before);
  const what = describeKind(fault);
  const rest =
    restedAfterMs === undefined ? 'never at rest' : `at rest ${(restedAfterMs / 1000).toFixed(1)} s after its end`;
  const cost = `${steps} steps, ${((user + system) / 1e6).toFixed(0)} s of processor, ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MiB`;
  console.log(`${what}: ${rest}, ${fenced} fenced; all nodes: ${cost}`);
  for (const violation of violations) console.log(`  ${violation}`);
  return violations.length;
}

function others(nodeCount: number): number[] {
  return Array.from({ length: nodeCount }, (_, index) => index + 1).filter((nodeId) => nodeId !== struck);
}
