import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseClusterConfiguration } from './configuration.ts';

const node = (name: string, more: object = {}) => ({ name, addresses: ['10.0.0.1'], ...more });
const parse = (given: object) => parseClusterConfiguration(JSON.stringify(given), 'cluster.json');

test('a name and nodes are enough; ids are the places', () => {
  const { nodes, profile, port } = parse({ cluster: 'c', nodes: [node('a'), node('b', { id: 2 })] });
  assert.deepEqual(
    nodes.map(({ id }) => id),
    [1, 2],
  );
  assert.deepEqual([profile, port], ['default', 5405]);
});

test('what is wrong is named with the file, the field and what it should be', () => {
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{ cluster: 'c', nodes: [node('a')], prot: 1 }, /^cluster\.json: unknown field 'prot'.*'port'/],
    [{ cluster: 'c', nodes: [node('a', { id: 'x' })] }, /node 'a': 'id' is to be a number from 1 to 65535/],
    [{ cluster: 'c', nodes: [node('a'), node('a')] }, /two nodes have the name 'a'/],
    [{ cluster: 'c', nodes: [{ name: 'a' }] }, /node 'a' has no 'addresses'/],
    [{ cluster: 'c', nodes: [node('a')], profile: 'faster' }, /'profile' is to be 'default' or 'fast'/],
    [{ cluster: 'c', nodes: [node('a')], watchdog: '/dev/watchdog' }, /'watchdog' is to be a device and its timeout/],
    [
      { cluster: 'c', nodes: [node('a')], watchdog: { device: '/dev/w', timeoutS: 0 } },
      /is to be 1 to 60 whole seconds/,
    ],
    [{ cluster: '', nodes: [node('a')] }, /'cluster' is to be/],
  ];
  for (const [given, words] of wrong) assert.throws(() => parse(given), { message: words });
});
