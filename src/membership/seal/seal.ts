// Haven's secure mode: every datagram is sealed once, whatever the number of nodes and links it goes to, and opened only
// when it is authentic, of a session in force, and not seen before. What fails costs one counter and, at most, one try.
import { defined } from '../../kit/index.ts';
import {
  counterMax,
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  everybody,
  isLaterSession,
  keyInfo,
  nonceOf,
  type Session,
  sameSession,
} from './envelope.ts';
import { ReplayWindow } from './replay-window.ts';

/** Keys in force at once: the old and the new while rolling, and one to spare. */
export const keysMax = 3;
/** Senders whose sessions are remembered. */
const sendersMax = 384;
/**
 * A session that has been silent for so long may be followed by an earlier one: its sender restarted with its clock set
 * back. Every live member speaks many times a second, so no session in use is ever displaced.
 */
const sessionForgottenMs = 10_000;

/** The cryptography, which lives in driver/. `Key` is whatever it likes. */
export type SealCrypto<Key> = {
  /** HKDF-SHA256 over the authkey of `keyId`: a 32-byte key bound to `info`. Undefined: no such key id. */
  readonly deriveKey: (keyId: number, info: Uint8Array) => Key | undefined;
  /** AES-256-GCM: `header` ‖ ciphertext ‖ tag, `header` authenticated too. */
  readonly seal: (key: Key, nonce: Uint8Array, header: Uint8Array, plain: Uint8Array) => Uint8Array;
  /** The plaintext, or undefined when the tag does not fit. */
  readonly open: (key: Key, nonce: Uint8Array, datagram: Uint8Array) => Uint8Array | undefined;
};

export type SealRefusal =
  | 'not-sealed'
  | 'own'
  | 'misdirected'
  | 'unknown-key'
  | 'unknown-sender'
  | 'old-session'
  | 'replayed'
  | 'forged';

export type Opened =
  | { readonly kind: 'opened'; readonly sender: number; readonly bytes: Uint8Array }
  | { readonly kind: 'refused'; readonly reason: SealRefusal };

type SenderState<Key> = {
  session: Session;
  lastHeardMs: number;
  /** By key id: while keys are rolled a session speaks under two. */
  readonly keys: Map<number, Key>;
  /** What the latest datagram was sealed with. */
  keyId: number;
  window: ReplayWindow;
};

export type SealConfig<Key> = {
  readonly nodeId: number;
  readonly session: Session;
  readonly crypto: SealCrypto<Key>;
  readonly activeKeyId: number;
  /** Absent: any node id is heard that knows the key (a cluster without a node list). */
  readonly knownNodes?: ReadonlySet<number>;
};

export class Seal<Key> {
  readonly #config: SealConfig<Key>;
  readonly #senders = new Map<number, SenderState<Key>>();
  #crypto: SealCrypto<Key>;
  readonly #refused = new Map<SealRefusal, number>();
  #activeKeyId: number;
  #activeKey: Key;
  #knownNodes: ReadonlySet<number> | undefined;
  #counter = 0;
  #lastCounter = counterMax;

  constructor(config: SealConfig<Key>) {
    this.#config = config;
    this.#crypto = config.crypto;
    this.#knownNodes = config.knownNodes;
    this.#activeKeyId = config.activeKeyId;
    this.#activeKey = this.#deriveOwn(config.activeKeyId);
  }

  /** How many datagrams were refused, by reason. */
  get refused(): ReadonlyMap<SealRefusal, number> {
    return this.#refused;
  }

  /** Only these node ids are heard from now on. */
  setKnownNodes(nodeIds: ReadonlySet<number>): void {
    this.#knownNodes = nodeIds;
  }

