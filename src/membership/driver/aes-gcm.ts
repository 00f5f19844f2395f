// AES-256-GCM and HKDF-SHA256 (RFC 5869) by OpenSSL, for the seal.
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import { Slab } from '../../kit/index.ts';
import { type AesGcm, loadAesGcm } from '../../linux/index.ts';
import { envelopeHeaderBytes, type SealCrypto, tagBytes } from '../seal/index.ts';

/** Separates Haven's ring from any other use of the same authkey. */
const extractSalt = 'haven ring seal 1';

/** A session's key, expanded for the direction it is used in when it is first used. */
export type SessionKey = {
  readonly bytes: Buffer;
  sealing?: ReturnType<AesGcm['context']>;
  opening?: ReturnType<AesGcm['context']>;
};

/**
 * `authkeys`: the whole key files by key id (0..255). The cluster's name is part of every key: two clusters that were given
 * one key file still do not hear each other.
 */
export function aesGcmCrypto(
  authkeys: ReadonlyMap<number, Uint8Array>,
  clusterName = '',
  method: 'fastest' | 'portable' = 'fastest',
): SealCrypto<SessionKey> {
  const salt = `${extractSalt}\0${clusterName}`;
  const extracted = new Map([...authkeys].map(([keyId, authkey]) => [keyId, hmac(salt, authkey)]));
  const direct = method === 'fastest' ? loadAesGcm() : undefined;
  return {
    deriveKey: (keyId, info) => {
      const root = extracted.get(keyId);
      // Expand to one block: T(1) = HMAC(root, info ‖ 1), exactly the 32 bytes that AES-256 wants.
      return root === undefined ? undefined : { bytes: hmac(root, Buffer.concat([info, Uint8Array.of(1)])) };
    },
    ...(direct === undefined ? { seal: sealBytes, open: openBytes } : directly(direct)),
  };
}

function directly(aesGcm: AesGcm): Pick<SealCrypto<SessionKey>, 'seal' | 'open'> {
  const slab = new Slab();
  return {
    seal: (key, nonce, header, plain) => {
      key.sealing ??= aesGcm.context(key.bytes, 'seal');
      const sealed = slab.take(header.length + plain.length + tagBytes);
      sealed.set(header);
      const tagAt = header.length + plain.length;
      const target = sealed.subarray(header.length, tagAt);
      aesGcm.seal(key.sealing, { nonce, header, plain, target, tag: sealed.subarray(tagAt) });
      return sealed;
    },
    open: (key, nonce, datagram) => {
      // A context is never freed: only a sender that has proved to have the key gets one.
      if (key.opening === undefined) {
        const plain = openBytes(key, nonce, datagram);
        if (plain !== undefined) key.opening = aesGcm.context(key.bytes, 'open');
        return plain;
      }
      const tagAt = datagram.length - tagBytes;
      const target = slab.take(tagAt - envelopeHeaderBytes);
      const opened = aesGcm.open(key.opening, {
        nonce,
        header: datagram.subarray(0, envelopeHeaderBytes),
        sealed: datagram.subarray(envelopeHeaderBytes, tagAt),
        tag: datagram.subarray(tagAt),
        target,
      });
      return opened ? target : undefined;
    },
  };
}

function sealBytes({ bytes }: SessionKey, nonce: Uint8Array, header: Uint8Array, plain: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', bytes, nonce, { authTagLength: tagBytes });
  cipher.setAAD(header);
  const sealed = new Uint8Array(header.length + plain.length + tagBytes);
  sealed.set(header);
  sealed.set(cipher.update(plain), header.length);
  cipher.final();
  sealed.set(cipher.getAuthTag(), header.length + plain.length);
  return sealed;
}

function openBytes({ bytes }: SessionKey, nonce: Uint8Array, datagram: Uint8Array): Uint8Array | undefined {
  const tagAt = datagram.length - tagBytes;
  const decipher = createDecipheriv('aes-256-gcm', bytes, nonce, { authTagLength: tagBytes });
  decipher.setAAD(datagram.subarray(0, envelopeHeaderBytes));
  decipher.setAuthTag(datagram.subarray(tagAt));
  const plain = decipher.update(datagram.subarray(envelopeHeaderBytes, tagAt));
  try {
    decipher.final();
  } catch {
    return undefined; // OpenSSL's only way to say that the tag does not fit.
  }
  return plain;
}

function hmac(key: string | Uint8Array, data: Uint8Array): Buffer {
  return createHmac('sha256', key).update(data).digest();
}
