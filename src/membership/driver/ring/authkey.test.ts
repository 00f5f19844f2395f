import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { keyIdOf, sealedBy, storeKeyring } from './authkey.ts';

const [old, fresh, other] = [11, 22, 33].map((byte) => new Uint8Array(128).fill(byte));

/** An authkey with the old key, and two keys that a ring was told to hold. */
function withRollingKeys(use: (authkeyFile: string, put: (key: Uint8Array | undefined) => void) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'haven-authkey-'));
  try {
    const file = join(directory, 'authkey');
    const put = (key: Uint8Array = new Uint8Array(0)) => {
      rmSync(file, { force: true });
      writeFileSync(file, key, { mode: 0o400 });
    };
    put(old);
    use(file, put);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function keyringOf(keys: readonly (Uint8Array | undefined)[], active: Uint8Array | undefined) {
  const known = keys.filter((key) => key !== undefined);
  return { keys: new Map(known.map((key) => [keyIdOf(key), key])), activeKeyId: keyIdOf(active ?? new Uint8Array()) };
}

function held(file: string) {
  const security = sealedBy(file);
  assert.ok(security.kind === 'sealed');
  return { ids: [...security.keys.keys()], activeKeyId: security.activeKeyId };
}

const idsOf = (...keys: (Uint8Array | undefined)[]) => keys.flatMap((key) => (key === undefined ? [] : [keyIdOf(key)]));

test('a daemon that starts again holds the keys that it held, and sends with the one that it sent with', () =>
  withRollingKeys((file) => {
    assert.deepEqual(held(file).ids, idsOf(old));
    storeKeyring(file, keyringOf([old, fresh], old));
    assert.deepEqual(held(file), { ids: idsOf(old, fresh), activeKeyId: idsOf(old)[0] });
    storeKeyring(file, keyringOf([old, fresh], fresh));
    assert.deepEqual(held(file), { ids: idsOf(old, fresh), activeKeyId: idsOf(fresh)[0] });
    storeKeyring(file, keyringOf([fresh], fresh));
    assert.deepEqual(held(file), { ids: idsOf(fresh), activeKeyId: idsOf(fresh)[0] }, 'the dropped key stays dropped');
  }));

test('the new key put in the place of the old one ends it, and a key put there by hand counts alone', () =>
  withRollingKeys((file, put) => {
    storeKeyring(file, keyringOf([fresh], fresh));
    put(fresh);
    assert.deepEqual(held(file).ids, idsOf(fresh));
    put(other);
    assert.deepEqual(held(file).ids, idsOf(other));
  }));

test('what is kept has the rights of the authkey, and nothing half written is left', () =>
  withRollingKeys((file) => {
    chmodSync(file, 0o440);
    storeKeyring(file, keyringOf([old, fresh], old));
    assert.equal(statSync(`${file}.rolling`).mode & 0o777, 0o440);
    writeFileSync(`${file}.rolling.new`, 'half of it');
    assert.deepEqual(held(file).ids, idsOf(old, fresh), 'a crash while the next is written costs nothing');
    storeKeyring(file, keyringOf([fresh], fresh));
    assert.deepEqual(readdirSync(join(file, '..')).sort(), ['authkey', 'authkey.rolling']);
  }));

test('damaged keys are refused: with the authkey alone this node might hear nobody', () =>
  withRollingKeys((file) => {
    for (const text of ['', '{}', '{"authkey":"x","activeKeyId":1,"keys":["AAAA"]}', 'x'.repeat(100)]) {
      writeFileSync(`${file}.rolling`, text);
      assert.throws(() => sealedBy(file), /cannot use the keys in .*authkey\.rolling/);
    }
  }));
