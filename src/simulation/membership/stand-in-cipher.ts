// What AES-256-GCM is to the seal, at a hundredth of its price: a tag over header, nonce and message that nobody finds who
// does not know the key, as long as nobody looks for it. The simulated attacker changes, forges and replays; he computes
// nothing. Nothing is encrypted.
import { envelopeHeaderBytes, type SealCrypto, tagBytes } from '../../membership/index.ts';

/** Two lanes of 32 bits. */
export type StandInKey = { readonly left: number; readonly right: number };

/** `secrets` by key id. */
export function standInCipher(secrets: ReadonlyMap<number, Uint8Array>): SealCrypto<StandInKey> {
  return {
    deriveKey: (keyId, info) => {
      const secret = secrets.get(keyId);
      return secret === undefined ? undefined : digest(digest({ left: keyId, right: 0 }, secret), info);
    },
    seal: (key, nonce, header, plain) => {
      const sealed = new Uint8Array(header.length + plain.length + tagBytes);
      sealed.set(header);
      sealed.set(plain, header.length);
      const tagAt = header.length + plain.length;
      const { left, right } = digest(digest(key, nonce), sealed.subarray(0, tagAt));
      const tag = new DataView(sealed.buffer, tagAt);
      tag.setUint32(0, left);
      tag.setUint32(4, right);
      tag.setUint32(8, ~left);
      tag.setUint32(12, ~right);
      return sealed;
    },
    open: (key, nonce, datagram) => {
      const tagAt = datagram.length - tagBytes;
      const { left, right } = digest(digest(key, nonce), datagram.subarray(0, tagAt));
      const tag = new DataView(datagram.buffer, datagram.byteOffset + tagAt);
      const fits = tag.getUint32(0) === left && tag.getUint32(4) === right;
      const whole = fits && tag.getUint32(8) === ~left >>> 0 && tag.getUint32(12) === ~right >>> 0;
      return whole ? datagram.subarray(envelopeHeaderBytes, tagAt) : undefined;
    },
  };
}

/** Every bit of `bytes` and its length change both lanes (multiply and rotate, as in MurmurHash3). */
function digest(from: StandInKey, bytes: Uint8Array): StandInKey {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let { left, right } = from;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) {
    const word = view.getUint32(at);
    left = stir(left ^ Math.imul(word, 0xcc9e2d51));
    right = stir(right ^ Math.imul(word, 0x1b873593)) ^ left;
  }
  for (; at < bytes.length; at++) {
    left = stir(left ^ (bytes[at] ?? 0));
    right = stir(right ^ (bytes[at] ?? 0)) ^ left;
  }
  left = settle(left ^ bytes.length);
  return { left, right: settle(right ^ left) };
}

function stir(lane: number): number {
  return (Math.imul((lane << 13) | (lane >>> 19), 5) + 0xe6546b64) | 0;
}

function settle(lane: number): number {
  let mixed = Math.imul(lane ^ (lane >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
