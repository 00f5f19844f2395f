// Bytes of the ring layer, Corosync 3.1.7: packed structures in the sender's byte order behind a 13-byte header.
// Haven writes little-endian always (3.1.7 does not convert all of a big-endian peer's upper layers) and reads both.
import { Slab } from '../../kit/index.ts';
import {
  type CommitEntry,
  type CommitTokenMessage,
  type HoldCancelMessage,
  type JoinMessage,
  type Malformed,
  type McastMessage,
  type MergeDetectMessage,
  type MessageHeader,
  membersMax,
  type RetransmitRequest,
  retransmitRequestsMax,
  type TokenMessage,
  type TotemMessage,
} from './message.ts';
import { type RingId, ringSeqMax } from './ring-id.ts';

const magic = 0xc070;
const protocolVersion = 3;
const headerBytes = 13;
const tokenFixedBytes = 57;
const requestBytes = 16;
const joinFixedBytes = 33;
const commitFixedBytes = 41;
const commitMemberBytes = 28;
const commitEntryBytes = 24;
const mergeDetectBytes = 29;
const tokenFieldAt = { seq: 13, tokenSeq: 17, aru: 21, aruNodeId: 25 } as const;
const holdCancelBytes = 25;
/** Bytes before the payload of an mcast. */
export const mcastHeaderBytes = 45;
/** The largest UDP payload over IPv4. */
export const datagramBytesMax = 65507;

const wireType = { token: 0, mcast: 1, 'merge-detect': 2, join: 3, 'commit-token': 4, 'hold-cancel': 5 } as const;

const failures = {
  short: { kind: 'malformed', reason: 'short' },
  magic: { kind: 'malformed', reason: 'magic' },
  version: { kind: 'malformed', reason: 'version' },
  type: { kind: 'malformed', reason: 'type' },
  length: { kind: 'malformed', reason: 'length' },
  range: { kind: 'malformed', reason: 'range' },
} as const satisfies Record<string, Malformed>;

type Reader = {
  readonly view: DataView;
  readonly bytes: Uint8Array;
  readonly little: boolean;
  readonly header: MessageHeader;
};

/**
 * One datagram as a message, or why it is none. Never throws. A longer datagram than its message needs is accepted, as
 * Corosync does; the payload of an mcast is a view into `bytes`.
 */
export function decodeMessage(bytes: Uint8Array): TotemMessage | Malformed {
  if (bytes.length < headerBytes) return failures.short;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = view.getUint16(0, true) === magic;
  if (!little && view.getUint16(0, false) !== magic) return failures.magic;
  if (bytes[2] !== protocolVersion) return failures.version;
  const header: MessageHeader = {
    byteOrder: little ? 'little' : 'big',
    encapsulated: view.getUint8(4),
    nodeId: view.getUint32(5, little),
    targetNodeId: view.getUint32(9, little),
  };
  return decodeBody(view.getUint8(3), { view, bytes, little, header });
}

function decodeBody(type: number, reader: Reader): TotemMessage | Malformed {
  switch (type) {
    case wireType.token:
      return decodeToken(reader);
    case wireType.mcast:
      return decodeMcast(reader);
    case wireType['merge-detect']:
      return decodeMergeDetect(reader);
    case wireType.join:
      return decodeJoin(reader);
    case wireType['commit-token']:
      return decodeCommitToken(reader);
    case wireType['hold-cancel']:
      return decodeHoldCancel(reader);
    default:
      return failures.type;
  }
}

