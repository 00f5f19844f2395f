import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProbeLog } from './log.ts';

/** A request each millisecond from 0; `answersAt` says who answers the one sent at that time. */
function probe(
  untilMs: number,
  answersAt: (ms: number) => readonly string[],
  skip: (ms: number) => boolean = () => false,
) {
  const log = new ProbeLog({ answerWithinMs: 50, blindAfterMs: 5 });
  const events = [];
  for (let ms = 0; ms <= untilMs; ms++) {
    if (skip(ms)) continue;
    log.asked(ms, ms);
    for (const by of answersAt(ms)) log.answered(ms, by, ms + 0.2);
    events.push(...log.settle(ms));
  }
  for (let ms = untilMs; ms <= untilMs + 100; ms += 5) events.push(...log.settle(ms));
  return { report: log.report(), kinds: events.map((event) => event.kind) };
}

test('an outage lasts from the first unanswered request to the next answered one, and says between whom', () => {
  const { report, kinds } = probe(1000, (ms) => (ms < 300 ? ['a'] : ms < 545 ? [] : ['b']));
  assert.deepEqual(report.outages, [
    { fromMs: 300, toMs: 545, durationMs: 245, unanswered: 245, before: 'a', after: 'b' },
  ]);
  assert.deepEqual(
    report.holdings.map(({ by, fromMs, toMs }) => [by, fromMs, toMs]),
    [
      ['a', 0, 299],
      ['b', 545, 1000],
    ],
  );
  assert.deepEqual(kinds, ['holder', 'outage-began', 'outage-ended', 'holder']);
});

test('an outage that does not end is reported open', () => {
  const { report } = probe(400, (ms) => (ms < 100 ? ['a'] : []));
  assert.deepEqual(report.outages, [{ fromMs: 100, durationMs: 300, unanswered: 301, before: 'a' }]);
});

test('an answer that comes too late is none', () => {
  const log = new ProbeLog({ answerWithinMs: 50, blindAfterMs: 5 });
  log.asked(0, 0);
  for (let ms = 5; ms <= 50; ms += 5) log.settle(ms);
  log.answered(0, 'a', 51);
  log.settle(52);
  assert.equal(log.report().answered, 0);
});

test('what a client that was held up reads late came in time for all it knows', () => {
  const log = new ProbeLog({ answerWithinMs: 50, blindAfterMs: 5 });
  log.asked(0, 0);
  assert.deepEqual(log.settle(300), [], 'first it reads what came meanwhile');
  log.answered(0, 'a', 301);
  log.asked(1, 302);
  for (let ms = 305; ms <= 400; ms += 5) log.settle(ms);
  const { answered, outages, blindMs } = log.report();
  assert.deepEqual([answered, outages.map(({ fromMs }) => fromMs), blindMs], [1, [302], 302]);
});

test('two answers to one request are a double answer, of two hosts or of one hardware address', () => {
  const two = probe(100, (ms) => (ms >= 20 && ms < 60 ? ['a', 'b'] : ['a']));
  assert.deepEqual(two.report.doubles, [{ fromMs: 20, toMs: 59, requests: 40, by: ['a', 'b'] }]);
  assert.equal(two.kinds.filter((kind) => kind === 'double').length, 1);
  const same = probe(100, (ms) => (ms === 50 ? ['a', 'a'] : ['a']));
  assert.deepEqual(same.report.doubles, [{ fromMs: 50, toMs: 50, requests: 1, by: ['a'] }]);
});

test('a hand-over without a gap is no outage and no double answer', () => {
  const { report } = probe(100, (ms) => (ms < 50 ? ['a'] : ['b']));
  assert.deepEqual([report.outages, report.doubles], [[], []]);
  assert.equal(report.holdings.length, 2);
});

test('while the client does not ask it is blind, and says so instead of claiming an outage', () => {
  const { report } = probe(
    200,
    () => ['a'],
    (ms) => ms > 80 && ms < 120,
  );
  assert.deepEqual([report.outages, report.blindMs, report.gapMs.max], [[], 40, 40]);
  assert.ok(report.gapMs.p50 <= 1.1);
});
