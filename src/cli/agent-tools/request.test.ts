import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommandFailure } from '../../kit/index.ts';
import { requestOf, type ToolName } from './request.ts';

const caller = { node: 'n1', resource: 'db:1' };
const ask = (line: string) => {
  const [tool, ...words] = line.split(' ');
  return requestOf(tool as ToolName, words, caller);
};
const status = (node = 'n1') => ({ kind: 'status', node });
const nodes = (node = 'n1', set = 'instance_attributes') => ({ kind: 'nodes', node, set });
const update = (value: string, dampenMs = 0) => ({ kind: 'update', value, dampenMs });
const query = (format: string, fallback?: string) => ({ kind: 'query', fallback, format });

test('a promotion score is a transient attribute master-RESOURCE of the caller, with its instance number', () => {
  const score = (action: object, scope: object = status(), name = 'master-db:1') => ({
    kind: 'attribute',
    scope,
    name,
    setId: undefined,
    action,
  });
  assert.deepEqual(ask('crm_attribute --promotion -v 10'), score(update('10')));
  assert.deepEqual(ask('crm_attribute -p -D'), score({ kind: 'delete', dampenMs: 0 }));
  assert.deepEqual(ask('crm_attribute -v 5 -p'), score(update('5')));
  assert.deepEqual(ask('crm_attribute -p web -G -q'), score(query('value'), status(), 'master-web'));
  assert.deepEqual(ask('crm_master -N n2 -l reboot -v -INFINITY'), score(update('-INFINITY'), status('n2')));
  assert.deepEqual(ask('crm_master -Q -l reboot -v 7'), score(update('7')));
  assert.deepEqual(ask('crm_master -l forever -G --quiet'), score(query('value'), nodes()));
  assert.throws(() => requestOf('crm_master', ['-D'], { node: 'n1', resource: undefined }), isUsage);
});

test('crm_attribute keeps an attribute where its type, lifetime and node say, and options of the cluster otherwise', () => {
  const of = (line: string) => {
    const asked = ask(`crm_attribute ${line}`);
    return asked.kind === 'attribute' ? [asked.scope, asked.setId, asked.action] : asked;
  };
  assert.deepEqual(of('-N n2 -n a -v 1'), [nodes('n2'), undefined, update('1')]);
  assert.deepEqual(of('-l reboot --name a --update=value++'), [status(), undefined, update('value++')]);
  assert.deepEqual(of('-l reboot -n a -v -1 -q'), [status(), undefined, update('-1')]);
  assert.deepEqual(of('-t nodes --node n2 -z -n cpu -v 4'), [nodes('n2', 'utilization'), undefined, update('4')]);
  assert.deepEqual(of('-n cluster-delay -G --default=60'), [{ kind: 'crm_config' }, undefined, query('scoped', '60')]);
  assert.deepEqual(of('--type crm_config --name r_REPL_INFO -s replication -q'), [
    { kind: 'crm_config' },
    'replication',
    query('value'),
  ]);
});

test('attrd_updater waits as long as it is told, and passes over words that are no options', () => {
  const of = (line: string) => {
    const asked = ask(`attrd_updater ${line}`);
    return asked.kind === 'attribute' ? [asked.scope, asked.action] : asked;
  };
  assert.deepEqual(of('-n pingd -B 100 -d 5s'), [status(), update('100', 5000)]);
  assert.deepEqual(of('30 -S status -n free -v 12'), [status(), update('12')]);
  assert.deepEqual(of('-D -n pingd -d 5'), [status(), { kind: 'delete', dampenMs: 5000 }]);
  assert.deepEqual(of('--query -n id -N n2'), [status('n2'), query('attrd')]);
  assert.deepEqual(of('-Q -A -n id'), { kind: 'query-all', name: 'id' });
  assert.deepEqual(of('-R'), { kind: 'nothing' });
});

test('crm_node shows one thing', () => {
  assert.deepEqual(ask('crm_node -n'), { kind: 'node-name' });
  assert.deepEqual(ask('crm_node -N 2'), { kind: 'name-of-id', id: '2' });
  assert.deepEqual(ask('crm_node --quorum'), { kind: 'quorum' });
});

test('what a tool cannot make sense of is a mistake in usage', () => {
  const lines = [
    'crm_attribute --zork',
    'crm_attribute -v 5',
    'crm_attribute -n a -l never -v 1',
    'crm_attribute -n a -t tickets -G',
    'crm_attribute -n',
    'attrd_updater -U 3',
    'attrd_updater -n a',
    'attrd_updater -n a -B 3',
    'attrd_updater -n a -U 3 -d soon',
    'crm_node',
  ];
  for (const line of lines) assert.throws(() => ask(line), isUsage, line);
});

function isUsage(thrown: unknown): boolean {
  return thrown instanceof CommandFailure && thrown.failure.kind === 'usage';
}
