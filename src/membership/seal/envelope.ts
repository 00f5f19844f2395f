// A sealed datagram: who sent it in which session, its number there, whom it is for, and the ring message encrypted under
// AES-256-GCM.
//
//   0  magic 'H' 'v'          4  sender's node id, u32       24  receiver's node id, u32; 0 for everybody
//   2  version 2              8  session, u64                28  encrypted ring message
//   3  key id                16  counter, u64                -16 authentication tag
//
// Integers are big-endian. The first 28 bytes are authenticated too: a token that was meant for one member is nobody
// else's, whoever passes it on. The nonce is sender ‖ counter, and each session has a
// key of its own (HKDF over sender and session), so that no nonce is ever used twice under one key, restarts included.

export const envelopeHeaderBytes = 28;
export const tagBytes = 16;
/** What sealing adds to a datagram. */
export const sealOverheadBytes = envelopeHeaderBytes + tagBytes;
export const nonceBytes = 12;

const version = 2;
const magicFirst = 0x48;
const magicSecond = 0x76;
/** Counters stay exact numbers; at a million datagrams a second they last 285 years. */
const counterHighMax = 2 ** 21;
export const counterMax = counterHighMax * 2 ** 32 - 1;

/** When a sender's process started, in ms since 1970, and a random part: later sessions of a sender compare greater. */
export type Session = { readonly high: number; readonly low: number };

export type Envelope = {
  readonly keyId: number;
  readonly sender: number;
  readonly session: Session;
  readonly counter: number;
  readonly receiver: number;
};

/** As a receiver. */
export const everybody = 0;

export function sessionOf(startedMs: number, random16: number): Session {
  return {
    high: Math.floor(startedMs / 2 ** 16) >>> 0,
    low: ((startedMs % 2 ** 16) * 2 ** 16 + (random16 & 0xffff)) >>> 0,
  };
}

export function sameSession(left: Session, right: Session): boolean {
  return left.high === right.high && left.low === right.low;
}

export function isLaterSession(left: Session, right: Session): boolean {
  return left.high > right.high || (left.high === right.high && left.low > right.low);
}

const nonce = new Uint8Array(nonceBytes);
const nonceView = new DataView(nonce.buffer);
const header = new Uint8Array(envelopeHeaderBytes);
header.set([magicFirst, magicSecond, version]);
const headerView = new DataView(header.buffer);

/** The same array each time: valid until the next call. */
export function encodeEnvelope(envelope: Envelope): Uint8Array {
  headerView.setUint8(3, envelope.keyId);
  headerView.setUint32(4, envelope.sender);
  headerView.setUint32(8, envelope.session.high);
  headerView.setUint32(12, envelope.session.low);
  headerView.setUint32(16, Math.floor(envelope.counter / 2 ** 32));
  headerView.setUint32(20, envelope.counter >>> 0);
  headerView.setUint32(24, envelope.receiver);
  return header;
}

/** Undefined when `datagram` is no sealed datagram of this version. */
export function decodeEnvelope(datagram: Uint8Array): Envelope | undefined {
  if (datagram.length < sealOverheadBytes) return undefined;
  if (datagram[0] !== magicFirst || datagram[1] !== magicSecond || datagram[2] !== version) return undefined;
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  const counterHigh = view.getUint32(16);
  if (counterHigh >= counterHighMax) return undefined;
  return {
    keyId: view.getUint8(3),
    sender: view.getUint32(4),
    session: { high: view.getUint32(8), low: view.getUint32(12) },
    counter: counterHigh * 2 ** 32 + view.getUint32(20),
    receiver: view.getUint32(24),
  };
}

/** The same array each time: valid until the next call. */
export function nonceOf({ sender, counter }: Pick<Envelope, 'sender' | 'counter'>): Uint8Array {
  nonceView.setUint32(0, sender);
  nonceView.setUint32(4, Math.floor(counter / 2 ** 32));
  nonceView.setUint32(8, counter >>> 0);
  return nonce;
}

/** HKDF's `info`: what the key of a session is bound to. */
export function keyInfo(envelope: Envelope): Uint8Array {
  return encodeEnvelope({ ...envelope, counter: 0 }).slice(0, 16);
}
