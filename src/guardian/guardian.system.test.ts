import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gratuitousArp, namedNamespace, openPacketSocket, orFail } from '../linux/index.ts';

const holder = fileURLToPath(new URL('./testing/holder.js', import.meta.url));
const id = randomBytes(4).toString('hex');
const [own, peer] = [`hvg-${id}`, `hvp-${id}`];
const started: ChildProcess[] = [];

const ip = (...words: string[]) => execFileSync('ip', words, { encoding: 'utf8' });

before(() => {
  for (const name of [own, peer]) ip('netns', 'add', name);
  ip('-n', own, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', peer);
  for (const name of [own, peer]) ip('-n', name, 'link', 'set', 'eth0', 'up');
});

after(() => {
  for (const child of started) child.kill('SIGKILL');
  for (const name of [own, peer]) ip('netns', 'del', name);
});

async function eventually(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!holds()) {
    assert.ok(performance.now() < deadline, `did not happen: ${what}`);
    await pause(5);
  }
}

function isHeld(address: string): boolean {
  return ip('-n', own, '-o', 'address', 'show', 'dev', 'eth0').includes(` ${address}/`);
}

/** A daemon that holds the address, when it holds it; the guardian's pid beside it. */
async function hold(
  address: string,
  prefix: number,
): Promise<{ child: ChildProcess; guardian: number; said: (words: RegExp) => Promise<void> }> {
  const frame = gratuitousArp({ address: '192.0.2.99', hardwareAddress: '02:00:00:00:00:99' }).toString('hex');
  const words = ['netns', 'exec', own, process.execPath, holder, 'eth0', address, String(prefix), frame];
  const child = spawn('ip', words, { stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  let text = '';
  let errors = '';
  child.stdout?.on('data', (chunk) => {
    text += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  await eventually('the address is held', () => text.includes('held '));
  const said = (words: RegExp) => eventually(`${words} is said`, () => words.test(errors));
  return { child, guardian: Number(/held (\d+)/.exec(text)?.[1]), said };
}

const isAlive = (pid: number) => existsSync(`/proc/${pid}`);

test('a killed daemon leaves no address behind, and its farewell is on the wire', async (context) => {
  const frames: string[] = [];
  const socket = orFail(openPacketSocket({ etherType: 0x0806, namespace: namedNamespace(peer) }));
  context.after(() => socket.close());
  orFail(socket.listen({ onFrame: ({ bytes }) => frames.push(bytes.toString('hex')), onError: () => {} }));
  const { child, guardian, said } = await hold('192.0.2.10', 24);
  child.kill('SIGKILL');
  await eventually('the address is gone', () => !isHeld('192.0.2.10'));
  await eventually('the farewell arrived', () => frames.some((frame) => frame.includes('020000000099')));
  await eventually('the guardian has ended', () => !isAlive(guardian));
  await said(/is gone without a word: taking down 1 address and telling the peers/);
});

test('a stopped daemon is killed before its address is taken, IPv6 too', async () => {
  const { child, said } = await hold('2001:db8::10', 64);
  child.kill('SIGSTOP');
  await eventually('the address is gone', () => !isHeld('2001:db8::10'));
  await eventually('the daemon has ended', () => child.signalCode === 'SIGKILL');
  await said(/is stopped/);
});

test('a daemon that spins is killed before its address is taken', async () => {
  const { child, said } = await hold('192.0.2.14', 24);
  child.kill('SIGUSR2');
  await eventually('the address is gone', () => !isHeld('192.0.2.14'));
  await eventually('the daemon has ended', () => child.signalCode === 'SIGKILL');
  await said(/hangs \(silent for \d+ ms, thread state R\b/);
});

test('a daemon that sleeps, on a processor that runs, is killed before its address is taken', async () => {
  const { child, said } = await hold('192.0.2.15', 24);
  child.kill('SIGHUP');
  await eventually('the address is gone', () => !isHeld('192.0.2.15'));
  await eventually('the daemon has ended', () => child.signalCode === 'SIGKILL');
  // Not by patience alone: it is given an hour.
  await said(/hangs \(silent for \d+ ms, thread state S\b/);
});

test('a daemon that waits for a busy thread of its own is left alone', async () => {
  const { child, guardian, said } = await hold('192.0.2.17', 24);
  child.kill('SIGCONT');
  await said(/was let go/);
  assert.ok(isHeld('192.0.2.17') && isAlive(guardian));
});

test('a guardian that dies is replaced, and the new one knows what is held', async () => {
  const { child, guardian, said } = await hold('192.0.2.11', 24);
  process.kill(guardian, 'SIGKILL');
  await said(/starting another/);
  assert.ok(isHeld('192.0.2.11'));
  const isThere = () => spawnSync('pgrep', ['-P', String(child.pid), '-f', 'guardian']).status === 0;
  await eventually('the other guardian is there', isThere);
  child.kill('SIGKILL');
  await eventually('the address is gone', () => !isHeld('192.0.2.11'));
});

test('while there is no guardian the daemon gives up itself what it held under a lease', async () => {
  const { child, said } = await hold('192.0.2.16', 24);
  child.kill('SIGUSR1');
  await eventually('the address is gone', () => !isHeld('192.0.2.16'));
  await said(/the lease ran out while there was no guardian/);
  assert.equal(child.exitCode, null);
});

test('a guardian that stands still is replaced, and nothing is taken', async () => {
  const { guardian, said } = await hold('192.0.2.14', 24);
  process.kill(guardian, 'SIGSTOP');
  await eventually('it has ended', () => !isAlive(guardian));
  await said(/starting another/);
  assert.ok(isHeld('192.0.2.14'));
});

test('a daemon that ends by itself releases its guardian, which touches nothing', async () => {
  const { child, guardian } = await hold('192.0.2.12', 24);
  child.kill('SIGTERM');
  await eventually('both have ended', () => child.exitCode === 0 && !isAlive(guardian));
  assert.ok(isHeld('192.0.2.12'));
});

test("a guardian ignores the signals that end daemons, so that a service's stop cannot take it first", async () => {
  const { child, guardian } = await hold('192.0.2.13', 24);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.kill(guardian, signal);
  await pause(100);
  assert.ok(isAlive(guardian));
  child.kill('SIGKILL');
  await eventually('the address is gone', () => !isHeld('192.0.2.13'));
});
