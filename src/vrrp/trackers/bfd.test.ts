import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Random } from '../../kit/index.ts';
import type { BfdConfiguration } from '../tracker.ts';
import { decodeBfd, encodeBfd } from './bfd-packet.ts';
import { type BfdSession, bfdInvariants, bfdSession, nextBfdDeadline, stepBfd } from './bfd-session.ts';

const settings: BfdConfiguration = {
  name: 'b',
  neighbour: '10.0.0.2',
  source: '10.0.0.1',
  minRxMs: 10,
  minTxMs: 10,
  idleTxMs: 1000,
  multiplier: 5,
  passive: false,
  ttl: 255,
  hopsMax: 0,
};

/** Two ends and a link that carries a packet or not, in virtual time. */
class Link {
  nowMs = 0;
  readonly ends: readonly [BfdSession, BfdSession];
  readonly reports: string[] = [];
  sent = 0;
  carries: (from: 0 | 1) => boolean = () => true;

  constructor(first: Partial<BfdConfiguration> = {}, second: Partial<BfdConfiguration> = {}) {
    this.ends = [
      bfdSession({ ...settings, name: 'left', ...first }, new Random('left'), 0),
      bfdSession({ ...settings, name: 'right', ...second }, new Random('right'), 0),
    ];
  }

  run(untilMs: number): void {
    for (;;) {
      const next = Math.min(...this.ends.map(nextBfdDeadline));
      if (next > untilMs) break;
      this.nowMs = Math.max(this.nowMs, next);
      for (const end of [0, 1] as const) {
        if (nextBfdDeadline(this.ends[end]) <= this.nowMs) this.#carryOut(end, { kind: 'deadline', nowMs: this.nowMs });
      }
    }
    this.nowMs = untilMs;
  }

  stop(end: 0 | 1): void {
    this.#carryOut(end, { kind: 'stop', nowMs: this.nowMs });
  }

  #carryOut(end: 0 | 1, event: Parameters<typeof stepBfd>[1]): void {
    for (const effect of stepBfd(this.ends[end], event)) {
      if (effect.kind === 'report')
        this.reports.push(`${this.ends[end].configuration.name} ${effect.report.kind} ${Math.round(this.nowMs)}`);
      if (effect.kind !== 'send') continue;
      this.sent++;
      const other = end === 0 ? 1 : 0;
      if (this.carries(end))
        this.#carryOut(other, { kind: 'packet', bytes: effect.bytes, hopLimit: 255, nowMs: this.nowMs });
    }
    bfdInvariants(this.ends[end]);
  }
}

test('a packet is the 24 bytes of RFC 5880 §4.1, and what is not one is refused', () => {
  const packet = {
    diagnostic: 3,
    state: 'up',
    poll: true,
    final: false,
    detectMultiplier: 5,
    myDiscriminator: 0x01020304,
    yourDiscriminator: 0xfffffffe,
    desiredMinTxUs: 10_000,
    requiredMinRxUs: 20_000,
  } as const;
  const bytes = encodeBfd(packet);
  assert.equal(Buffer.from(bytes).toString('hex'), '23e0051801020304fffffffe0000271000004e2000000000');
  assert.deepEqual(decodeBfd(bytes), packet);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (noise) => {
      const read = decodeBfd(noise);
      if (typeof read !== 'string') assert.ok(read.detectMultiplier > 0 && read.myDiscriminator !== 0);
    }),
  );
});

test('two ends come up by the three-way handshake, then send at the agreed pace', () => {
  const link = new Link();
  link.run(3000);
  assert.deepEqual(link.reports.map((line) => line.replace(/ \d+$/, '')).sort(), ['left up', 'right up']);
  const before = link.sent;
  link.run(4000);
  const perEnd = (link.sent - before) / 2;
  assert.ok(perEnd >= 100 && perEnd <= 134, `${perEnd} packets in a second at 10 ms less 0 to 25 %`);
  assert.equal(link.ends[0].polling, false, 'the poll sequence has ended');
});

