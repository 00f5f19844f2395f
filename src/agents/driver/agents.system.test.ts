import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually, isAlive } from '../testing/bench.ts';
import { AgentCatalogue } from './catalogue.ts';
import { type AgentFolders, runFence, runOperation, standardFolders } from './runner.ts';

const resourceAgents = existsSync('/usr/lib/ocf/resource.d/heartbeat/Dummy');
const emptyOperation = { resource: 'r', intervalMs: 0, timeoutMs: 60_000, parameters: {}, meta: {} };
let folder = '';
let folders: AgentFolders = standardFolders;

function write(path: string, text: string) {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), text);
  chmodSync(join(folder, path), 0o755);
}

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'haven-agents-'));
  folders = { ocfRoot: join(folder, 'ocf'), lsb: join(folder, 'init.d'), fence: [join(folder, 'fence')] };
  write('ocf/resource.d/own/show', '#!/bin/sh\nenv | grep ^OCF_ | sort\necho "ocf-exit-reason:because" >&2\nexit 8\n');
  write('ocf/resource.d/own/hang', `#!/bin/sh\ntrap '' TERM\nsleep 600 & echo $! > ${folder}/child\nwait\nsleep 600\n`);
  write('ocf/resource.d/own/loud', '#!/bin/sh\nyes haven | head -c 30000000\nexit 0\n');
  write('ocf/resource.d/own/daemon', `#!/bin/sh\nsleep 600 & echo $! > ${folder}/daemon\nexit 0\n`);
  write('ocf/resource.d/own/odd', '#!/bin/sh\nexit 77\n');
  write('init.d/svc', '#!/bin/sh\n[ "$1" = status ] && exit 3\nexit 0\n');
  write('fence/fence_own', '#!/bin/sh\ncat >&2\nexit 2\n');
});

after(() => rmSync(folder, { recursive: true }));

test("an OCF agent finds its parameters and the cluster's own in its environment, and its reason comes back", async () => {
  const agent = { class: 'ocf', provider: 'own', type: 'show' } as const;
  const operation = {
    ...emptyOperation,
    action: 'monitor',
    intervalMs: 5000,
    parameters: { ip: '10.0.0.1' },
    meta: { 'notify-type': 'pre' },
  };
  const outcome = await runOperation(agent, operation, folders).outcome;
  assert.equal(outcome.code, 8);
  assert.equal(outcome.reason, 'because');
  for (const line of [
    'OCF_RESKEY_ip=10.0.0.1',
    'OCF_RESKEY_CRM_meta_notify_type=pre',
    'OCF_RESKEY_CRM_meta_interval=5000',
    'OCF_RESKEY_CRM_meta_timeout=60000',
    'OCF_RESOURCE_INSTANCE=r',
    'OCF_RESOURCE_PROVIDER=own',
  ]) {
    assert.ok(outcome.output.includes(`${line}\n`), line);
  }
});

test('an agent that does not end is killed with all it started', async () => {
  const agent = { class: 'ocf', provider: 'own', type: 'hang' } as const;
  const path = join(folder, 'child');
  // The first time in which the agent gets so far.
  for (let timeoutMs = 300; !existsSync(path) || readFileSync(path, 'utf8') === ''; timeoutMs *= 3) {
    const outcome = await runOperation(agent, { ...emptyOperation, action: 'start', timeoutMs }, folders).outcome;
    assert.equal(outcome.status, 'timeout');
  }
  const child = readFileSync(path, 'utf8').trim();
  await eventually('the death of what the agent had started', () => !isAlive(child));
});

test('an agent that prints without end is kept short and still understood, and memory does not grow by what it printed', async () => {
  const before = process.memoryUsage().arrayBuffers;
  const outcome = await runOperation(
    { class: 'ocf', provider: 'own', type: 'loud' },
    { ...emptyOperation, action: 'start' },
    folders,
  ).outcome;
  assert.equal(outcome.code, 0);
  assert.ok(outcome.output.length <= 64 * 1024);
  assert.ok(process.memoryUsage().arrayBuffers - before < 1 << 20);
});

