import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually, isAlive, makeBench, orderOf } from '../testing/bench.ts';
import type { AgentFolders } from './runner.ts';

const folder = mkdtempSync(join(tmpdir(), 'haven-hostile-'));
const folders: AgentFolders = {
  ocfRoot: join(folder, 'ocf'),
  lsb: join(folder, 'init.d'),
  fence: [join(folder, 'fence')],
};
const beats = join(folder, 'beats');

function write(path: string, text: string) {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), `#!/bin/sh\n${text}\n`);
  chmodSync(join(folder, path), 0o755);
}

before(() => {
  write(
    'ocf/resource.d/own/deaf',
    `trap '' TERM INT HUP; sleep 600 & echo $! > ${folder}/child; while :; do sleep 1; done`,
  );
  write(
    'ocf/resource.d/own/loud',
    'i=0; while [ $i -lt 8 ]; do head -c 4000000 /dev/urandom & i=$((i+1)); done; wait; exit 0',
  );
  write('ocf/resource.d/own/mute', 'exec >&- 2>&- <&-; sleep 0.05; exit 7');
  write('ocf/resource.d/own/clingy', `setsid sleep 600 & echo $! > ${folder}/clinging; exit 0`);
  write('ocf/resource.d/own/beat', `date +%s%N >> ${beats}; exit 0`);
  write(
    'ocf/resource.d/own/slow',
    `echo + >> ${folder}/slow; while [ ! -e ${folder}/go ]; do sleep 0.02; done; sleep 0.2; echo - >> ${folder}/slow; exit 0`,
  );
  write('ocf/resource.d/own/tell', 'echo "$1 $OCF_RESKEY_CRM_meta_notify_type $OCF_RESKEY_CRM_meta_on_node"; exit 0');
  write('ocf/resource.d/own/text', 'exit 0');
  write(
    'ocf/resource.d/own/thing',
    `f=${folder}/thing-$OCF_RESKEY_name; case $1 in start) touch $f;; stop) rm -f $f;; monitor) [ -e $f ] || exit 7;; esac`,
  );
  writeFileSync(join(folder, 'ocf/resource.d/own/garbage'), Buffer.from([0x7f, 0x45, 0x4c, 0x46, 1, 2, 3, 0]));
  chmodSync(join(folder, 'ocf/resource.d/own/garbage'), 0o755);
  const meta = '<resource-agent name="fence_dev"><actions><action name="monitor"/></actions></resource-agent>';
  write(
    'fence/fence_dev',
    `in=$(cat); case "$in" in *action=metadata*) echo '${meta}';; *action=monitor*) ;; *) exit 1;; esac`,
  );
});
after(() => rmSync(folder, { recursive: true }));

test('an agent that hangs and ignores every signal is killed with its children, and the next operation runs', async () => {
  const bench = makeBench({ folders });
  const path = join(folder, 'child');
  // The first time in which the agent gets so far.
  for (let timeoutMs = 1000; !existsSync(path) || readFileSync(path, 'utf8') === ''; timeoutMs *= 3) {
    const hung = await bench.done(orderOf('ocf:own:deaf', 'r', 'start', { timeoutMs }));
    assert.deepEqual([hung.outcome.status, hung.outcome.code], ['timeout', 1]);
  }
  const child = readFileSync(path, 'utf8').trim();
  await eventually('its child is gone', () => !isAlive(child));
  assert.equal((await bench.done(orderOf('ocf:own:text', 'r', 'notify'))).outcome.code, 0);
  await bench.close();
});

test('floods of bytes, closed descriptors, children on the pipes and broken programs each end in an outcome', async (context) => {
  const bench = makeBench({ folders });
  const [loud, mute, clingy, garbage, absent, nonsense] = await Promise.all([
    bench.done(orderOf('ocf:own:loud', 'a', 'start')),
    bench.done(orderOf('ocf:own:mute', 'b', 'monitor')),
    bench.done(orderOf('ocf:own:clingy', 'c', 'start')),
    bench.done(orderOf('ocf:own:garbage', 'd', 'start')),
    bench.done(orderOf('ocf:own:absent', 'e', 'start')),
    bench.done(orderOf('ocf:../..:sh', 'f', 'start')),
  ]);
  const clinging = readFileSync(join(folder, 'clinging'), 'utf8').trim();
  context.after(() => process.kill(Number(clinging), 'SIGKILL'));
  assert.equal(loud.outcome.code, 0);
  assert.ok(Buffer.byteLength(loud.outcome.output) <= 4 * 64 * 1024);
  assert.equal(mute.outcome.code, 7);
  assert.equal(clingy.outcome.code, 0);
  assert.ok(isAlive(clinging), 'nobody waited for its end');
  assert.notEqual(garbage.outcome.code, 0);
  for (const { outcome } of [absent, nonsense]) assert.deepEqual([outcome.status, outcome.code], ['not-installed', 5]);
  await bench.close();
});

