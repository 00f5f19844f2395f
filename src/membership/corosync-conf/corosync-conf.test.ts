import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDiagnostic } from '../../kit/index.ts';
import { type Machine, readCorosyncConf } from './index.ts';

const machine: Machine = {
  hostName: 'midir',
  addresses: [
    { address: '127.0.0.1', prefixLength: 8 },
    { address: '192.168.1.21', prefixLength: 24 },
    { address: '10.9.0.21', prefixLength: 24 },
  ],
  keyFileBytes: () => 'No such file or directory',
  directoryFault: () => 'No such file or directory',
  resolve: () => undefined,
  hasUser: () => true,
  hasGroup: () => true,
};

/** The shape of a file for Corosync 1: multicast, two redundant rings, no nodelist. */
const oldFile = `totem {
  version: 2
  threads: 0
  token: 5000
  token_retransmits_before_loss_const: 20
  join: 1000
  consensus: 7500
  max_messages: 20
  secauth: on # a key lets a node in
  rrp_mode: active
  interface {
    ringnumber: 0
    bindnetaddr: 192.168.1.0
    mcastaddr: 226.94.1.1
    mcastport: 5405
    ttl: 1
  }
  interface {
    ringnumber: 1
    bindnetaddr: 10.9.0.0
    mcastaddr: 226.94.2.1
    mcastport: 5405
  }
}
quorum {
  provider: corosync_votequorum
  expected_votes: 2
}
`;

test('a file for Corosync 1 works: multicast, node id from the address, both rings as links', () => {
  const withKey: Machine = { ...machine, keyFileBytes: () => 128 };
  const { config, fault, diagnostics } = readCorosyncConf(oldFile, 'corosync.conf', withKey);
  assert.equal(fault, undefined);
  assert.equal(config?.transport, 'udp');
  assert.equal(config?.secure, true, 'Corosync 1 and 2 encrypted unless secauth was off');
  assert.equal(config?.local.nodeId, 0xc0a80115);
  assert.deepEqual(
    [...(config?.local.addresses ?? [])],
    [
      [0, '192.168.1.21'],
      [1, '10.9.0.21'],
    ],
  );
  assert.equal(config?.links[1]?.multicastAddress, '226.94.2.1');
  assert.equal(config?.linkMode, 'active');
  assert.deepEqual([config?.timing.tokenMs, config?.timing.tokenRetransmitMs, config?.timing.holdMs], [5000, 247, 187]);
  assert.equal(config?.quorum?.expectedVotes, 2);
  const remarks = diagnostics.map(formatDiagnostic).join('\n');
  assert.match(remarks, /corosync\.conf:9: warning: the comment is part of the value of 'secauth'/);
  assert.match(remarks, /'ringnumber' is the key of Corosync 1 and 2/);
  assert.match(remarks, /no nodelist: bound to 192\.168\.1\.21/);
});

test('without its key a file of Corosync 1 is refused, and not run in the open', () => {
  const { fault } = readCorosyncConf(oldFile, 'corosync.conf', machine);
  assert.equal(fault, 'Could not open /etc/corosync/authkey: No such file or directory');
  const open = readCorosyncConf(oldFile.replace(/secauth: .*/, 'secauth: off'), 'corosync.conf', machine);
  assert.equal(open.config?.secure, false);
});

test('ip_version says which family an address may be of, and which is taken of a name that has both', () => {
  const named = { n1: ['192.168.1.21', 'fd00::21'], n2: ['192.168.1.22', 'fd00::22'] } as const;
  const resolving: Machine = {
    ...machine,
    hostName: 'n1',
    resolve: (name, families) => named[name as 'n1' | 'n2'][families[0] === 'ipv4' ? 0 : 1],
  };
  const file = (version: string, address: string) =>
    `totem {\nversion: 2\ntransport: udpu\n${version}\n}\nnodelist {\nnode {\nring0_addr: ${address}\nnodeid: 1\nname: n1\n}\n}\n`;
  const read = (version: string, address: string) => readCorosyncConf(file(version, address), 'c', resolving);
  assert.equal(read('ip_version: ipv4', 'fd00::21').fault, "failed to parse bindnet address 'fd00::21'");
  assert.equal(read('ip_version: ipv6', 'fd00::21').fault, undefined);
  assert.deepEqual(read('ip_version: ipv4-6', 'n1').config?.families, ['ipv4', 'ipv6']);
  assert.deepEqual(read('# none', 'n1').config?.families, ['ipv6', 'ipv4']);
});

test('quorum comes from the nodelist, and two_node brings wait_for_all', () => {
  const nodes = [1, 2]
    .map((id) => `node {\n ring0_addr: 192.168.1.2${id}\n nodeid: ${id}\n name: n${id}\n}`)
    .join('\n');
  const text = `totem {\nversion: 2\ntransport: udpu\n}\nnodelist {\n${nodes}\n}\nquorum {\nprovider: corosync_votequorum\ntwo_node: 1\n}\n`;
  const { config } = readCorosyncConf(text, 'c', machine);
  assert.deepEqual([config?.local.nodeId, config?.quorum?.expectedVotes, config?.quorum?.waitForAll], [1, 2, true]);
});

test('a misspelt key is taken, as Corosync takes it, and named with the nearest one', () => {
  const { diagnostics } = readCorosyncConf('totem {\n tokn: 5000\n}\n', 'c', machine);
  assert.match(
    diagnostics.map(formatDiagnostic).join('\n'),
    /c:2: warning: unknown key 'tokn'.*Did you mean 'token'\?/,
  );
});

test('whatever the text, reading ends with a configuration or a fault', () => {
  const piece = fc.constantFrom(
    'totem {',
    'nodelist {',
    'node {',
    '}',
    'version: 2',
    ': x',
    'a: {',
    '#',
    'token: 3',
    '\r',
    'interface {',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 30 }), (pieces) => {
      const { config, fault } = readCorosyncConf(pieces.join('\n'), 'c', machine);
      assert.notEqual(config === undefined, fault === undefined);
    }),
  );
});

test('a key that the map of settings does not take is refused by the name it would have there', () => {
  const { fault } = readCorosyncConf('totem {\nversion: 2\ntok#en: 5\n}\n', 'corosync.conf', machine);
  assert.equal(
    fault,
    `parser error: corosync.conf:3: Can't store key "totem.tok#en" into icmap, returned error is CS_ERR_NAME_TOO_LONG`,
  );
});
