// AES-256-GCM by the OpenSSL that is part of Node (EVP_EncryptInit(3)), called without an object for each message: one
// context keeps the expanded key, and a message costs its bytes. `node:crypto` makes a stream object a message, which at
// tens of thousands of messages a second keeps the collector busier than the cipher.
import koffi from 'koffi';
import { assert } from '../kit/index.ts';

type Context = { readonly pointer: unknown };

export type AesGcm = {
  /** A key of 32 bytes, expanded once for each direction. Never freed: a process has a handful of them. */
  readonly context: (key: Uint8Array, direction: 'seal' | 'open') => Context;
  /** Writes ciphertext and tag (16 bytes) to `target` from `at` on. */
  readonly seal: (context: Context, message: SealInput) => void;
  /** Writes the plaintext to `target`; false when the tag does not fit. */
  readonly open: (context: Context, message: OpenInput) => boolean;
};

type SealInput = {
  readonly nonce: Uint8Array;
  readonly header: Uint8Array;
  readonly plain: Uint8Array;
  readonly target: Uint8Array;
  readonly tag: Uint8Array;
};
type OpenInput = {
  readonly nonce: Uint8Array;
  readonly header: Uint8Array;
  readonly sealed: Uint8Array;
  readonly tag: Uint8Array;
  readonly target: Uint8Array;
};

const [EVP_CTRL_GCM_GET_TAG, EVP_CTRL_GCM_SET_TAG] = [0x10, 0x11];
const tagBytes = 16;

/** Undefined where Node was built in a way that hides OpenSSL: then `node:crypto` does it. */
export function loadAesGcm(): AesGcm | undefined {
  try {
    return bindAesGcm();
  } catch {
    return undefined; // koffi's way to say that a symbol is not there.
  }
}

function bindAesGcm(): AesGcm {
  const library = koffi.load(null);
  const create = library.func('void *EVP_CIPHER_CTX_new()');
  const cipher = library.func('void *EVP_aes_256_gcm()')();
  const init = library.func(
    'int EVP_CipherInit_ex(void *, const void *, const void *, const void *, const void *, int)',
  );
  const update = library.func('int EVP_CipherUpdate(void *, void *, void *, const void *, int)');
  const final = library.func('int EVP_CipherFinal_ex(void *, void *, void *)');
  const control = library.func('int EVP_CIPHER_CTX_ctrl(void *, int, int, void *)');
  // Lengths that OpenSSL writes: in counter mode always those of the input.
  const length = Buffer.alloc(4);
  const rest = Buffer.alloc(tagBytes);
  const run = ({ pointer }: Context, direction: 0 | 1, nonce: Uint8Array, header: Uint8Array) => {
    const begun = init(pointer, null, null, null, nonce, direction);
    assert(begun === 1 && update(pointer, null, length, header, header.length) === 1, 'a GCM context takes a nonce');
  };
  return {
    context: (key, direction) => {
      const pointer: unknown = create();
      assert(init(pointer, cipher, null, key, null, direction === 'seal' ? 1 : 0) === 1, 'AES-256-GCM takes this key');
      return { pointer };
    },
    seal: (context, { nonce, header, plain, target, tag }) => {
      run(context, 1, nonce, header);
      const sealed = update(context.pointer, target, length, plain, plain.length) === 1;
      const ended = sealed && final(context.pointer, rest, length) === 1;
      assert(ended && control(context.pointer, EVP_CTRL_GCM_GET_TAG, tagBytes, tag) === 1, 'sealing cannot fail');
    },
    open: (context, { nonce, header, sealed, tag, target }) => {
      run(context, 0, nonce, header);
      if (update(context.pointer, target, length, sealed, sealed.length) !== 1) return false;
      if (control(context.pointer, EVP_CTRL_GCM_SET_TAG, tagBytes, tag) !== 1) return false;
      return final(context.pointer, rest, length) === 1;
    },
  };
}