test('parameters that no program can be given are an error of that operation alone', async () => {
  const bench = makeBench({ folders });
  const parameters = { big: 'x'.repeat(200_000) };
  const failed = await bench.done(orderOf('ocf:own:text', 'big', 'start', { parameters }));
  assert.notEqual(failed.outcome.code, 0);
  assert.equal((await bench.done(orderOf('ocf:own:text', 'big', 'stop'))).outcome.code, 0);
  await bench.close();
});

const things = () => readdirSync(folder).filter((name) => name.startsWith('thing-'));
const thing = (operation: string, parameters = {}) => orderOf('ocf:own:thing', 'r', operation, { parameters });

test('a stop ends what was started, whatever the document says by then', async () => {
  const bench = makeBench({ folders });
  for (const later of [{ name: 'new' }, {}]) {
    await bench.done(thing('start', { name: 'old' }));
    assert.equal((await bench.done(thing('stop', later))).outcome.code, 0);
    assert.deepEqual(things(), []);
  }
  await bench.done(thing('start', { name: 'old' }));
  await bench.done(thing('stop', { name: 'old' }));
  writeFileSync(join(folder, 'thing-other'), '');
  await bench.done(thing('stop', { name: 'other' }));
  assert.deepEqual(things(), [], 'what is stopped is forgotten: the next stop is by what it is given');
  await bench.close();
});

test('stopping what has no agent here is done when nothing was started, and fails when something was', async () => {
  const bench = makeBench({ folders });
  const outcomeOf = async (agent: string, action: string) => (await bench.done(orderOf(agent, 's', action))).outcome;
  assert.equal((await outcomeOf('ocf:own:absent', 'start')).status, 'not-installed');
  assert.deepEqual([(await outcomeOf('ocf:own:absent', 'stop')).code], [0]);
  write('ocf/resource.d/own/leaving', 'exit 0');
  assert.equal((await outcomeOf('ocf:own:leaving', 'start')).code, 0);
  rmSync(join(folder, 'ocf/resource.d/own/leaving'));
  assert.equal((await outcomeOf('ocf:own:leaving', 'stop')).status, 'not-installed');
  await bench.close();
});

test('a stop knows what was started, or found running, before the daemon was restarted', async () => {
  const keepState = mkdtempSync(join(tmpdir(), 'haven-kept-'));
  for (const [operation, present] of [
    ['start', 'old'],
    ['monitor', 'found'],
  ] as const) {
    writeFileSync(join(folder, `thing-${present}`), '');
    const before = makeBench({ folders, keepState });
    assert.equal((await before.done(thing(operation, { name: present }))).outcome.code, 0);
    await before.close();
    const after = makeBench({ folders, keepState });
    assert.equal((await after.done(thing('stop'))).outcome.code, 0);
    assert.deepEqual(things(), []);
    await after.close();
  }
  rmSync(keepState, { recursive: true });
});

test('a probe finds what was started before, and tells of it as it was started', async () => {
  const bench = makeBench({ folders });
  await bench.done(thing('start', { name: 'old' }));
  const probe = await bench.done(thing('monitor', { name: 'new' }));
  assert.equal(probe.outcome.code, 0);
  const agent = { class: 'ocf', provider: 'own', type: 'thing' };
  assert.deepEqual(probe.found, { agent, parameters: { name: 'old' } });
  assert.equal((await bench.done(thing('monitor', { name: 'old' }))).found, undefined);
  assert.equal((await bench.done(orderOf('ocf:own:text', 'r', 'stop'))).outcome.code, 0);
  assert.deepEqual(things(), [], 'by the agent that started it');
  assert.equal((await bench.done(thing('monitor', { name: 'new' }))).outcome.code, 7);

  await bench.done(thing('start', { name: 'old' }));
  rmSync(join(folder, 'thing-old'));
  writeFileSync(join(folder, 'thing-new'), '');
  const moved = await bench.done(thing('monitor', { name: 'new' }));
  assert.deepEqual([moved.outcome.code, moved.found], [0, undefined], 'what went by itself is not looked for again');
  await bench.done(thing('stop', { name: 'new' }));
  assert.deepEqual([things(), bench.executor.started().size], [[], 0]);
  await bench.close();
});

