// One node's side of the wires, as the driver of a real ring has it: what leaves is sealed and takes the links that carry;
// of what arrives only the authentic and fresh comes through.
import {
  aesGcmCrypto,
  createLinks,
  decodeProbe,
  encodeEnvelope,
  havenLinkTiming,
  type LinkMode,
  type Links,
  type LinksEffect,
  type LinksEvent,
  nextLinkDeadline,
  routeTo,
  Seal,
  type SealCrypto,
  type Session,
  sealOverheadBytes,
  stepLinks,
  usableLinks,
} from '../../membership/index.ts';
import { standInCipher } from './stand-in-cipher.ts';

/** How the nodes are connected. */
export type Wiring = {
  readonly linkCount: number;
  readonly linkMode: LinkMode;
  readonly security: 'plain' | 'sealed';
  /** What seals: the real thing, or what costs a hundredth of it. */
  readonly cipher: 'aes-gcm' | 'stand-in';
  /** A datagram is under way for between one and four times a tenth of this, where nothing delays it further. */
  readonly hopMs: number;
};

/** A place in the procedure that rolls a key: 0 the old alone, 1 both known, 2 the new one in use, 3 the new alone. */
export type KeyStage = 0 | 1 | 2 | 3;

type Outgoing = { readonly link: number; readonly to: number; readonly datagram: Uint8Array };
type Incoming = {
  /** Undefined: nothing for the ring. */
  readonly message: Uint8Array | undefined;
  readonly authentic: boolean;
  /** The same sealed datagram may come through once. */
  readonly taken: 'once' | 'twice';
  readonly send: readonly Outgoing[];
};

const [oldKeyId, newKeyId] = [1, 2];
const authkeys = new Map([oldKeyId, newKeyId].map((keyId) => [keyId, new Uint8Array(128).fill(keyId)]));
// OpenSSL's own contexts live as long as a process, and there are too many stations for that.
const aesGcm = aesGcmCrypto(authkeys, 'simulated', 'portable');
const standIn = standInCipher(authkeys);
const nothing: Incoming = { message: undefined, authentic: false, taken: 'once', send: [] };
const firstLink: readonly number[] = [0];

export class Station {
  readonly #peers: readonly number[];
  readonly #seal: SealOfStage | undefined;
  readonly #links: Links | undefined;
  /** Of the sealed datagrams, those that came through. */
  readonly #taken = new WeakSet<Uint8Array>();

  constructor(options: {
    nodeId: number;
    peers: readonly number[];
    wiring: Wiring;
    session: Session;
    stage: KeyStage;
  }) {
    const { nodeId, peers, wiring, session, stage } = options;
    this.#peers = peers;
    const node: SealedNode = { nodeId, session, stage, knownNodes: new Set([nodeId, ...peers]) };
    if (wiring.security === 'sealed')
      this.#seal = wiring.cipher === 'aes-gcm' ? sealOfStage(node, aesGcm) : sealOfStage(node, standIn);
    const { linkCount, linkMode: mode } = wiring;
    this.#links = linkCount > 1 ? createLinks({ nodeId, peers, linkCount, mode, timing: havenLinkTiming }) : undefined;
  }

  get deadlineMs(): number {
    return this.#links === undefined ? Infinity : nextLinkDeadline(this.#links);
  }

  setStage(stage: KeyStage): void {
    this.#seal?.setStage(stage);
  }

  /** To one node, on the links of the moment. */
  send(message: Uint8Array, to: number, attempt: 'first' | 'repeated'): Outgoing[] {
    const datagram = this.#seal?.seal.seal(message, to) ?? message;
    return this.#route(to, attempt).map((link) => ({ link, to, datagram }));
  }

  multicast(message: Uint8Array): Outgoing[] {
    const datagram = this.#seal?.seal.seal(message) ?? message;
    return this.#peers.flatMap((to) => this.#route(to).map((link) => ({ link, to, datagram })));
  }

  /** What a guardian sends on every link when this process is gone. */
  farewell(message: Uint8Array): Uint8Array {
    return this.#seal?.seal.sealLast(message) ?? message;
  }

  links(event: LinksEvent): Outgoing[] {
    return this.#links === undefined ? [] : this.#outgoing(stepLinks(this.#links, event));
  }

  /** `from` is where it came from, as far as addresses can tell. */
  receive({ datagram, from, link }: { datagram: Uint8Array; from: number; link: number }, nowMs: number): Incoming {
    let bytes = datagram;
    let taken: Incoming['taken'] = 'once';
    if (this.#seal !== undefined) {
      const opened = this.#seal.seal.open(datagram, nowMs);
      if (opened.kind === 'refused') return nothing;
      if (this.#taken.has(datagram)) taken = 'twice';
      this.#taken.add(datagram);
      bytes = opened.bytes;
    }
    if (this.#links === undefined) return { message: bytes, authentic: true, taken, send: [] };
    const probe = decodeProbe(bytes);
    const heard = { kind: 'heard', nowMs, peer: from, link } as const;
    const send = this.links(probe === undefined ? heard : { ...heard, probe });
    return { message: probe === undefined ? bytes : undefined, authentic: true, taken, send };
  }

  #route(peer: number, attempt: 'first' | 'repeated' = 'first'): readonly number[] {
    if (this.#links === undefined) return firstLink;
    return attempt === 'first' ? routeTo(this.#links, peer) : usableLinks(this.#links, peer);
  }

  #outgoing(effects: readonly LinksEffect[]): Outgoing[] {
    return effects.flatMap((effect) =>
      effect.kind === 'probe'
        ? [
            {
              link: effect.link,
              to: effect.peer,
              datagram: this.#seal?.seal.seal(effect.bytes, effect.peer) ?? effect.bytes,
            },
          ]
        : [],
    );
  }
}

/** All of it as `from` would have made it in a session to come, but for the key. */
export function forgedDatagram(from: number, noise: Uint8Array): Uint8Array {
  const session: Session = { high: 0xffffffff, low: 0 };
  const header = encodeEnvelope({ keyId: oldKeyId, sender: from, session, counter: 0, receiver: 0 });
  const datagram = new Uint8Array(sealOverheadBytes + noise.length);
  datagram.set(header);
  datagram.set(noise, header.length);
  return datagram;
}

function activeKeyId(stage: KeyStage): number {
  return stage < 2 ? oldKeyId : newKeyId;
}

type SealedNode = {
  readonly nodeId: number;
  readonly session: Session;
  readonly stage: KeyStage;
  readonly knownNodes: ReadonlySet<number>;
};

/** A seal of either cipher, and its way through the procedure that rolls the key. */
type SealOfStage = {
  readonly seal: Pick<Seal<never>, 'seal' | 'sealLast' | 'open'>;
  readonly setStage: (stage: KeyStage) => void;
};

function sealOfStage<Key>({ nodeId, session, stage, knownNodes }: SealedNode, cipher: SealCrypto<Key>): SealOfStage {
  const keyring = (now: KeyStage): SealCrypto<Key> => {
    const known = now === 0 ? [oldKeyId] : now === 3 ? [newKeyId] : [oldKeyId, newKeyId];
    return {
      ...cipher,
      deriveKey: (keyId, info) => (known.includes(keyId) ? cipher.deriveKey(keyId, info) : undefined),
    };
  };
  const seal = new Seal({ nodeId, session, crypto: keyring(stage), activeKeyId: activeKeyId(stage), knownNodes });
  return { seal, setStage: (now) => seal.setKeys(keyring(now), activeKeyId(now)) };
}