  /** The key id under which each sender spoke last. */
  get keyIdsHeard(): ReadonlyMap<number, number> {
    return new Map([...this.#senders].map(([sender, { keyId }]) => [sender, keyId]));
  }

  /**
   * Opens with the keys of `crypto` and speaks under `activeKeyId`, one of them, from now on. To roll without an outage:
   * give every node the new key, then switch every node, then take the old key away. Session and counters go on, so that
   * no nonce comes twice under a key that is switched to again.
   */
  setKeys(crypto: SealCrypto<Key>, activeKeyId: number): void {
    this.#crypto = crypto;
    this.#activeKey = this.#deriveOwn(activeKeyId);
    this.#activeKeyId = activeKeyId;
    // Derived anew when they are next heard, if their authkey is still there.
    for (const sender of this.#senders.values()) sender.keys.clear();
  }

  /** For one node, or for everybody. */
  seal(plain: Uint8Array, receiver = everybody): Uint8Array {
    const envelope = this.#own(this.#activeKeyId, this.#counter++, receiver);
    return this.#crypto.seal(this.#activeKey, nonceOf(envelope), encodeEnvelope(envelope), plain);
  }

  /**
   * Seals what is to be said after everything else, by a guardian when this process is gone: it is accepted whatever was
   * sent before it, and nothing of this session is accepted after it.
   */
  sealLast(plain: Uint8Array): Uint8Array {
    const envelope = this.#own(this.#activeKeyId, this.#lastCounter--);
    return this.#crypto.seal(this.#activeKey, nonceOf(envelope), encodeEnvelope(envelope), plain);
  }

  open(datagram: Uint8Array, nowMs: number): Opened {
    const envelope = decodeEnvelope(datagram);
    if (envelope === undefined) return this.#refuse('not-sealed');
    const { sender } = envelope;
    if (sender === this.#config.nodeId) return this.#refuse('own');
    if (envelope.receiver !== everybody && envelope.receiver !== this.#config.nodeId)
      return this.#refuse('misdirected');
    if (this.#knownNodes?.has(sender) === false) return this.#refuse('unknown-sender');
    const known = this.#senders.get(sender);
    const current = known !== undefined && sameSession(known.session, envelope.session) ? known : undefined;
    if (current === undefined && known !== undefined && !succeeds(envelope, known, nowMs))
      return this.#refuse('old-session');
    if (current?.window.isFresh(envelope.counter) === false) return this.#refuse('replayed');
    const key = current?.keys.get(envelope.keyId) ?? this.#crypto.deriveKey(envelope.keyId, keyInfo(envelope));
    if (key === undefined) return this.#refuse('unknown-key');
    const bytes = this.#crypto.open(key, nonceOf(envelope), datagram);
    if (bytes === undefined) return this.#refuse('forged');
    if (known === undefined && this.#senders.size >= sendersMax) return this.#refuse('unknown-sender');
    this.#remember(envelope, { state: current, key, nowMs });
    return { kind: 'opened', sender, bytes };
  }

  #remember(envelope: Envelope, verified: { state: SenderState<Key> | undefined; key: Key; nowMs: number }): void {
    const { nowMs, key } = verified;
    const state = verified.state ?? {
      session: envelope.session,
      lastHeardMs: nowMs,
      keys: new Map(),
      keyId: envelope.keyId,
      window: new ReplayWindow(),
    };
    if (verified.state === undefined) this.#senders.set(envelope.sender, state);
    if (!state.keys.has(envelope.keyId)) state.keys.set(envelope.keyId, key);
    state.keyId = envelope.keyId;
    state.lastHeardMs = nowMs;
    state.window.mark(envelope.counter);
  }

  #deriveOwn(keyId: number): Key {
    return defined(this.#crypto.deriveKey(keyId, keyInfo(this.#own(keyId, 0))), `key ${keyId} is not in the keyring`);
  }

  #own(keyId: number, counter: number, receiver = everybody): Envelope {
    return { keyId, sender: this.#config.nodeId, session: this.#config.session, counter, receiver };
  }

  #refuse(reason: SealRefusal): Opened {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
    return { kind: 'refused', reason };
  }
}

function succeeds<Key>(envelope: Envelope, known: SenderState<Key>, nowMs: number): boolean {
  return isLaterSession(envelope.session, known.session) || nowMs - known.lastHeardMs > sessionForgottenMs;
}