function decodeToken(reader: Reader): TokenMessage | Malformed {
  const { view, little, header } = reader;
  if (view.byteLength < tokenFixedBytes) return failures.length;
  const requestCount = view.getInt32(53, little);
  if (requestCount < 0 || requestCount > retransmitRequestsMax) return failures.range;
  if (view.byteLength < tokenFixedBytes + requestBytes * requestCount) return failures.length;
  const ringId = ringIdAt(reader, 29);
  if (ringId === undefined) return failures.range;
  const requests: RetransmitRequest[] = [];
  for (let index = 0; index < requestCount; index++) {
    const at = tokenFixedBytes + requestBytes * index;
    const requested = ringIdAt(reader, at);
    if (requested === undefined) return failures.range;
    requests.push({ ringId: requested, seq: view.getUint32(at + 12, little) });
  }
  return {
    kind: 'token',
    header,
    seq: view.getUint32(13, little),
    tokenSeq: view.getUint32(17, little),
    aru: view.getUint32(21, little),
    aruNodeId: view.getUint32(25, little),
    ringId,
    backlog: view.getUint32(41, little),
    flowCount: view.getUint32(45, little),
    retransFlag: view.getInt32(49, little),
    requests,
  };
}

function decodeMcast(reader: Reader): McastMessage | Malformed {
  const { view, bytes, little, header } = reader;
  if (bytes.length < mcastHeaderBytes) return failures.length;
  const ringId = ringIdAt(reader, 25);
  if (ringId === undefined) return failures.range;
  return {
    kind: 'mcast',
    header,
    systemFrom: view.getUint32(13, little),
    seq: view.getUint32(17, little),
    thisSeqno: view.getInt32(21, little),
    ringId,
    unusedNodeId: view.getUint32(37, little),
    guarantee: view.getInt32(41, little),
    payload: bytes.subarray(mcastHeaderBytes),
  };
}

function decodeMergeDetect(reader: Reader): MergeDetectMessage | Malformed {
  const { view, little, header } = reader;
  if (view.byteLength < mergeDetectBytes) return failures.length;
  const ringId = ringIdAt(reader, 17);
  if (ringId === undefined) return failures.range;
  return { kind: 'merge-detect', header, systemFrom: view.getUint32(13, little), ringId };
}

function decodeJoin(reader: Reader): JoinMessage | Malformed {
  const { view, little, header } = reader;
  if (view.byteLength < joinFixedBytes) return failures.length;
  const procCount = view.getUint32(17, little);
  const failedCount = view.getUint32(21, little);
  if (procCount > membersMax || failedCount > membersMax) return failures.range;
  if (view.byteLength < joinFixedBytes + 4 * (procCount + failedCount)) return failures.length;
  const ringSeq = ringSeqAt(reader, 25);
  if (ringSeq === undefined) return failures.range;
  return {
    kind: 'join',
    header,
    systemFrom: view.getUint32(13, little),
    ringSeq,
    procList: nodeIdsAt(reader, joinFixedBytes, procCount),
    failedList: nodeIdsAt(reader, joinFixedBytes + 4 * procCount, failedCount),
  };
}

function decodeCommitToken(reader: Reader): CommitTokenMessage | Malformed {
  const { view, little, header } = reader;
  if (view.byteLength < commitFixedBytes) return failures.length;
  const memberIndex = view.getInt32(33, little);
  const memberCount = view.getInt32(37, little);
  if (memberCount < 1 || memberCount > membersMax) return failures.range;
  if (memberIndex < 0 || memberIndex > memberCount) return failures.range;
  if (view.byteLength < commitFixedBytes + commitMemberBytes * memberCount) return failures.length;
  const ringId = ringIdAt(reader, 17);
  if (ringId === undefined) return failures.range;
  const entries: CommitEntry[] = [];
  for (let index = 0; index < memberCount; index++) {
    const entry = commitEntryAt(reader, commitFixedBytes + 4 * memberCount + commitEntryBytes * index);
    if (entry === undefined) return failures.range;
    entries.push(entry);
  }
  return {
    kind: 'commit-token',
    header,
    tokenSeq: view.getUint32(13, little),
    ringId,
    retransFlag: view.getUint32(29, little),
    memberIndex,
    members: nodeIdsAt(reader, commitFixedBytes, memberCount),
    entries,
  };
}

function decodeHoldCancel(reader: Reader): HoldCancelMessage | Malformed {
  if (reader.view.byteLength < holdCancelBytes) return failures.length;
  const ringId = ringIdAt(reader, 13);
  return ringId === undefined ? failures.range : { kind: 'hold-cancel', header: reader.header, ringId };
}

