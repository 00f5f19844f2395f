import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseXml } from '../../cib/index.ts';
import { Random } from '../../kit/index.ts';
import type { FencingOrder } from '../message.ts';
import { carriedOver, type FencerEvent, type FencerState, fencer, invariants, nextDeadline, step } from './fencer.ts';
import { fencingRequestOf } from './request.ts';

const now = { epochSeconds: 1_800_000_000, offsetSeconds: 0 };

function device(id: string, pairs: Readonly<Record<string, string>>): string {
  const nvpairs = Object.entries(pairs).map(
    ([name, value]) => `<nvpair id="${id}-${name}" name="${name}" value="${value}"/>`,
  );
  return `<primitive id="${id}" class="stonith" type="fence_fake"><instance_attributes id="${id}-p">${nvpairs.join('')}</instance_attributes></primitive>`;
}

function request(devices: string, options: { topology?: string; properties?: string; action?: 'off' | 'reboot' } = {}) {
  const { topology = '', properties = '', action = 'reboot' } = options;
  const nodes = ['a', 'b', 'c'];
  const states = nodes.map(
    (name, index) =>
      `<node_state id="${index + 1}" uname="${name}" in_ccm="true" crmd="online" join="member" expected="member"/>`,
  );
  const text = `<cib validate-with="pacemaker-4.0" have-quorum="1"><configuration><crm_config><cluster_property_set id="cib-bootstrap-options">${properties}</cluster_property_set></crm_config><nodes>${nodes.map((name, index) => `<node id="${index + 1}" uname="${name}"/>`).join('')}</nodes><resources>${devices}</resources><constraints/><fencing-topology>${topology}</fencing-topology></configuration><status>${states.join('')}</status></cib>`;
  const parsed = parseXml(text);
  assert.ok(parsed.ok);
  const target = { id: '3', name: 'c' };
  return fencingRequestOf(parsed.value, now, { target, action, request: 'r1', by: 'test', delayMs: 0 });
}

type Answer = (order: FencingOrder) => string | undefined | 'never';

/** The attempts as `ACTION DEVICE NODE`, and how it ended. */
function run(wanted: ReturnType<typeof request>, answer: Answer): { attempts: string[]; end: string; tookMs: number } {
  let state: FencerState = fencer('t');
  let nowMs = 0;
  const attempts: string[] = [];
  const events: FencerEvent[] = [{ kind: 'request', nowMs, ...wanted }];
  for (let count = 0; count < 1_000; count++) {
    const event = events.shift();
    if (event === undefined) {
      const deadline = nextDeadline(state);
      assert.ok(deadline !== undefined, 'an operation that has not ended waits for something');
      nowMs = Math.max(nowMs, deadline);
      events.push({ kind: 'tick', nowMs });
      continue;
    }
    const done = step(state, event);
    state = done.state;
    invariants(state);
    for (const effect of done.effects) {
      if (effect.kind === 'ended') return { attempts, end: effect.failure ?? `by ${effect.device}`, tookMs: nowMs };
      const { order } = effect;
      attempts.push(`${order.action} ${order.device.id} ${order.node}`);
      const failure = answer(order);
      if (failure !== 'never') events.push({ kind: 'answered', nowMs, attempt: order.attempt, failure });
    }
  }
  assert.fail('fencing does not end');
}

const both = device('d1', { pcmk_host_list: 'a b c' }) + device('d2', { pcmk_host_map: 'c:7' });

test('one device after the other is tried, each as often as it may fail, never from the target', () => {
  assert.deepEqual(
    run(request(both), () => undefined),
    { attempts: ['reboot d1 a'], end: 'by d1', tookMs: 0 },
  );
  const { attempts, end } = run(request(both), () => 'broken');
  assert.deepEqual(attempts, ['reboot d1 a', 'reboot d1 b', 'reboot d2 a', 'reboot d2 b']);
  assert.equal(end, 'd1 on b: broken; d2 on b: broken');
});

test('a device that is not for the node is left alone', () => {
  const devices = device('d1', { pcmk_host_list: 'a b' }) + device('d2', { pcmk_host_check: 'none' });
  assert.deepEqual(run(request(devices), () => undefined).attempts, ['reboot d2 a']);
  assert.equal(run(request(device('d1', { pcmk_host_list: 'a' })), () => undefined).end, 'no device can fence it');
});

test('devices of a level reboot together by off and on, and a failed on does no harm', () => {
  const topology = '<fencing-level id="l1" target="c" index="1" devices="d1,d2"/>';
  const wanted = request(both, { topology });
  const { attempts, end } = run(wanted, ({ action }) => (action === 'on' ? 'broken' : undefined));
  assert.deepEqual(attempts.slice(0, 2), ['off d1 a', 'off d2 a']);
  assert.ok(attempts.slice(2).every((line) => line.startsWith('on ')));
  assert.equal(end, 'by d1, d2');
});

test('the next level is tried when a device of the one before fails', () => {
  const topology =
    '<fencing-level id="l2" target-pattern="^[bc]$" index="2" devices="d2"/><fencing-level id="l1" target-pattern="^[bc]$" index="1" devices="d1"/>';
  const { attempts, end } = run(request(both, { topology, action: 'off' }), ({ device: { id } }) =>
    id === 'd1' ? 'broken' : undefined,
  );
  assert.deepEqual(attempts, ['off d1 a', 'off d1 b', 'off d2 a']);
  assert.equal(end, 'by d2');
});

