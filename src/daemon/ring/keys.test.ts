import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Keyring, keyIdOf } from '../../membership/index.ts';
import { type PeersOnKeys, rolled } from './keys.ts';

const directory = mkdtempSync(join(tmpdir(), 'haven-keys-'));
after(() => rmSync(directory, { recursive: true }));

function keyFile(byte: number) {
  const key = new Uint8Array(128).fill(byte);
  const file = join(directory, `key-${byte}`);
  writeFileSync(file, key);
  return { file, key, keyId: keyIdOf(key) };
}

const [old, fresh] = [keyFile(1), keyFile(2)];
const start: Keyring = { keys: new Map([[old.keyId, old.key]]), activeKeyId: old.keyId };

function ringWhere(peerKeyId: number, memberIds = [1, 2]): PeersOnKeys {
  return {
    members: memberIds.map((nodeId) => ({ nodeId })),
    keys: { peers: [{ nodeId: 2, keyId: peerKeyId }] },
  };
}

test('a key is added, used, and the old one dropped', () => {
  const both = rolled(start, { verb: 'add', file: fresh.file }, ringWhere(old.keyId));
  assert.deepEqual([...both.keys.keys()], [old.keyId, fresh.keyId]);
  assert.equal(both.activeKeyId, old.keyId);
  const switched = rolled(both, { verb: 'use', file: fresh.file }, ringWhere(old.keyId));
  const done = rolled(switched, { verb: 'drop', file: old.file }, ringWhere(fresh.keyId));
  assert.deepEqual(done, { keys: new Map([[fresh.keyId, fresh.key]]), activeKeyId: fresh.keyId });
});

test('no step is taken that would break the ring', () => {
  const both = rolled(start, { verb: 'add', file: fresh.file }, ringWhere(old.keyId));
  const switched = rolled(both, { verb: 'use', file: fresh.file }, ringWhere(old.keyId));
  const refused = [
    () => rolled(start, { verb: 'use', file: fresh.file }, ringWhere(old.keyId)),
    () => rolled(start, { verb: 'drop', file: fresh.file }, ringWhere(old.keyId)),
    () => rolled(both, { verb: 'drop', file: old.file }, ringWhere(fresh.keyId)),
    () => rolled(switched, { verb: 'drop', file: old.file }, ringWhere(old.keyId)),
  ];
  const three = rolled(both, { verb: 'add', file: keyFile(3).file }, ringWhere(old.keyId));
  const reasons = [/does not hold/, /does not hold/, /this node sends with/, /still sent with by node 2:/];
  for (const [index, reason] of reasons.entries()) assert.throws(() => refused[index]?.(), reason);
  assert.throws(() => rolled(three, { verb: 'add', file: keyFile(4).file }, ringWhere(old.keyId)), /3 keys already/);
});

test('a node that has gone holds no key back', () => {
  const both = rolled(start, { verb: 'add', file: fresh.file }, ringWhere(old.keyId));
  const switched = rolled(both, { verb: 'use', file: fresh.file }, ringWhere(old.keyId));
  const done = rolled(switched, { verb: 'drop', file: old.file }, ringWhere(old.keyId, [1]));
  assert.deepEqual([...done.keys.keys()], [fresh.keyId]);
});