function commitEntryAt(reader: Reader, at: number): CommitEntry | undefined {
  const { view, little } = reader;
  const ringId = ringIdAt(reader, at);
  if (ringId === undefined) return undefined;
  return {
    ringId,
    aru: view.getUint32(at + 12, little),
    highDelivered: view.getUint32(at + 16, little),
    receivedFlag: view.getUint32(at + 20, little),
  };
}

function ringIdAt(reader: Reader, at: number): RingId | undefined {
  const seq = ringSeqAt(reader, at + 4);
  return seq === undefined ? undefined : { representative: reader.view.getUint32(at, reader.little), seq };
}

function ringSeqAt({ view, little }: Reader, at: number): number | undefined {
  const high = view.getUint32(little ? at + 4 : at, little);
  const low = view.getUint32(little ? at : at + 4, little);
  const seq = high * 2 ** 32 + low;
  return seq <= ringSeqMax ? seq : undefined;
}

function nodeIdsAt({ view, little }: Reader, at: number, count: number): number[] {
  const nodeIds: number[] = [];
  for (let index = 0; index < count; index++) nodeIds.push(view.getUint32(at + 4 * index, little));
  return nodeIds;
}

/** The message as Corosync would send it from a little-endian machine. */
export function encodeMessage(message: TotemMessage): Uint8Array {
  switch (message.kind) {
    case 'token':
      return encodeToken(message);
    case 'mcast':
      return encodeMcast(message);
    case 'merge-detect':
      return encodeMergeDetect(message);
    case 'join':
      return encodeJoin(message);
    case 'commit-token':
      return encodeCommitToken(message);
    case 'hold-cancel':
      return encodeHoldCancel(message);
  }
}

/** Tokens come by the dozen a second for as long as a ring stands. */
const passedOn = new Slab();

/**
 * What two tokens say is the same, whoever sent them and whatever their numbers. Without retransmit requests: with any, they
 * are taken to differ.
 */
export function isSameToken(bytes: Uint8Array, token: Uint8Array): boolean {
  if (bytes.length !== tokenFixedBytes || token.length !== tokenFixedBytes) return false;
  for (let at = 0; at < tokenFixedBytes; at++) {
    if (bytes[at] === token[at]) continue;
    const fromWhom = at >= 5 && at < headerBytes;
    const number = at >= 17 && at < 21;
    if (!fromWhom && !number) return false;
  }
  return true;
}

/** The four bytes of a token that Haven encoded. */
export function tokenField(token: Uint8Array, field: 'seq' | 'tokenSeq' | 'aru' | 'aruNodeId'): number {
  const at = tokenFieldAt[field];
  return (
    ((token[at] ?? 0) | ((token[at + 1] ?? 0) << 8) | ((token[at + 2] ?? 0) << 16) | ((token[at + 3] ?? 0) << 24)) >>> 0
  );
}

/** The same token with this number. */
export function renumberToken(token: Uint8Array, tokenSeq: number): Uint8Array {
  const bytes = passedOn.copy(token);
  for (let place = 0; place < 4; place++) bytes[tokenFieldAt.tokenSeq + place] = tokenSeq >>> (8 * place);
  return bytes;
}

export function encodeToken(token: TokenMessage): Uint8Array {
  const { bytes, view } = begin('token', token.header, tokenFixedBytes + requestBytes * token.requests.length);
  view.setUint32(13, token.seq, true);
  view.setUint32(17, token.tokenSeq, true);
  view.setUint32(21, token.aru, true);
  view.setUint32(25, token.aruNodeId, true);
  setRingId(view, 29, token.ringId);
  view.setUint32(41, token.backlog, true);
  view.setUint32(45, token.flowCount, true);
  view.setInt32(49, token.retransFlag, true);
  view.setInt32(53, token.requests.length, true);
  token.requests.forEach((request, index) => {
    const at = tokenFixedBytes + requestBytes * index;
    setRingId(view, at, request.ringId);
    view.setUint32(at + 12, request.seq, true);
  });
  return bytes;
}

