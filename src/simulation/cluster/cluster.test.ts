import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from './cluster.ts';
import { type PlantedBug, plantedBugs } from './planted.ts';
import { drawSchedule, keepFaults } from './schedule.ts';
import { replayCommand, shrink } from './shrink.ts';

const schedules = 40;
/** As many as a planted bug may hide in. */
const plantedSchedulesMax = 1000;

test(`no law of the cluster breaks in ${schedules} fault schedules`, () => {
  for (let index = 0; index < schedules; index++) {
    const schedule = drawSchedule(`ci/${index}`);
    const verdict = simulate(schedule);
    if (verdict.violations.length === 0) continue;
    const { kept, verdict: shortest } = shrink(schedule, verdict);
    assert.fail(`${shortest.violations.join('\n')}\nreplay: ${replayCommand(schedule.seed, kept)}`);
  }
});

/** Schedules that broke a law once, with the faults that it took. */
const remembered: Readonly<Record<string, readonly number[]>> = {
  's2/122': [0, 1, 2],
  's3/193': [0, 1, 2, 3, 4, 5, 6, 7],
  's3/1918': [1, 2],
  's3/2166': [0, 1, 2, 3],
  'whole/337': [0, 1, 2, 3, 4, 5],
  'whole/12804': [0, 1, 2, 3, 4, 5],
  'final/10492': [0, 1, 2],
  'final/10561': [0, 1, 2],
  'whole2/10216': [0, 1, 2, 3, 4, 5],
  'whole2/1503': [0, 1],
  'whole3/16812': [0, 1, 2, 3, 4, 5],
  'faults1/1165': [0, 1, 2, 3, 4, 5, 6],
  'whole6/11817': [0, 1, 2, 3],
  'whole8/19150': [0, 1, 2, 3, 4],
  'whole9/5645': [0, 1],
  'whole10/331': [0, 1, 2, 3, 4, 5],
};

for (const [seed, kept] of Object.entries(remembered)) {
  test(`what broke a law in schedule ${seed} does not break one again`, () => {
    assert.deepEqual(simulate(keepFaults(drawSchedule(seed), kept)).violations, []);
  });
}

test('a schedule gives the same verdict every time', () => {
  const schedule = drawSchedule('twice');
  assert.deepEqual(simulate(schedule), simulate(schedule));
});

test('a cluster without faults comes to rest at once and fences nobody', () => {
  const schedule = { ...keepFaults(drawSchedule('calm'), []), fencing: 'configured' as const };
  const verdict = simulate(schedule);
  assert.deepEqual(verdict.violations, []);
  assert.equal(verdict.fenced, 0);
});

const sentences: Readonly<Record<PlantedBug, RegExp>> = {
  'lost-acknowledgement': /acknowledged and is not in the document/,
  'double-start': /double ownership: service/,
  'wrong-quorum': /double ownership|agreement|acknowledged/,
  'stale-lease': /double ownership: address/,
};

for (const planted of plantedBugs) {
  test(`the checkers see the planted bug '${planted}'`, () => {
    const caught = Array.from({ length: plantedSchedulesMax }, (_, index) => index).some((index) =>
      simulate(drawSchedule(`planted/${index}`), { planted }).violations.some((text) => sentences[planted].test(text)),
    );
    assert.ok(caught, `${plantedSchedulesMax} schedules and nobody saw '${planted}'`);
  });
}
