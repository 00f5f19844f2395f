import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';
import {
  decodeArp,
  etherTypeArp,
  etherTypeIpv6,
  namedNamespace,
  openPacketSocket,
  orFail,
} from '../../../linux/index.ts';
import type { Fate } from '../../builtin.ts';
import { type Bench, type Cable, eventually, makeBench, makeCable, orderOf } from '../../testing/bench.ts';

const resourceAgents = existsSync('/usr/lib/ocf/resource.d/heartbeat/IPaddr2');
let cable: Cable;
let bench: Bench;
before(() => {
  cable = makeCable();
  bench = makeBench({ side: cable.left });
  bench.executor.prepare();
});
after(async () => {
  await bench.close();
  cable.remove();
});

const agent = 'ocf:haven:ip';
const parameters = { ip: '192.0.2.100' };
const shown = () => cable.ip(cable.left, '-o', 'address', 'show', 'dev', 'eth0');

/** Counts what is announced for `address` on the other side of the cable. */
function listenFor(address: string, context: { after: (hook: () => void) => void }) {
  const heard: { atMs: number; operation: string }[] = [];
  const namespace = namedNamespace(cable.right);
  const socket = orFail(openPacketSocket({ etherType: etherTypeArp, namespace, outgoing: 'ignore' }));
  context.after(() => socket.close());
  orFail(
    socket.listen({
      onFrame: ({ bytes }) => {
        const message = decodeArp(bytes);
        if (message?.senderAddress === address && message.targetAddress === address)
          heard.push({ atMs: performance.now(), operation: message.operation });
      },
      onError: ({ errno }) => assert.fail(errno),
    }),
  );
  return heard;
}

test('an address starts where its route is, is announced, monitored, pledged, and stops', async (context) => {
  const heard = listenFor('192.0.2.100', context);
  assert.equal((await bench.done(orderOf(agent, 'vip', 'monitor', { parameters }))).outcome.code, 7);
  const started = await bench.done(orderOf(agent, 'vip', 'start', { parameters }));
  assert.deepEqual([started.outcome.code, started.outcome.reason], [0, '']);
  assert.match(shown(), /192\.0\.2\.100\/24 brd 192\.0\.2\.255/);
  assert.deepEqual(bench.addresses(), [{ interfaceName: 'eth0', address: '192.0.2.100', prefixLength: 24 }]);
  await eventually('both forms are announced, five times', () => heard.length >= 10);
  assert.deepEqual(new Set(heard.map(({ operation }) => operation)), new Set(['request', 'reply']));
  assert.equal((await bench.done(orderOf(agent, 'vip', 'monitor', { parameters }))).outcome.code, 0);
  assert.equal((await bench.done(orderOf(agent, 'vip', 'start', { parameters }))).outcome.code, 0);
  const stopped = await bench.done(orderOf(agent, 'vip', 'stop', { parameters }));
  assert.equal(stopped.outcome.code, 0);
  context.diagnostic(`start ${started.execMs.toFixed(2)} ms, stop ${stopped.execMs.toFixed(2)} ms`);
  // What follows it on the cable has arrived: so has everything that was sent before the stop.
  const marks = listenFor('192.0.2.1', context);
  execFileSync('ip', ['netns', 'exec', cable.left, 'arping', '-c', '1', '-A', '-I', 'eth0', '192.0.2.1']);
  await eventually('the mark arrives', () => marks.length > 0);
  await new Promise((resolve) => setImmediate(resolve));
  const count = heard.length;
  assert.doesNotMatch(shown(), /192\.0\.2\.100/);
  assert.deepEqual(bench.addresses(), []);
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.equal(heard.length, count, 'nothing is announced after a stop');
  assert.equal((await bench.done(orderOf(agent, 'vip', 'stop', { parameters }))).outcome.code, 0);
  assert.equal((await bench.done(orderOf(agent, 'vip', 'monitor', { parameters }))).outcome.code, 7);
});

