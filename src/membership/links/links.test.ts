import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createLinks,
  decodeProbe,
  havenLinkTiming,
  type LinkMode,
  type Links,
  type LinksEffect,
  linkHealth,
  nextLinkDeadline,
  routeTo,
  stepLinks,
} from './links.ts';

/** Two nodes, two links between them, on virtual time; `carries` says which link carries in which direction. */
class Pair {
  readonly log: string[] = [];
  readonly ends: readonly [Links, Links];
  nowMs = 0;
  carries: (from: number, link: number) => boolean = () => true;

  constructor(mode: LinkMode) {
    const end = (nodeId: number) =>
      createLinks({ nodeId, peers: [3 - nodeId], linkCount: 2, mode, timing: havenLinkTiming });
    this.ends = [end(1), end(2)];
    for (const links of this.ends) this.carryOut(links, stepLinks(links, { kind: 'start', nowMs: 0 }));
  }

  run(forMs: number): void {
    const untilMs = this.nowMs + forMs;
    for (;;) {
      const dueMs = Math.min(...this.ends.map(nextLinkDeadline));
      if (dueMs > untilMs) break;
      this.nowMs = Math.max(this.nowMs, dueMs);
      for (const links of this.ends) this.carryOut(links, stepLinks(links, { kind: 'deadline', nowMs: this.nowMs }));
    }
    this.nowMs = untilMs;
  }

  carryOut(links: Links, effects: readonly LinksEffect[]): void {
    const from = links.config.nodeId;
    for (const effect of effects) {
      if (effect.kind !== 'probe') {
        const reason = effect.kind === 'link-down' ? ` ${effect.reason}` : '';
        this.log.push(`${from}: ${effect.kind} ${effect.link}${reason}`);
        continue;
      }
      const probe = decodeProbe(effect.bytes);
      const other = this.ends[effect.peer - 1];
      if (!this.carries(from, effect.link) || probe === undefined || other === undefined) continue;
      assert.equal(probe.link, effect.link);
      const heard = {
        kind: 'heard',
        peer: from,
        link: effect.link,
        probe,
        nowMs: this.nowMs,
      } as const;
      this.carryOut(other, stepLinks(other, heard));
    }
  }
}

test('healthy links stay up and say nothing', () => {
  const pair = new Pair('passive');
  pair.run(20_000);
  assert.deepEqual(pair.log, []);
  assert.deepEqual(routeTo(pair.ends[0], 2), [0]);
});

test('passive takes the first healthy link, active all of them', () => {
  for (const [mode, before, after] of [
    ['passive', [0], [1]],
    ['active', [0, 1], [1]],
  ] as const) {
    const pair = new Pair(mode);
    pair.run(1000);
    assert.deepEqual(routeTo(pair.ends[0], 2), before);
    pair.carries = (_, link) => link !== 0;
    pair.run(havenLinkTiming.downMs + havenLinkTiming.probeMs);
    assert.deepEqual(routeTo(pair.ends[0], 2), after);
    assert.deepEqual([...pair.log].sort(), ['1: link-down 0 silent', '2: link-down 0 silent']);
  }
});

test('a link in doubt is not left, but the next one is used too, by both sides', () => {
  const pair = new Pair('passive');
  pair.run(1000);
  pair.carries = (from, link) => !(from === 1 && link === 0);
  pair.run(havenLinkTiming.doubtMs);
  for (const links of pair.ends) assert.deepEqual(routeTo(links, 3 - links.config.nodeId), [0, 1]);
  pair.carries = () => true;
  pair.run(havenLinkTiming.upMs + 2 * havenLinkTiming.probeMs);
  for (const links of pair.ends) assert.deepEqual(routeTo(links, 3 - links.config.nodeId), [0]);
  assert.deepEqual(pair.log, []);
});

test('a link that carries only one way is down for both', () => {
  const pair = new Pair('passive');
  pair.run(1000);
  pair.carries = (from, link) => !(from === 1 && link === 0);
  pair.run(2 * havenLinkTiming.downMs);
  assert.deepEqual([...pair.log].sort(), ['1: link-down 0 one-way', '2: link-down 0 silent']);
});

test('a link comes back only after it has carried without a break', () => {
  const pair = new Pair('passive');
  pair.carries = (_, link) => link !== 0;
  pair.run(1000);
  pair.carries = () => true;
  pair.run(havenLinkTiming.upMs - 2 * havenLinkTiming.probeMs);
  assert.deepEqual(routeTo(pair.ends[0], 2), [1], 'not yet');
  pair.run(4 * havenLinkTiming.probeMs);
  assert.deepEqual(routeTo(pair.ends[0], 2), [0]);
});

test('carrier loss acts at once, and all links are tried when none is left', () => {
  const [links] = new Pair('passive').ends;
  const effects = stepLinks(links, { kind: 'carrier', link: 0, state: 'down', nowMs: 1 });
  assert.deepEqual(effects, [{ kind: 'link-down', peer: 2, link: 0, reason: 'carrier' }]);
  assert.deepEqual(routeTo(links, 2), [1]);
  stepLinks(links, { kind: 'carrier', link: 1, state: 'down', nowMs: 2 });
  assert.deepEqual(routeTo(links, 2), [0, 1]);
  assert.deepEqual(
    linkHealth(links).map(({ health }) => health),
    ['down', 'down'],
  );
});

test('a link that loses a probe is in doubt until none was lost for a while', () => {
  const pair = new Pair('passive');
  pair.run(1000);
  let lost = 0;
  pair.carries = (from, link) => !(from === 1 && link === 0 && lost++ === 0);
  // What is said besides the probes does not hide that one is missing.
  for (let heard = 0; heard < 5; heard++) {
    pair.run(havenLinkTiming.doubtMs / 2);
    stepLinks(pair.ends[1], { kind: 'heard', peer: 1, link: 0, nowMs: pair.nowMs });
  }
  for (const links of pair.ends) assert.deepEqual(routeTo(links, 3 - links.config.nodeId), [0, 1]);
  pair.run(havenLinkTiming.upMs);
  for (const links of pair.ends) assert.deepEqual(routeTo(links, 3 - links.config.nodeId), [0]);
  assert.deepEqual(pair.log, []);
});
