// The authkey on disk, and beside it the keys that a ring held last while they were rolled, so that a daemon that starts
// again in the middle of it hears and says what it did before.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { CommandFailure, defined } from '../../../kit/index.ts';
import { keysMax } from '../../seal/index.ts';
import type { Keyring, RingSecurity } from './settings.ts';

const keyBytesMin = 128;
const keyBytesMax = 4096;
const authkeyFiles = ['/etc/haven/authkey', '/etc/corosync/authkey'] as const;

/**
 * The cluster's authkey, or the keys that a running ring was told to hold since (`storeKeyring`).
 * @throws CommandFailure `not-found`, `permission` or `config`, with what to do.
 */
export function sealedBy(file?: string): RingSecurity {
  const candidates = file === undefined ? authkeyFiles : [file];
  for (const candidate of candidates) {
    const key = readKey(candidate);
    if (key !== undefined) return { kind: 'sealed', authkeyFile: candidate, ...keyringBeside(candidate, key) };
  }
  throw new CommandFailure({
    kind: 'not-found',
    what: `there is no authkey: neither ${candidates.join(' nor ')}`.replace(
      'neither ',
      candidates.length > 1 ? 'neither ' : '',
    ),
    why: 'every datagram of the ring is sealed with it',
    fix: "Make one with 'haven ring keygen' on one node and copy it to the others",
  });
}

/** Keys are known by a digest of themselves: a ring holds the old and the new one while keys are rolled. */
export function keyIdOf(key: Uint8Array): number {
  return defined(createHash('sha256').update('haven key id').update(key).digest()[0], 'a digest has 32 bytes');
}

/** @throws CommandFailure `not-found`, `permission` or `config`, with what to do. */
export function readAuthkey(file: string): { readonly keyId: number; readonly key: Uint8Array } {
  const key = readKey(file);
  if (key !== undefined) return { keyId: keyIdOf(key), key };
  throw new CommandFailure({
    kind: 'not-found',
    what: `there is no authkey ${file}`,
    fix: `Make one with 'haven ring keygen -k ${file}' on one node and copy it to the others`,
  });
}

function readKey(file: string): Uint8Array | undefined {
  let key: Buffer;
  try {
    key = readFileSync(file);
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new CommandFailure({
      kind: code === 'EACCES' ? 'permission' : 'failed',
      what: `cannot read the authkey ${file}`,
      why: message,
      fix: 'Run it as root',
    });
  }
  if (key.length >= keyBytesMin && key.length <= keyBytesMax) return Uint8Array.from(key);
  throw new CommandFailure({
    kind: 'config',
    what: `the authkey ${file} has ${key.length} bytes`,
    why: `a key has ${keyBytesMin} to ${keyBytesMax}`,
    fix: "Make one with 'haven ring keygen', and copy it to every node",
  });
}

/** `AUTHKEY.rolling`: JSON, with the rights and the owner of the authkey. */
type StoredKeyring = {
  /** Of the authkey at that time, SHA-256 in hex: another one since then was put there by hand, and counts. */
  readonly authkey: string;
  readonly activeKeyId: number;
  /** Base64. */
  readonly keys: readonly string[];
};

const keyringBytesMax = 65_536;

/**
 * Keeps what a ring holds for its next start. Either the keys of before or these are there after a crash at any moment.
 * @throws CommandFailure `failed` when it cannot be written: nothing has changed then.
 */
export function storeKeyring(authkeyFile: string, { keys, activeKeyId }: Keyring): void {
  const stored: StoredKeyring = {
    authkey: digestOf(defined(readKey(authkeyFile), 'the ring started with it')),
    activeKeyId,
    keys: [...keys.values()].map((key) => Buffer.from(key).toString('base64')),
  };
  const file = keyringFile(authkeyFile);
  try {
    writeDurably(file, `${JSON.stringify(stored)}\n`, statSync(authkeyFile));
  } catch (thrown) {
    throw new CommandFailure({
      kind: 'failed',
      what: `cannot keep the keys in ${file}`,
      why: (thrown as Error).message,
      fix: 'Make its directory writable: a daemon that starts again would not know them',
    });
  }
}

/** What was stored beside the authkey where that still counts, or the authkey alone. */
function keyringBeside(authkeyFile: string, authkey: Uint8Array): Keyring {
  const alone: Keyring = { keys: new Map([[keyIdOf(authkey), authkey]]), activeKeyId: keyIdOf(authkey) };
  const stored = readStored(keyringFile(authkeyFile));
  if (stored === undefined) return alone;
  const { keyring, authkeyDigest } = stored;
  const held = keyring.keys.get(keyIdOf(authkey));
  const isHeld = held !== undefined && Buffer.from(held).equals(authkey);
  return isHeld || authkeyDigest === digestOf(authkey) ? keyring : alone;
}

/** @throws CommandFailure `config`: it is damaged, and going on with the authkey alone could split the ring. */
function readStored(file: string): { readonly keyring: Keyring; readonly authkeyDigest: string } | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').slice(0, keyringBytesMax);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unusable(file, (thrown as Error).message);
  }
  const stored = parsedKeyring(text);
  if (stored === undefined) throw unusable(file, 'it is not what a ring writes there');
  const keys = new Map(
    stored.keys.map((text) => Uint8Array.from(Buffer.from(text, 'base64'))).map((key) => [keyIdOf(key), key]),
  );
  if (!keys.has(stored.activeKeyId)) throw unusable(file, `key ${stored.activeKeyId} is not among its keys`);
  return { keyring: { keys, activeKeyId: stored.activeKeyId }, authkeyDigest: stored.authkey };
}

function parsedKeyring(text: string): StoredKeyring | undefined {
  try {
    const { authkey, activeKeyId, keys } = JSON.parse(text) as Partial<Record<keyof StoredKeyring, unknown>>;
    if (typeof authkey !== 'string' || typeof activeKeyId !== 'number' || !Array.isArray(keys)) return undefined;
    const texts = keys.filter((key): key is string => typeof key === 'string');
    const whole = texts.length === keys.length && keys.length > 0 && keys.length <= keysMax;
    return whole ? { authkey, activeKeyId, keys: texts } : undefined;
  } catch {
    return undefined;
  }
}

function unusable(file: string, why: string): CommandFailure {
  return new CommandFailure({
    kind: 'config',
    what: `cannot use the keys in ${file}`,
    why,
    fix: 'Put the key that the other nodes send with into the authkey, and remove that file',
  });
}

function writeDurably(file: string, text: string, like: { mode: number; uid: number; gid: number }): void {
  const fresh = `${file}.new`;
  const fd = openSync(fresh, 'w', 0o600);
  try {
    chownSync(fresh, like.uid, like.gid);
    chmodSync(fresh, like.mode & 0o777);
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(fresh, file);
  const folder = openSync(dirname(file), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function keyringFile(authkeyFile: string): string {
  return `${authkeyFile}.rolling`;
}

function digestOf(key: Uint8Array): string {
  return createHash('sha256').update(key).digest('hex');
}
