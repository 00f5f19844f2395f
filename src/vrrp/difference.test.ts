import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VrrpConfiguration } from './configuration.ts';
import { differenceOf, isEmptyDifference } from './difference.ts';
import { parseConfiguration, textSurroundings } from './keepalived-conf/index.ts';

function read(text: string): VrrpConfiguration {
  const parsed = parseConfiguration('/x', textSurroundings({ '/x': text }));
  assert.ok(parsed);
  return parsed.configuration;
}

function instance(name: string, lines = ''): string {
  const id = name.charCodeAt(0);
  return `vrrp_instance ${name} {\n interface eth0\n virtual_router_id ${id}\n virtual_ipaddress {\n 10.0.0.${id}/24\n }\n${lines}\n}\n`;
}

test('a file read twice, or with its blocks moved, changes nothing', () => {
  const text = instance('A') + instance('B');
  assert.ok(isEmptyDifference(differenceOf(read(text), read(text))));
  assert.ok(isEmptyDifference(differenceOf(read(text), read(`# more\n\n${instance('B')}${instance('A')}`))));
});

test('added, removed, changed and unchanged instances are told apart, with the settings that differ', () => {
  const before = read(instance('A') + instance('B') + instance('C'));
  const after = read(instance('A') + instance('B', ' priority 7\n nopreempt') + instance('D'));
  const { instances } = differenceOf(before, after);
  assert.deepEqual(
    {
      unchanged: instances.unchanged.map(({ name }) => name),
      changed: instances.changed.map(({ after: { name }, fields }) => [name, [...fields].sort()]),
      added: instances.added.map(({ name }) => name),
      removed: instances.removed.map(({ name }) => name),
    },
    { unchanged: ['A'], changed: [['B', ['preempt', 'priority']]], added: ['D'], removed: ['C'] },
  );
});

test('a global default changes the instances that take it, and only those', () => {
  const text = instance('A') + instance('B', ' garp_master_repeat 3');
  const after = read(
    `global_defs {\n vrrp_garp_master_repeat 2\n}\n${text.replace('repeat 3', 'repeat 3\n garp_lower_prio_repeat 3')}`,
  );
  const before = read(text.replace('repeat 3', 'repeat 3\n garp_lower_prio_repeat 3'));
  const { instances, other } = differenceOf(before, after);
  assert.deepEqual(
    instances.changed.map(({ after: { name }, fields }) => [name, fields]),
    [['A', ['announcement']]],
  );
  assert.deepEqual(other, []);
});

test('a tracker that changes is told, and leaves the instances that track it alone', () => {
  const text = (interval: number): string =>
    `vrrp_script s {\n script /bin/true\n interval ${interval}\n}\n${instance('A', ' track_script {\n s\n }')}`;
  const { scripts, instances } = differenceOf(read(text(1)), read(text(2)));
  assert.deepEqual(scripts.changed[0]?.fields, ['intervalMs']);
  assert.equal(instances.unchanged.length, 1);
});