function encodeMcast(message: McastMessage): Uint8Array {
  const { bytes, view } = begin('mcast', message.header, mcastHeaderBytes + message.payload.length);
  writeMcastBody(view, message);
  bytes.set(message.payload, mcastHeaderBytes);
  return bytes;
}

/** Writes the 45 bytes before a payload that is already in its place: the sender's path copies a message only once. */
export function writeMcastHeader(bytes: Uint8Array, message: Omit<McastMessage, 'payload' | 'kind'>): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  writeHeader(view, 'mcast', message.header);
  writeMcastBody(view, message);
}

function writeMcastBody(view: DataView, message: Omit<McastMessage, 'payload' | 'kind'>): void {
  view.setUint32(13, message.systemFrom, true);
  view.setUint32(17, message.seq, true);
  view.setInt32(21, message.thisSeqno, true);
  setRingId(view, 25, message.ringId);
  view.setUint32(37, message.unusedNodeId, true);
  view.setInt32(41, message.guarantee, true);
}

function encodeMergeDetect(message: MergeDetectMessage): Uint8Array {
  const { bytes, view } = begin('merge-detect', message.header, mergeDetectBytes);
  view.setUint32(13, message.systemFrom, true);
  setRingId(view, 17, message.ringId);
  return bytes;
}

function encodeJoin(message: JoinMessage): Uint8Array {
  const { procList, failedList } = message;
  const size = joinFixedBytes + 4 * (procList.length + failedList.length);
  const { bytes, view } = begin('join', message.header, size);
  view.setUint32(13, message.systemFrom, true);
  view.setUint32(17, procList.length, true);
  view.setUint32(21, failedList.length, true);
  setRingSeq(view, 25, message.ringSeq);
  setNodeIds(view, joinFixedBytes, procList);
  setNodeIds(view, joinFixedBytes + 4 * procList.length, failedList);
  return bytes;
}

function encodeCommitToken(message: CommitTokenMessage): Uint8Array {
  const { members, entries } = message;
  const { bytes, view } = begin('commit-token', message.header, commitFixedBytes + commitMemberBytes * members.length);
  view.setUint32(13, message.tokenSeq, true);
  setRingId(view, 17, message.ringId);
  view.setUint32(29, message.retransFlag, true);
  view.setInt32(33, message.memberIndex, true);
  view.setInt32(37, members.length, true);
  setNodeIds(view, commitFixedBytes, members);
  entries.forEach((entry, index) => {
    const at = commitFixedBytes + 4 * members.length + commitEntryBytes * index;
    setRingId(view, at, entry.ringId);
    view.setUint32(at + 12, entry.aru, true);
    view.setUint32(at + 16, entry.highDelivered, true);
    view.setUint32(at + 20, entry.receivedFlag, true);
  });
  return bytes;
}

function encodeHoldCancel(message: HoldCancelMessage): Uint8Array {
  const { bytes, view } = begin('hold-cancel', message.header, holdCancelBytes);
  setRingId(view, 13, message.ringId);
  return bytes;
}

function begin(kind: TotemMessage['kind'], header: MessageHeader, size: number) {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  writeHeader(view, kind, header);
  return { bytes, view };
}

function writeHeader(view: DataView, kind: TotemMessage['kind'], header: MessageHeader): void {
  view.setUint16(0, magic, true);
  view.setUint8(2, protocolVersion);
  view.setUint8(3, wireType[kind]);
  view.setUint8(4, header.encapsulated);
  view.setUint32(5, header.nodeId, true);
  view.setUint32(9, header.targetNodeId, true);
}

function setRingId(view: DataView, at: number, ring: RingId): void {
  view.setUint32(at, ring.representative, true);
  setRingSeq(view, at + 4, ring.seq);
}

function setRingSeq(view: DataView, at: number, seq: number): void {
  view.setUint32(at, seq >>> 0, true);
  view.setUint32(at + 4, Math.floor(seq / 2 ** 32), true);
}

function setNodeIds(view: DataView, at: number, nodeIds: readonly number[]): void {
  nodeIds.forEach((nodeId, index) => {
    view.setUint32(at + 4 * index, nodeId, true);
  });
}