test('what does not answer is given up after its own timeout', () => {
  const slow = device('d1', { pcmk_host_list: 'c', pcmk_off_timeout: '10s', pcmk_off_retries: '1' });
  const { end, tookMs } = run(request(slow, { action: 'off' }), () => 'never');
  assert.equal(end, 'd1 on a: it did not answer in time');
  assert.equal(tookMs, 25_000);
});

test('a delay is kept before the first device only', () => {
  const delayed = device('d1', { pcmk_host_list: 'c', pcmk_delay_base: 'c:3s', pcmk_delay_max: '5s' });
  const { attempts, tookMs } = run(request(delayed), () => undefined);
  assert.equal(attempts.length, 1);
  assert.ok(tookMs >= 3_000 && tookMs <= 5_000);
});

test('a node with a watchdog is down by itself after a while', () => {
  const properties =
    '<nvpair id="w" name="have-watchdog" value="true"/><nvpair id="t" name="stonith-watchdog-timeout" value="10s"/>';
  assert.deepEqual(
    run(request('', { properties }), () => undefined),
    { attempts: [], end: 'by watchdog', tookMs: 10_000 },
  );
});

test('requests for the same join, and whoever vouches for the node ends them all', () => {
  const wanted = request(both);
  const first = step(fencer('t'), { kind: 'request', nowMs: 0, ...wanted });
  const second = step(first.state, { kind: 'request', nowMs: 1, ...wanted, request: 'r2' });
  assert.deepEqual(second.effects, []);
  const done = step(second.state, { kind: 'confirmed-by-hand', nowMs: 2, target: 'c', by: 'root' });
  const [ended] = done.effects;
  assert.ok(ended?.kind === 'ended' && ended.failure === undefined);
  assert.deepEqual(ended.requests, ['r1', 'r2']);
  assert.equal(nextDeadline(done.state), undefined);
});

test('whatever the devices answer, fencing ends after a bounded number of attempts', () => {
  const topology =
    '<fencing-level id="l1" target="c" index="1" devices="d1,d2"/><fencing-level id="l2" target="c" index="2" devices="d2"/>';
  for (let seed = 0; seed < 100; seed++) {
    const random = new Random(`fencer/${seed}`);
    const { attempts } = run(request(both, { topology }), () => random.pick([undefined, 'broken', 'never']));
    assert.ok(attempts.length <= 10, attempts.join('\n'));
  }
});

test('a change of the membership drops what only waits, and carries through what has begun', () => {
  const prompt = request(device('pdu', { pcmk_host_list: 'c' }));
  const begun = step(fencer('t'), { kind: 'request', nowMs: 0, ...prompt });
  const [attempt] = begun.effects.flatMap((effect) => (effect.kind === 'attempt' ? [effect.order.attempt] : []));
  const vain = carriedOver(begun.state, { term: 'u', returned: new Set() });
  assert.deepEqual([vain.state.operations, vain.over], [[], []], 'nobody heard the order: it is not waited for');
  const ordered = step(begun.state, { kind: 'ordered', nowMs: 0, attempt: attempt ?? '' });
  const { state: over, again: saidAgain } = carriedOver(ordered.state, { term: 'u', returned: new Set() });
  assert.deepEqual(
    saidAgain.map((order) => order.attempt),
    [attempt],
  );
  // The wish comes again with the next decision, and joins.
  const again = step(over, { kind: 'request', nowMs: 1, ...prompt, request: 'r2' });
  assert.deepEqual(again.effects, []);
  const done = step(again.state, { kind: 'answered', nowMs: 2, attempt: attempt ?? '', failure: undefined });
  assert.deepEqual(
    done.effects.map((effect) => (effect.kind === 'ended' ? [effect.requests, effect.failure] : effect.kind)),
    [[['r1', 'r2'], undefined]],
  );
  const late = request(device('pdu', { pcmk_host_list: 'c', pcmk_delay_base: '5s' }));
  const waiting = step(fencer('t'), { kind: 'request', nowMs: 0, ...late });
  assert.equal(nextDeadline(carriedOver(waiting.state, { term: 'u', returned: new Set() }).state), undefined);
});

test('a node that is back is no longer fenced: a late answer says nothing of what it runs now', () => {
  const prompt = request(device('pdu', { pcmk_host_list: 'c' }));
  const begun = step(fencer('t'), { kind: 'request', nowMs: 0, ...prompt });
  const [attempt] = begun.effects.flatMap((effect) => (effect.kind === 'attempt' ? [effect.order.attempt] : []));
  const ordered = step(begun.state, { kind: 'ordered', nowMs: 0, attempt: attempt ?? '' });
  const { state, over } = carriedOver(ordered.state, { term: 'u', returned: new Set(['c']) });
  assert.deepEqual(
    over.map(({ requests }) => requests),
    [['r1']],
  );
  const late = step(state, { kind: 'answered', nowMs: 2, attempt: attempt ?? '', failure: undefined });
  assert.deepEqual(late.effects, []);
});
