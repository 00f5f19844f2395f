import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { eventually, isAlive, makeBench, orderOf } from '../../testing/bench.ts';

const agent = 'ocf:haven:process';
const folder = mkdtempSync(join(tmpdir(), 'haven-process-'));
const bench = makeBench();
after(async () => {
  await bench.close();
  rmSync(folder, { recursive: true });
});

function pidIn(path: string): number {
  return Number(readFileSync(path, 'utf8'));
}

test('the death of a process is told at once, with how it died, and it can be started again', async (context) => {
  const pidfile = join(folder, 'dies.pid');
  const parameters = { command: '/bin/sh', args: "-c 'while :; do sleep 1; done'", pidfile };
  assert.equal((await bench.done(orderOf(agent, 'dies', 'monitor', { parameters }))).outcome.code, 7);
  assert.equal((await bench.done(orderOf(agent, 'dies', 'start', { parameters }))).outcome.code, 0);
  const monitor = await bench.done(orderOf(agent, 'dies', 'monitor', { parameters, intervalMs: 3_600_000 }));
  assert.equal(monitor.outcome.code, 0);
  const killedMs = performance.now();
  process.kill(pidIn(pidfile), 'SIGKILL');
  const told = () => bench.reports.filter((report) => report.callId === monitor.callId)[1];
  await eventually('its death is told', () => told() !== undefined);
  assert.equal(told()?.outcome.code, 7);
  assert.match(told()?.outcome.reason ?? '', /killed by SIGKILL/);
  await bench.done(orderOf(agent, 'dies', 'stop', { parameters }));
  assert.equal((await bench.done(orderOf(agent, 'dies', 'start', { parameters }))).outcome.code, 0);
  context.diagnostic(`killed, told, stopped and started again in ${(performance.now() - killedMs).toFixed(1)} ms`);
  const pid = pidIn(pidfile);
  assert.equal((await bench.done(orderOf(agent, 'dies', 'stop', { parameters }))).outcome.code, 0);
  await eventually('it is gone', () => !isAlive(pid));
  assert.ok(!existsSync(pidfile));
});

test('a process that ignores the stop signal is killed with its children', async () => {
  const child = join(folder, 'child');
  const script = `trap "" TERM; sleep 600 & echo $! > ${child}; while :; do sleep 1; done`;
  const parameters = { command: '/bin/sh', args: `-c '${script}'`, stop_timeout: '100ms' };
  await bench.done(orderOf(agent, 'deaf', 'start', { parameters }));
  await eventually('it has a child', () => existsSync(child) && readFileSync(child, 'utf8').endsWith('\n'));
  assert.equal((await bench.done(orderOf(agent, 'deaf', 'stop', { parameters }))).outcome.code, 0);
  await eventually('its child is gone', () => !isAlive(pidIn(child)));
});

test('what a process that died left behind is gone after its stop', async () => {
  const [child, end] = [join(folder, 'orphan'), join(folder, 'end')];
  const script = `sleep 600 & echo $! > ${child}; while [ ! -e ${end} ]; do sleep 0.05; done`;
  const parameters = { command: '/bin/sh', args: `-c '${script}'` };
  await bench.done(orderOf(agent, 'messy', 'start', { parameters }));
  const monitor = await bench.done(orderOf(agent, 'messy', 'monitor', { parameters, intervalMs: 3_600_000 }));
  await eventually('it has a child', () => existsSync(child) && readFileSync(child, 'utf8').endsWith('\n'));
  writeFileSync(end, '');
  const told = () => bench.reports.some(({ callId, outcome }) => callId === monitor.callId && outcome.code === 7);
  await eventually('its end is told', told);
  assert.ok(isAlive(pidIn(child)));
  await bench.done(orderOf(agent, 'messy', 'stop', { parameters }));
  await eventually('its child is gone', () => !isAlive(pidIn(child)));
});

test('a next daemon takes up a running process, sees it end, and stops it', async () => {
  const parameters = { command: '/bin/sleep', args: '600', pidfile: join(folder, 'kept.pid') };
  const first = makeBench({ keepState: folder });
  await first.done(orderOf(agent, 'kept', 'start', { parameters }));
  const pid = pidIn(parameters.pidfile);
  await first.close();
  assert.ok(isAlive(pid));
  const next = makeBench({ keepState: folder });
  const monitor = await next.done(orderOf(agent, 'kept', 'monitor', { parameters, intervalMs: 3_600_000 }));
  assert.equal(monitor.outcome.code, 0);
  process.kill(pid, 'SIGKILL');
  await eventually('its death is told', () => next.reports.length > 1);
  assert.equal(next.reports[1]?.outcome.code, 7);
  await next.done(orderOf(agent, 'kept', 'start', { parameters }));
  const second = pidIn(parameters.pidfile);
  assert.equal((await next.done(orderOf(agent, 'kept', 'stop', { parameters }))).outcome.code, 0);
  await eventually('it is gone', () => !isAlive(second));
  await next.close();
});

test('user, directory, environment and log file are what was asked for', async () => {
  const logfile = join(folder, 'log');
  const parameters = {
    command: '/bin/sh',
    args: '-c "id -u; pwd; echo $GREETING; exec sleep 600"',
    user: 'nobody',
    directory: '/usr',
    environment: 'GREETING="good day" OTHER=1',
    logfile,
  };
  assert.equal((await bench.done(orderOf(agent, 'self', 'start', { parameters }))).outcome.code, 0);
  await eventually('it has written', () => readFileSync(logfile, 'utf8').split('\n').length === 4);
  assert.equal(readFileSync(logfile, 'utf8'), '65534\n/usr\ngood day\n');
  await bench.done(orderOf(agent, 'self', 'stop', { parameters }));
});

test('what cannot be run says why', async () => {
  const start = async (parameters: Record<string, string>) =>
    (await bench.done(orderOf(agent, 'bad', 'start', { parameters }))).outcome;
  const missing = await start({ command: '/no/such/program' });
  assert.deepEqual([missing.code, missing.status], [5, 'not-installed']);
  assert.match((await start({ command: 'sleep' })).reason, /absolute path/);
  assert.match((await start({ command: '/bin/sleep', args: '1', user: 'nobdy' })).reason, /no user 'nobdy'/);
  const quick = await start({ command: '/bin/sh', args: '-c "exit 3"', settle: '60s' });
  assert.deepEqual([quick.code, /exit code 3/.test(quick.reason)], [1, true]);
});
