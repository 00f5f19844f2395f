import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defined } from '../../kit/index.ts';
import { envelopeHeaderBytes } from '../../membership/index.ts';
import { standInCipher } from './stand-in-cipher.ts';

const cipher = standInCipher(new Map([1, 2].map((keyId) => [keyId, new Uint8Array(128).fill(keyId)])));
const keyFor = (keyId: number, info: number) => defined(cipher.deriveKey(keyId, Uint8Array.of(info)), 'a key');
const header = new Uint8Array(envelopeHeaderBytes).fill(3);
const nonce = new Uint8Array(12).fill(4);
const plain = Uint8Array.from({ length: 23 }, (_, at) => at);
const sealed = cipher.seal(keyFor(1, 1), nonce, header, plain);

test('what the stand-in sealed it opens, and nothing that differs in a bit', () => {
  assert.deepEqual(cipher.open(keyFor(1, 1), nonce, sealed), plain);
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const damaged = sealed.slice();
    damaged[bit >>> 3] = (damaged[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(cipher.open(keyFor(1, 1), nonce, damaged), undefined, `bit ${bit}`);
  }
});

test('under another key, in another session or with another nonce nothing opens', () => {
  assert.equal(cipher.open(keyFor(2, 1), nonce, sealed), undefined);
  assert.equal(cipher.open(keyFor(1, 2), nonce, sealed), undefined);
  assert.equal(cipher.open(keyFor(1, 1), new Uint8Array(12), sealed), undefined);
});