test('a start that leaves a daemon behind on its pipes is over when the agent is', async (context) => {
  const outcome = await runOperation(
    { class: 'ocf', provider: 'own', type: 'daemon' },
    { ...emptyOperation, action: 'start' },
    folders,
  ).outcome;
  const daemon = readFileSync(join(folder, 'daemon'), 'utf8').trim();
  context.after(() => process.kill(Number(daemon), 'SIGKILL'));
  assert.equal(outcome.code, 0);
  assert.ok(isAlive(daemon), 'nobody waited for its end');
});

test('codes outside the standard are generic errors; what is missing is not installed', async () => {
  const odd = runOperation(
    { class: 'ocf', provider: 'own', type: 'odd' },
    { ...emptyOperation, action: 'start' },
    folders,
  );
  assert.equal((await odd.outcome).code, 1);
  const absent = runOperation(
    { class: 'ocf', provider: 'own', type: 'absent' },
    { ...emptyOperation, action: 'start' },
    folders,
  );
  const outcome = await absent.outcome;
  assert.deepEqual([outcome.status, outcome.code], ['not-installed', 5]);
  assert.match(outcome.reason, /does not exist/);
});

test('LSB status 3 means not running, and a fence agent reads its parameters from standard input', async () => {
  const lsb = runOperation({ class: 'lsb', type: 'svc' }, { ...emptyOperation, action: 'monitor' }, folders);
  assert.equal((await lsb.outcome).code, 7);
  const target = { node: 'n2', argument: 'plug', plug: '12' };
  const fence = runFence('fence_own', { action: 'off', timeoutMs: 60_000, parameters: { ip: '::1' }, target }, folders);
  assert.equal((await fence.outcome).output, 'ip=::1\nnodename=n2\nplug=12\naction=off\n');
});

test('an agent that is not there gets the nearest name', async () => {
  const answer = await new AgentCatalogue(folders).metadata({ class: 'ocf', provider: 'own', type: 'shw' });
  assert.ok(!answer.ok && answer.error.includes("did you mean 'ocf:own:show'?"));
});

test('every OCF agent of the resource-agents package tells its meta-data', {
  skip: !resourceAgents && 'needs resource-agents',
}, async () => {
  const catalogue = new AgentCatalogue();
  const agents = catalogue.list('ocf').filter((agent) => agent.class === 'ocf' && agent.provider === 'heartbeat');
  assert.ok(agents.length > 50);
  const wanted = agents.filter((agent) => ['IPaddr2', 'apache', 'Dummy', 'Filesystem'].includes(agent.type));
  for (const agent of wanted) {
    const metadata = await catalogue.metadata(agent);
    assert.ok(metadata.ok, JSON.stringify(metadata));
    assert.ok(metadata.value.actions.some((action) => action.name === 'monitor' && (action.timeoutMs ?? 0) > 0));
  }
  const ip = await catalogue.metadata({ class: 'ocf', provider: 'heartbeat', type: 'IPaddr2' });
  assert.ok(ip.ok && ip.value.parameters.find((parameter) => parameter.name === 'ip')?.required);
});

test('ocf:heartbeat:Dummy starts, runs, stops', { skip: !resourceAgents && 'needs resource-agents' }, async () => {
  const agent = { class: 'ocf', provider: 'heartbeat', type: 'Dummy' } as const;
  const parameters = { state: join(folder, 'dummy.state') };
  const codes: number[] = [];
  for (const action of ['monitor', 'start', 'monitor', 'stop', 'monitor']) {
    codes.push((await runOperation(agent, { ...emptyOperation, action, parameters }).outcome).code);
  }
  assert.deepEqual(codes, [7, 0, 0, 0, 7]);
});