test('an address that somebody takes off, and a carrier that is lost, are told before any monitor looks', async () => {
  await bench.done(orderOf(agent, 'seen', 'start', { parameters }));
  const monitor = orderOf(agent, 'seen', 'monitor', { parameters, intervalMs: 3_600_000 });
  const { callId } = await bench.done(monitor);
  const codes = () => bench.reports.filter((report) => report.callId === callId).map(({ outcome }) => outcome);
  cable.ip(cable.left, 'address', 'del', '192.0.2.100/24', 'dev', 'eth0');
  await eventually('the loss is told', () => codes().length === 2);
  assert.equal(codes()[1]?.code, 7);
  assert.match(codes()[1]?.reason ?? '', /no longer on eth0/);
  await bench.done(orderOf(agent, 'seen', 'stop', { parameters }));
  await bench.done(orderOf(agent, 'seen', 'start', { parameters }));
  const again = await bench.done(monitor);
  cable.ip(cable.right, 'link', 'set', 'eth0', 'down');
  const failed = () => bench.reports.filter((report) => report.callId === again.callId && report.outcome.code === 1);
  await eventually('the lost carrier is told', () => failed().length === 1);
  assert.match(failed()[0]?.outcome.reason ?? '', /no carrier/);
  cable.ip(cable.right, 'link', 'set', 'eth0', 'up');
  cable.ip(cable.right, 'address', 'replace', '2001:db8::2/64', 'dev', 'eth0', 'nodad');
  await bench.done(orderOf(agent, 'seen', 'stop', { parameters }));
});

test('an address that a monitor missed during a lapse, and that is back, is told when it is lost afterwards', async (context) => {
  let fate: Fate = 'lost';
  const lapsing = makeBench({ side: cable.left, fateOfTaken: () => fate });
  context.after(() => lapsing.close());
  const ip = '192.0.2.103';
  const take = () => cable.ip(cable.left, 'address', 'del', `${ip}/24`, 'dev', 'eth0');
  await lapsing.done(orderOf(agent, 'lapsing', 'start', { parameters: { ip } }));
  const { callId } = await lapsing.done(orderOf(agent, 'lapsing', 'monitor', { parameters: { ip }, intervalMs: 300 }));
  const codes = () => lapsing.reports.filter((report) => report.callId === callId).map(({ outcome }) => outcome.code);
  fate = 'undecided';
  take();
  // Two beats of the monitor find it gone meanwhile.
  await new Promise((resolve) => setTimeout(resolve, 700));
  lapsing.executor.settleTaken('returns');
  fate = 'lost';
  assert.match(shown(), /192\.0\.2\.103/);
  take();
  await eventually('the loss is told', () => codes().length > 1);
  assert.deepEqual(codes(), [0, 7]);
  await lapsing.done(orderOf(agent, 'lapsing', 'stop', { parameters: { ip } }));
});

