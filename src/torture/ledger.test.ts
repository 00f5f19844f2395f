import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProbeReport } from '../lab/index.ts';
import { explainedForMs, judge, mayDisturb, type Round } from './ledger.ts';

const round: Round = {
  faults: [{ kind: 'power-off', target: 'n1' }],
  holder: 'n1',
  mayDisturb: true,
  overlapMsMax: 0,
  stalledMs: 0,
  fenced: [],
  fencedUnstruck: [],
  fromMs: 1000,
  mendedMs: 3000,
  toMs: 100_000,
  cleanAfterMs: 5000,
};
const reportOf = (outages: readonly { fromMs: number; durationMs: number }[]) =>
  ({ outages }) as unknown as ProbeReport;

test('an outage is explained by a fault of its round that may cause one, and not for ever', () => {
  const short = { fromMs: 1500, durationMs: 800 };
  const long = { fromMs: 1500, durationMs: 2000 + explainedForMs };
  assert.deepEqual(judge([round], reportOf([short, long])).unexplained, [long]);
  const harmless = { ...round, mayDisturb: false };
  assert.deepEqual(judge([harmless], reportOf([short])).unexplained, [short]);
  const busy = judge([{ ...harmless, stalledMs: 200 }], reportOf([short, long]));
  assert.deepEqual([busy.stalled, busy.unexplained], [[short], [long]]);
  const answered = judge([harmless], { ...reportOf([short]), arp: reportOf([]) });
  assert.deepEqual([answered.stalled, answered.unexplained], [[short], []], 'the kernel had the address');
  const gone = judge([harmless], { ...reportOf([short]), arp: reportOf([{ fromMs: 1600, durationMs: 600 }]) });
  assert.deepEqual([gone.stalled, gone.unexplained], [[], [short]]);
  assert.equal(judge([round], reportOf([{ fromMs: 200_000, durationMs: 100 }])).unexplained.length, 1);
  assert.equal(judge([round], reportOf([{ fromMs: 500, durationMs: 100 }])).unexplained.length, 0, 'before the faults');
});

test('a request that was under way when the fault struck is missed for that fault', () => {
  const calm = { ...round, mayDisturb: false, fromMs: 100, toMs: round.fromMs - 5 };
  const [underWay, before] = [round.fromMs - 8, round.fromMs - 30].map((fromMs) => ({ fromMs, durationMs: 700 }));
  assert.ok(underWay !== undefined && before !== undefined);
  assert.deepEqual(judge([calm, round], reportOf([underWay, before])).unexplained, [before]);
});

test('two faults at once explain an outage only where both of them, or either alone, could', () => {
  const elsewhere = { disturbs: 'holder', target: 'n2' } as const;
  const harmless = { disturbs: 'nobody', target: 'n1' } as const;
  assert.equal(mayDisturb([elsewhere], 'n1'), false);
  assert.equal(mayDisturb([elsewhere, harmless], 'n1'), false);
  assert.equal(mayDisturb([harmless, { ...harmless, target: 'n3' }], 'n1'), false);
  assert.equal(mayDisturb([elsewhere, { ...elsewhere, target: 'n3' }], 'n1'), true);
  assert.equal(mayDisturb([harmless, { disturbs: 'anyone', target: 'n3' }], 'n1'), true);
  assert.equal(mayDisturb([{ disturbs: 'holder', target: 'n1' }], 'n1'), true);
});
