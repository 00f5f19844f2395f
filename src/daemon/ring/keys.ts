// Rolling the key of a running ring, one node at a time: `add` on all of them, `use` on all, `drop` on all. Each command
// is refused where the ring would fall apart by it. They come over the socket rather than from a watched directory, so
// that the administrator hears the refusal, and none of the three steps is taken by a copied file alone.
import { isAbsolute } from 'node:path';
import { CommandFailure } from '../../kit/index.ts';
import { type Keyring, keysMax, readAuthkey } from '../../membership/index.ts';

export const keyVerbs = ['add', 'use', 'drop'] as const;
export type KeyVerb = (typeof keyVerbs)[number];
/** `file`: absolute; the daemon reads it. */
export type KeyRequest = { readonly verb: KeyVerb; readonly file: string };

/** Of the ring's status: who is in it, and what each was last heard under. */
export type PeersOnKeys = {
  readonly members: readonly { readonly nodeId: number }[];
  readonly keys: { readonly peers: readonly { readonly nodeId: number; readonly keyId: number }[] } | undefined;
};

/** @throws CommandFailure `config`, `not-found`, `exists` or `usage`: nothing has changed then. */
export function rolled(keyring: Keyring, request: KeyRequest, status: PeersOnKeys): Keyring {
  const { verb, file } = request;
  if (!isAbsolute(file)) throw new CommandFailure({ kind: 'usage', what: `'${file}' is no absolute path` });
  const { keyId, key } = readAuthkey(file);
  const held = keyring.keys.get(keyId);
  if (held !== undefined && !Buffer.from(held).equals(key)) {
    throw new CommandFailure({
      kind: 'exists',
      what: `the key in ${file} has the id ${keyId}, as another key of this ring has`,
      fix: 'Make another one: ids are digests of the key',
    });
  }
  switch (verb) {
    case 'add':
      return added(keyring, { keyId, key });
    case 'use':
      if (held === undefined) throw notHeld(file, keyId);
      return { ...keyring, activeKeyId: keyId };
    case 'drop':
      if (held === undefined) throw notHeld(file, keyId);
      return dropped(keyring, keyId, status);
  }
}

function added(keyring: Keyring, { keyId, key }: { keyId: number; key: Uint8Array }): Keyring {
  if (keyring.keys.size >= keysMax && !keyring.keys.has(keyId)) {
    throw new CommandFailure({
      kind: 'config',
      what: `the ring has ${keysMax} keys already: ${[...keyring.keys.keys()].join(' ')}`,
      fix: "Drop one that nobody uses: 'haven ring key drop FILE'",
    });
  }
  return { ...keyring, keys: new Map([...keyring.keys, [keyId, key]]) };
}

function dropped(keyring: Keyring, keyId: number, status: PeersOnKeys): Keyring {
  if (keyId === keyring.activeKeyId) {
    throw new CommandFailure({
      kind: 'config',
      what: `this node sends with key ${keyId}`,
      fix: "Switch to another one first: 'haven ring key use FILE'",
    });
  }
  const members = new Set(status.members.map(({ nodeId }) => nodeId));
  const users = (status.keys?.peers ?? []).filter((peer) => peer.keyId === keyId && members.has(peer.nodeId));
  if (users.length > 0) {
    throw new CommandFailure({
      kind: 'config',
      what: `key ${keyId} is still sent with by node ${users.map(({ nodeId }) => nodeId).join(', node ')}`,
      why: 'without it this node would not hear them, and the ring would break',
      fix: "Run 'haven ring key use FILE' with the new key there first",
    });
  }
  return { ...keyring, keys: new Map([...keyring.keys].filter(([other]) => other !== keyId)) };
}

function notHeld(file: string, keyId: number): CommandFailure {
  const what = `the ring does not hold the key in ${file} (id ${keyId})`;
  return new CommandFailure({ kind: 'not-found', what, fix: `Add it on every node first: haven ring key add ${file}` });
}