test('a recurring operation keeps its beat, starts after its delay, reports once, and is cancelled with a report', async () => {
  const bench = makeBench({ folders });
  const orderedMs = Date.now();
  const monitor = await bench.done(orderOf('ocf:own:beat', 'r', 'monitor', { intervalMs: 100, startDelayMs: 150 }));
  const times = () =>
    readFileSync(beats, 'utf8')
      .trim()
      .split('\n')
      .map((line) => Number(line) / 1e6);
  await eventually('it has run often', () => times().length >= 8);
  const which = { resource: 'r', operation: 'monitor', intervalMs: 100 };
  assert.equal(bench.executor.cancel({ ...which, intervalMs: 99 }), false);
  assert.equal(bench.executor.cancel(which), true);
  assert.equal(bench.executor.cancel(which), false);
  const own = bench.reports.filter(({ callId }) => callId === monitor.callId);
  assert.deepEqual(
    own.map(({ outcome }) => outcome.status),
    ['done', 'cancelled'],
  );
  // No run comes before its beat, however the machine is loaded.
  times().forEach((atMs, run) => {
    assert.ok(atMs - orderedMs >= 149 + 100 * run, `run ${run} came ${atMs - orderedMs} ms after the order`);
  });
  await bench.close();
});

test('no more run at once than allowed, and the time in the queue is told', async () => {
  const bench = makeBench({ folders, runsMax: 2 });
  const ids = ['a', 'b', 'c', 'd', 'e'];
  const all = Promise.all(ids.map((id) => bench.done(orderOf('ocf:own:slow', id, 'start'))));
  await eventually('two run', () => bench.executor.running().length === 2);
  assert.equal(bench.executor.waiting(), 3);
  writeFileSync(join(folder, 'go'), '');
  const reports = await all;
  let running = 0;
  for (const mark of readFileSync(join(folder, 'slow'), 'utf8').trim().split('\n')) {
    running += mark === '+' ? 1 : -1;
    assert.ok(running <= 2);
  }
  assert.ok(Math.max(...reports.map(({ queueMs }) => queueMs)) >= 350);
  assert.ok(reports.every(({ execMs }) => execMs >= 190));
  await bench.close();
});

test('notifications, migrations and reloads reach the agent as they are', async () => {
  const bench = makeBench({ folders });
  const meta = { CRM_meta_notify_type: 'post', on_node: 'n1' };
  for (const action of ['notify', 'promote', 'demote', 'migrate_to', 'migrate_from', 'reload-agent']) {
    const { outcome } = await bench.done(orderOf('ocf:own:tell', 'r', action, { meta }));
    assert.equal(outcome.output, `${action} post n1\n`);
  }
  await bench.close();
});

test('a fence device is started when its agent answers, and is not asked to stop', async () => {
  const bench = makeBench({ folders });
  const code = async (action: string) => (await bench.done(orderOf('stonith:fence_dev', 'dev', action))).outcome.code;
  const codes = [await code('monitor'), await code('start'), await code('monitor'), await code('stop')];
  assert.deepEqual([...codes, await code('monitor')], [7, 0, 0, 0, 7]);
  await bench.close();
});

test('closing waits for what runs, and starts nothing more', async () => {
  const bench = makeBench({ folders });
  rmSync(join(folder, 'go'), { force: true });
  const slow = bench.executor.execute(orderOf('ocf:own:slow', 'slow', 'start'));
  await eventually('it runs', () => bench.executor.running().length === 1);
  const closed = bench.executor.close(60_000);
  writeFileSync(join(folder, 'go'), '');
  await closed;
  assert.deepEqual(
    bench.reports.map(({ callId, outcome }) => [callId, outcome.code]),
    [[slow, 0]],
  );
  bench.executor.execute(orderOf('ocf:own:text', 'late', 'start'));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(bench.executor.running().length, 0);
  await bench.close();
});

test('closing kills what does not end', async () => {
  const bench = makeBench({ folders });
  const deaf = bench.executor.execute(orderOf('ocf:own:deaf', 'deaf', 'start', { timeoutMs: 600_000 }));
  await eventually('it runs', () => bench.executor.running().length === 1);
  await bench.executor.close(300);
  await eventually('its end is reported', () => bench.reports.length > 0);
  assert.deepEqual(
    bench.reports.map(({ callId, outcome }) => [callId, outcome.code]),
    [[deaf, 1]],
  );
  await bench.close();
});