test('with run_arping an address that a neighbour has is refused with its place, and a free one is taken', async () => {
  const probing = { ip: '192.0.2.2', run_arping: 'true' };
  const refused = await bench.done(orderOf(agent, 'dup', 'start', { parameters: probing }));
  assert.equal(refused.outcome.code, 1);
  assert.match(refused.outcome.reason, /192\.0\.2\.2 is in use already, at ..:..:/);
  assert.doesNotMatch(shown(), /192\.0\.2\.2\//);
  const free = { ip: '192.0.2.101', run_arping: 'true' };
  assert.equal((await bench.done(orderOf(agent, 'dup', 'start', { parameters: free }))).outcome.code, 0);
  await bench.done(orderOf(agent, 'dup', 'stop', { parameters: free }));
});

test('IPv6 addresses are announced by neighbour advertisements, and checked by the kernel where asked', async (context) => {
  let advertisements = 0;
  const namespace = namedNamespace(cable.right);
  const socket = orFail(openPacketSocket({ etherType: etherTypeIpv6, namespace, outgoing: 'ignore' }));
  context.after(() => socket.close());
  // ICMPv6 type 136 at 54; its target's last byte at 77.
  const onFrame = ({ bytes }: { bytes: Buffer }) => {
    if (bytes[54] === 136 && bytes[77] === 0x99) advertisements++;
  };
  orFail(socket.listen({ onFrame, onError: ({ errno }) => assert.fail(errno) }));
  const six = { ip: '2001:db8::99' };
  assert.equal((await bench.done(orderOf(agent, 'six', 'start', { parameters: six }))).outcome.code, 0);
  assert.match(shown(), /2001:db8::99\/64 [^\n]*nodad/);
  await eventually('it is advertised', () => advertisements >= 2);
  await bench.done(orderOf(agent, 'six', 'stop', { parameters: six }));
  const taken = { ip: '2001:db8::2', nodad: 'false' };
  const refused = await bench.done(orderOf(agent, 'six', 'start', { parameters: taken }));
  assert.equal(refused.outcome.code, 1);
  assert.match(refused.outcome.reason, /in use already/);
  assert.doesNotMatch(shown(), /2001:db8::2\//);
});

test('a kernel that refuses is an outcome, not an end of the daemon', async () => {
  const nowhere = makeBench({ side: 'haven-no-such-namespace' });
  const { outcome } = await nowhere.done(orderOf(agent, 'vip', 'start', { parameters }));
  assert.equal(outcome.code, 4);
  assert.match(outcome.reason, /cannot open the network namespace/);
  await nowhere.close();
});

test('on request an active address is announced again, as after a healed partition', async (context) => {
  // The second announcement of the start is a minute away.
  const rarely = { ...parameters, arp_count: '2', arp_interval: '60000' };
  const heard = listenFor('192.0.2.100', context);
  await bench.done(orderOf(agent, 'again', 'start', { parameters: rarely }));
  await eventually('the start is announced', () => heard.length === 2);
  bench.executor.announce();
  await eventually('it is announced', () => heard.length === 4);
  await bench.done(orderOf(agent, 'again', 'stop', { parameters: rarely }));
});

test('removing the first address of a prefix leaves the later ones', async () => {
  const at = (ip: string) => ({ parameters: { ip, nic: 'eth0', cidr_netmask: '255.255.255.0' } });
  await bench.done(orderOf(agent, 'one', 'start', at('198.51.100.1')));
  await bench.done(orderOf(agent, 'two', 'start', at('198.51.100.2')));
  await bench.done(orderOf(agent, 'one', 'stop', at('198.51.100.1')));
  assert.match(shown(), /198\.51\.100\.2\/24/);
  assert.equal((await bench.done(orderOf(agent, 'two', 'monitor', at('198.51.100.2')))).outcome.code, 0);
  await bench.done(orderOf(agent, 'two', 'stop', at('198.51.100.2')));
  assert.doesNotMatch(shown(), /198\.51\.100/);
});

test('a next executor adopts an address that runs: it pledges it, and tells only what has changed', async () => {
  await bench.done(orderOf(agent, 'kept', 'start', { parameters }));
  const next = makeBench({ side: cable.left });
  const monitor = orderOf(agent, 'kept', 'monitor', { parameters, intervalMs: 50 });
  const callId = next.executor.resume(monitor, 0);
  assert.deepEqual(next.addresses(), [{ interfaceName: 'eth0', address: '192.0.2.100', prefixLength: 24 }]);
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(next.reports.length, 0);
  cable.ip(cable.left, 'address', 'del', '192.0.2.100/24', 'dev', 'eth0');
  await eventually('the loss is told', () => next.reports.length === 1);
  const told = next.reports.map((report) => [report.callId, report.outcome.code]);
  assert.deepEqual(told, [[callId, 7]]);
  await next.close();
  await bench.done(orderOf(agent, 'kept', 'stop', { parameters }));
});

test('the real IPaddr2 and the built-in agent undo one another, and both are pledged', {
  skip: !resourceAgents && 'needs resource-agents',
}, async () => {
  const real = 'ocf:heartbeat:IPaddr2';
  const started = await bench.done(orderOf(real, 'mix', 'start', { parameters }));
  assert.equal(started.outcome.code, 0, started.outcome.output);
  const held = [{ interfaceName: 'eth0', address: '192.0.2.100', prefixLength: 24 }];
  assert.deepEqual(bench.addresses(), held);
  bench.executor.setFastAgents('map');
  const found = await bench.done(orderOf(real, 'mix', 'monitor', { parameters }));
  assert.equal(found.outcome.code, 0);
  assert.deepEqual(bench.addresses(), held);
  assert.equal((await bench.done(orderOf(real, 'mix', 'stop', { parameters }))).outcome.code, 0);
  assert.deepEqual(bench.addresses(), []);
  await bench.done(orderOf(real, 'mix', 'start', { parameters }));
  bench.executor.setFastAgents('keep');
  assert.equal((await bench.done(orderOf(real, 'mix', 'stop', { parameters }))).outcome.code, 0);
  assert.doesNotMatch(shown(), /192\.0\.2\.100/);
  assert.deepEqual(bench.addresses(), []);
});
