import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from './cluster.ts';
import type { Schedule } from './schedule.ts';

const deadUntilMs = 2200;

/** A cluster in which the last node (never the representative) or the first (the representative) dies for good. */
function crashOf(nodeCount: number, node: number, notice: 'guardian' | 'none', seed: number): Schedule {
  return {
    seed: `detection/${nodeCount}/${node}/${seed}`,
    nodeCount,
    wiring: { linkCount: 1, linkMode: 'passive', security: 'plain', cipher: 'stand-in', hopMs: 1 },
    steadyFromMs: Infinity,
    clockRates: Array.from({ length: nodeCount }, () => 1),
    messagesPerSecond: seed % 2 === 0 ? 0 : 20,
    largeMessages: 'none',
    faults: [{ kind: 'crash', node, disk: 'kept', notice, fromMs: 900 + 37 * seed, untilMs: deadUntilMs }],
    calmAfterMs: deadUntilMs,
  };
}

/** From the crash until the last survivor has the ring without the dead node, the worst of several runs. */
function slowestDetectionMs(nodeCount: number, notice: 'guardian' | 'none'): number {
  let slowestMs = 0;
  for (let seed = 0; seed < 2; seed++) {
    for (const node of [1, nodeCount]) {
      const schedule = crashOf(nodeCount, node, notice, seed);
      const verdict = simulate(schedule);
      assert.deepEqual(verdict.violations, []);
      const crashedMs = schedule.faults[0]?.fromMs ?? 0;
      const without = verdict.installations.filter(
        (ring) => ring.atMs >= crashedMs && ring.atMs < deadUntilMs && !ring.members.includes(node),
      );
      assert.equal(without.length, nodeCount - 1, 'each survivor changes its ring once, no more');
      slowestMs = Math.max(slowestMs, ...without.map((ring) => ring.atMs - crashedMs));
    }
  }
  return slowestMs;
}

for (const [nodeCount, limitMs] of [
  [3, 600],
  [8, 900],
  [16, 900],
] as const) {
  test(`a dead node is out of a ring of ${nodeCount} within ${limitMs} ms`, (t) => {
    const slowestMs = slowestDetectionMs(nodeCount, 'none');
    t.diagnostic(`slowest: ${slowestMs.toFixed(0)} ms`);
    assert.ok(slowestMs <= limitMs, `took ${slowestMs} ms`);
  });
}

test('a crash that the guardian announces is acted on within 100 ms', () => {
  const slowestMs = slowestDetectionMs(3, 'guardian');
  assert.ok(slowestMs <= 100, `took ${slowestMs} ms`);
});
