import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from './cluster.ts';
import { drawSchedule, type Fault, keepFaults, type Schedule } from './schedule.ts';
import { replayCommand, shrink } from './shrink.ts';

const schedules = 500;
/** Small clusters run ten times as fast: of those above this size, one in so many; the rest in `npm run sim`. */
const smallNodesMax = 4;
const largeOneIn = 20;

test(`no law of extended virtual synchrony breaks in ${schedules} fault schedules`, () => {
  let run = 0;
  let large = 0;
  for (let index = 0; run < schedules; index++) {
    const schedule = drawSchedule(`ci/${index}`);
    if (schedule.nodeCount > smallNodesMax && ++large % largeOneIn !== 0) continue;
    run++;
    const verdict = simulate(schedule);
    if (verdict.violations.length === 0) continue;
    const { kept, verdict: shortest } = shrink(schedule, verdict);
    assert.fail(`${shortest.violations.join('\n')}\nreplay: ${replayCommand(schedule.seed, kept)}`);
  }
});

for (const [emphasis, count] of [
  ['disk', 15],
  ['recovery', 15],
  ['obligation', 8],
  ['links', 6],
] as const) {
  test(`no law breaks in ${count} schedules that go for the ${emphasis}`, () => {
    for (let index = 0; index < count; index++) {
      const schedule = drawSchedule(`ci/${index}`, emphasis);
      const { violations } = simulate(schedule);
      const replay = replayCommand(schedule.seed, [...schedule.faults.keys()], emphasis);
      assert.deepEqual(violations, [], `replay: ${replay}`);
    }
  });
}

/** `link` 0 of two fails in one way or another while the other one works. */
function firstLinkFails(seed: string, security: 'plain' | 'sealed', fault: Fault): Schedule {
  return {
    seed,
    nodeCount: 6,
    wiring: { linkCount: 2, linkMode: 'passive', security, cipher: 'aes-gcm', hopMs: 5 },
    steadyFromMs: 1200,
    clockRates: [1, 1, 1, 1, 1, 1],
    messagesPerSecond: 3,
    largeMessages: 'none',
    faults: [fault],
    calmAfterMs: 4000,
  };
}

for (const probability of [0.5, 0.65, 0.8, 0.9]) {
  test(`a link that loses ${100 * probability} % of what it carries does not change the ring`, () => {
    const span = { fromMs: 1200, untilMs: 4000 };
    for (let seed = 0; seed < 3; seed++) {
      const schedule = firstLinkFails(`lossy/${seed}`, 'plain', { ...span, kind: 'loss', link: 0, probability });
      assert.deepEqual(simulate(schedule).violations, []);
    }
  });
}

test('a link that carries one way, but for what somebody repeats there, does not change the ring', () => {
  const schedule = firstLinkFails('ci/14', 'sealed', {
    fromMs: 1200,
    untilMs: 2355,
    kind: 'one-way',
    link: 0,
    from: [2, 6, 3, 5],
    to: [4, 1],
  });
  const replayed: Fault = { fromMs: 1200, untilMs: 4000, kind: 'replay', probability: 0.2, afterMsMax: 5 };
  assert.deepEqual(simulate({ ...schedule, faults: [...schedule.faults, replayed] }).violations, []);
});

for (const [seed, nodeCount] of [
  ['wide/91', 8],
  ['ci/591', 13],
] as const) {
  test(`rings that meet while they are installed do not keep each other from standing: ${nodeCount} far nodes`, () => {
    const schedule: Schedule = {
      seed,
      nodeCount,
      wiring: { linkCount: 2, linkMode: 'passive', security: 'plain', cipher: 'stand-in', hopMs: 20 },
      steadyFromMs: 2000,
      clockRates: Array.from({ length: nodeCount }, () => 1),
      messagesPerSecond: 3,
      largeMessages: 'none',
      faults: [],
      calmAfterMs: 3000,
    };
    assert.deepEqual(simulate(schedule).violations, []);
  });
}

test('a schedule gives the same verdict every time', () => {
  const schedule = firstLinkFails('twice', 'sealed', { fromMs: 0, untilMs: 1000, kind: 'loss', probability: 0.2 });
  assert.deepEqual(simulate(schedule), simulate(schedule));
});

test('a cluster without faults settles at once and delivers what is said', () => {
  const schedule = { ...keepFaults(drawSchedule('calm'), []), messagesPerSecond: 50 };
  const verdict = simulate(schedule);
  assert.deepEqual(verdict.violations, []);
  assert.ok(verdict.delivered > 0);
});
