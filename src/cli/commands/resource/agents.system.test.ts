import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';

const resourceAgents = existsSync('/usr/lib/ocf/resource.d/heartbeat/IPaddr2');

function haven(...words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync('bin/haven', words, { encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('the built-in agents are listed and described on every machine', () => {
  const { stdout } = haven('resource', 'agents', 'ocf:haven');
  assert.equal(stdout, 'ocf:haven:ip\nocf:haven:process\n');
  const described = haven('resource', 'describe', 'ocf:haven:process', '--json');
  const { name, parameters } = JSON.parse(described.stdout);
  assert.equal(name, 'ocf:haven:process');
  assert.ok(
    parameters.some(
      (parameter: { name: string; required: boolean }) => parameter.name === 'command' && parameter.required,
    ),
  );
});

test('what does not exist is said, with the nearest name', () => {
  const agentClass = haven('resource', 'agents', 'ofc');
  assert.deepEqual([agentClass.status, /Did you mean 'ocf'/.test(agentClass.stderr)], [105, true]);
  const provider = haven('resource', 'agents', 'ocf:havn');
  assert.deepEqual([provider.status, /Did you mean 'ocf:haven'/.test(provider.stderr)], [105, true]);
  const agent = haven('resource', 'describe', 'ocf:haven:ipp');
  assert.deepEqual([agent.status, /did you mean 'ocf:haven:ip'/.test(agent.stderr)], [105, true]);
});

test('agents of packages are found by their bare name', { skip: !resourceAgents && 'needs resource-agents' }, () => {
  const { stdout, status } = haven('resource', 'describe', 'IPaddr2');
  assert.equal(status, 0);
  assert.match(stdout, /^ocf:heartbeat:IPaddr2 - /);
  assert.match(stdout, /\n {2}ip \(required\)/);
  assert.match(stdout, /\n {2}monitor:\n {4}interval=10s timeout=20s\n/);
  assert.ok(haven('resource', 'agents', 'ocf:heartbeat').stdout.includes('ocf:heartbeat:apache\n'));
});