test('the slower wish of the two ends decides, in each direction', () => {
  const link = new Link({ minTxMs: 20 }, { minRxMs: 50, minTxMs: 10 });
  link.run(3000);
  let fromLeft = 0;
  link.carries = (end) => {
    if (end === 0) fromLeft++;
    return true;
  };
  link.run(4000);
  assert.ok(fromLeft >= 20 && fromLeft <= 27, `${fromLeft} in a second at 50 ms less 0 to 25 %`);
});

test('silence for the detection time takes both ends down, a packet lost now and then does not', () => {
  const link = new Link();
  link.run(3000);
  let count = 0;
  link.carries = () => ++count % 3 !== 0;
  link.run(6000);
  assert.equal(link.reports.length, 2);
  link.carries = () => false;
  link.run(7000);
  assert.deepEqual(
    link.reports
      .slice(2)
      .map((line) => line.replace(/ \d+$/, ''))
      .sort(),
    ['left down', 'right down'],
  );
  for (const line of link.reports.slice(2)) {
    const afterMs = Number(line.split(' ')[2]) - 6000;
    assert.ok(afterMs > 20 && afterMs <= 51, `detected after ${afterMs} ms of 5 × 10`);
  }
  link.carries = () => true;
  link.run(10_000);
  assert.equal(link.reports.length, 6, 'and comes up again');
});

test('a link that carries one way only does not come up, and goes down on both ends', () => {
  const link = new Link();
  link.run(3000);
  link.carries = (from) => from === 0;
  link.run(5000);
  assert.deepEqual(
    link.reports
      .slice(2)
      .map((line) => line.replace(/ \d+$/, ''))
      .sort(),
    ['left down', 'right down'],
  );
  link.run(9000);
  assert.equal(link.reports.length, 4);
});

test('a passive end waits to be spoken to; two of them never speak', () => {
  const active = new Link({ passive: true });
  active.run(3000);
  assert.equal(active.reports.length, 2);
  const silent = new Link({ passive: true }, { passive: true });
  silent.run(10_000);
  assert.equal(silent.sent, 0);
});

test('an end that is stopped says so, and the other goes down at once', () => {
  const link = new Link();
  link.run(3000);
  link.stop(0);
  assert.deepEqual(link.reports.slice(2), ['right down 3000']);
});

test('a packet from further away than max_hops allows is discarded', () => {
  for (const [hopsMax, hopLimit, state] of [
    [0, 254, 'down'],
    [1, 254, 'init'],
    [255, 1, 'init'],
  ] as const) {
    const session = bfdSession({ ...settings, hopsMax }, new Random(1), 0);
    const bytes = encodeBfd({
      diagnostic: 0,
      state: 'down',
      poll: false,
      final: false,
      detectMultiplier: 3,
      myDiscriminator: 7,
      yourDiscriminator: 0,
      desiredMinTxUs: 1_000_000,
      requiredMinRxUs: 10_000,
    });
    stepBfd(session, { kind: 'packet', bytes, hopLimit, nowMs: 0 });
    assert.equal(session.state, state);
  }
});

test('whatever arrives, the invariants of a session hold', () => {
  const state = fc.constantFrom('admin-down', 'down', 'init', 'up');
  const packet = fc.record({
    diagnostic: fc.nat(31),
    state,
    poll: fc.boolean(),
    final: fc.boolean(),
    detectMultiplier: fc.integer({ min: 1, max: 255 }),
    myDiscriminator: fc.integer({ min: 1, max: 3 }),
    yourDiscriminator: fc.constantFrom(0, 1, undefined),
    desiredMinTxUs: fc.nat(2_000_000),
    requiredMinRxUs: fc.nat(2_000_000),
  });
  const event = fc.tuple(fc.option(packet), fc.nat(3000));
  fc.assert(
    fc.property(fc.array(event, { maxLength: 50 }), (events) => {
      const session = bfdSession(settings, new Random(2), 0);
      let nowMs = 0;
      for (const [one, waitMs] of events) {
        nowMs += waitMs;
        if (one === null) stepBfd(session, { kind: 'deadline', nowMs });
        else {
          const yourDiscriminator = one.yourDiscriminator ?? session.localDiscriminator;
          const bytes = encodeBfd({ ...one, yourDiscriminator });
          stepBfd(session, { kind: 'packet', bytes, hopLimit: 255, nowMs });
        }
        bfdInvariants(session);
      }
    }),
  );
});
