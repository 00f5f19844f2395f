import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from './cluster.ts';
import type { Schedule } from './schedule.ts';

const deafFromMs = 1200;
const hearsAgainMs = 9200;
/** As a dead one is: token timeout, consensus timeout, and a little. */
const outAfterMsMax = 600;
/** The deaf node is out by then. */
const outByMs = 3000;
/** What a member installs then while it is disturbed: pauses that double from 1 s let two through. */
const disturbancesMax = 2;

/** Nobody is heard by `deaf`, who is heard by everybody. */
function deafness(nodeCount: number, deaf: number, messagesPerSecond: number): Schedule {
  const others = Array.from({ length: nodeCount }, (_, index) => index + 1).filter((node) => node !== deaf);
  return {
    seed: `deaf/${nodeCount}/${deaf}`,
    nodeCount,
    wiring: { linkCount: 1, linkMode: 'passive', security: 'plain', cipher: 'stand-in', hopMs: 1 },
    steadyFromMs: Infinity,
    clockRates: Array.from({ length: nodeCount }, () => 1),
    messagesPerSecond,
    largeMessages: 'none',
    faults: [{ kind: 'one-way', from: others, to: [deaf], fromMs: deafFromMs, untilMs: hearsAgainMs }],
    calmAfterMs: hearsAgainMs,
  };
}

for (const [nodeCount, deaf, messagesPerSecond] of [
  [3, 3, 0],
  [3, 1, 2],
  [5, 2, 2],
] as const) {
  test(`a node that speaks and hears nothing disturbs the others less and less: ${deaf} of ${nodeCount}`, (t) => {
    const verdict = simulate(deafness(nodeCount, deaf, messagesPerSecond));
    assert.deepEqual(verdict.violations, []);
    const observer = deaf === 1 ? 2 : 1;
    const without = verdict.installations.find(
      ({ node, atMs, members }) => node === observer && atMs > deafFromMs && !members.includes(deaf),
    );
    const outAfterMs = (without?.atMs ?? Infinity) - deafFromMs;
    assert.ok(outAfterMs < outAfterMsMax, `out after ${outAfterMs} ms`);
    const rings = verdict.installations.filter(({ node, atMs }) => node === observer && atMs > outByMs);
    const disturbed = rings.filter(({ atMs }) => atMs < hearsAgainMs);
    t.diagnostic(`rings at ${rings.map(({ atMs }) => Math.round(atMs)).join(', ')} ms`);
    assert.ok(disturbed.every(({ members }) => !members.includes(deaf)));
    assert.ok(disturbed.length <= disturbancesMax, `${disturbed.length} disturbances`);
    assert.ok((verdict.settledAfterMs ?? Infinity) < 1500, `back ${verdict.settledAfterMs} ms after it hears again`);
  });
}
