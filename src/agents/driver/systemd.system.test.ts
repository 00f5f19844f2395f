import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually } from '../testing/bench.ts';
import { FakeManager, TestBus } from '../testing/systemd.ts';
import { AgentCatalogue } from './catalogue.ts';
import { runOperation, standardFolders } from './runner.ts';

const bus = new TestBus();
const runtime = mkdtempSync(join(tmpdir(), 'haven-units-'));
const folders = { ...standardFolders, systemd: { bus: bus.path, runtime } };
let manager: FakeManager;

before(async () => {
  await bus.start();
  manager = await FakeManager.on(bus.path);
});
after(() => {
  manager.close();
  bus.remove();
  rmSync(runtime, { recursive: true });
});

function begin(unit: string, action: string, timeoutMs = 90_000) {
  const operation = { resource: 'r', action, intervalMs: 0, timeoutMs, parameters: {}, meta: {} };
  return runOperation({ class: 'systemd', type: unit }, operation, folders);
}

const run = (unit: string, action: string, timeoutMs?: number) => begin(unit, action, timeoutMs).outcome;

test('a unit is started, seen, restarted and stopped by jobs that replace others', async () => {
  manager.unit('web.service', {});
  assert.equal((await run('web', 'monitor')).code, 7);
  assert.equal((await run('web', 'start')).code, 0);
  assert.equal((await run('web', 'monitor')).code, 0);
  assert.equal((await run('web', 'restart')).code, 0);
  assert.equal((await run('web', 'stop')).code, 0);
  assert.equal((await run('web', 'monitor')).code, 7);
  const jobs = manager.calls.filter((call) => call.endsWith(' replace'));
  assert.deepEqual(
    jobs,
    ['Start', 'Restart', 'Stop'].map((verb) => `${verb}Unit web.service replace`),
  );
});

test('a unit that the cluster has started stops after Haven and is not started by systemd, until the cluster stops it', async () => {
  const file = join(runtime, 'kept.service.d', '50-haven.conf');
  manager.unit('kept.service', {});
  const before = manager.calls.length;
  const calls = () => manager.calls.slice(before).filter((call) => !/^(LoadUnit|Get|Subscribe)/.test(call));
  assert.equal((await run('kept', 'start')).code, 0);
  assert.equal(readFileSync(file, 'utf8'), '[Unit]\nBefore=haven.service\n\n[Service]\nRestart=no\n');
  assert.deepEqual(calls(), ['Reload', 'StartUnit kept.service replace']);
  assert.equal((await run('kept', 'restart')).code, 0);
  assert.equal((await run('kept', 'stop')).code, 0);
  assert.equal(existsSync(join(runtime, 'kept.service.d')), false);
  const since = ['RestartUnit kept.service replace', 'StopUnit kept.service replace', 'Reload'];
  assert.deepEqual(calls().slice(2), since);
});

test('a stop while systemd stops Haven is let out of the order in which they are to stop', async () => {
  manager.unit('last.service', { active: 'active' });
  manager.unit('haven.service', { active: 'deactivating' });
  const before = manager.calls.length;
  assert.equal((await run('last', 'stop')).code, 0);
  const stops = manager.calls.slice(before).filter((call) => call.startsWith('StopUnit'));
  assert.deepEqual(stops, ['StopUnit last.service replace', 'StopUnit last.service ignore-dependencies']);
  manager.units.delete('haven.service');
});

test('a job that fails is a failure that says how it ended', async () => {
  manager.unit('bad.service', { result: 'dependency' });
  const { code, reason } = await run('bad', 'start');
  assert.equal(code, 1);
  assert.match(reason, /start of 'bad\.service' ended as 'dependency': a unit that it depends on failed/);
  manager.unit('brief.service', { afterJob: 'inactive' });
  assert.match((await run('brief', 'start')).reason, /inactive after its start: .*RemainAfterExit/);
});

test('a masked unit cannot start, a missing one is not installed, and stopping either is done', async () => {
  manager.unit('hidden.service', { load: 'masked' });
  const masked = await run('hidden', 'start');
  assert.deepEqual([masked.status, masked.code], ['not-installed', 5]);
  assert.match(masked.reason, /is masked on this node: systemctl unmask hidden\.service/);
  assert.equal((await run('hidden', 'monitor')).code, 7);
  const missing = await run('nowhere', 'monitor');
  assert.deepEqual([missing.status, missing.code], ['not-installed', 5]);
  assert.match(missing.reason, /there is no unit 'nowhere\.service' on this node/);
  assert.equal((await run('nowhere', 'stop')).code, 0);
  assert.equal((await run('hidden', 'stop')).code, 0);
});

test('a unit on its way is waited for, by a monitor and by a start', async () => {
  for (const action of ['monitor', 'start']) {
    const name = `slow-${action}.service`;
    manager.unit(name, { active: 'activating', afterJob: 'activating' });
    const outcome = run(name, action);
    const subscribed = manager.calls.length;
    await eventually('its state is looked at after subscribing', () =>
      manager.calls.slice(subscribed).join().includes('Subscribe,Get org.freedesktop.systemd1.Unit ActiveState'),
    );
    manager.become(name, 'active');
    assert.equal((await outcome).code, 0);
  }
});

test('a job that does not end is given up in time, or when it is no longer wanted', async () => {
  manager.unit('stuck.service', { result: 'never' });
  const late = await run('stuck', 'start', 300);
  assert.deepEqual([late.status, late.code], ['timeout', 1]);
  const { outcome, kill } = begin('stuck', 'start');
  await eventually('it is queued', () => manager.calls.at(-1) === 'StartUnit stuck.service replace');
  kill();
  assert.equal((await outcome).status, 'error');
});

test('a unit describes itself, and one that is missing is refused', async () => {
  const catalogue = new AgentCatalogue(folders);
  const known = await catalogue.metadata({ class: 'systemd', type: 'web' });
  assert.equal(known.ok && known.value.short, 'The service web.service');
  const absent = await catalogue.metadata({ class: 'systemd', type: 'absent-unit' });
  assert.match(absent.ok ? '' : absent.error, /'systemd:absent-unit' is not installed on this node/);
});

test('without systemd on the bus, or with the bus lost, each says which it is', async (context) => {
  const other = new TestBus();
  context.after(() => other.remove());
  await other.start();
  const elsewhere = { ...folders, systemd: { bus: other.path, runtime: '/' } };
  const operation = { resource: 'r', action: 'start', intervalMs: 0, timeoutMs: 90_000, parameters: {}, meta: {} };
  const start = (places: typeof elsewhere) =>
    runOperation({ class: 'systemd', type: 'web' }, operation, places).outcome;
  const none = await start(elsewhere);
  assert.deepEqual([none.status, none.code], ['not-installed', 5]);
  assert.match(none.reason, /systemd does not run on this machine/);
  const lone = await FakeManager.on(other.path);
  lone.unit('web.service', { result: 'never' });
  const cut = start(elsewhere);
  await eventually('it is queued', () => lone.calls.at(-1) === 'StartUnit web.service replace');
  other.kill();
  const lost = await cut;
  assert.deepEqual([lost.status, lost.code], ['error', 1]);
  assert.match(lost.reason, /the system bus at .* hung up/);
  other.remove();
  assert.equal((await start(elsewhere)).status, 'error');
  assert.equal((await start({ ...folders, systemd: { bus: '/nowhere', runtime: '/nowhere' } })).code, 5);
});
