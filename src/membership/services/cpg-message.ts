// The closed process group service's messages (service 2), read and written as Corosync 3.1 does.
import { assert } from '../../kit/index.ts';
import { groupNameBytes, headerBytes, MessageReader, MessageWriter } from './wire.ts';

const service = 2 << 16;
const functions = { procJoin: 0, procLeave: 1, joinList: 2, mcast: 3, downList: 5, partialMcast: 6 } as const;

/** Why a process came or went. */
export const reasons = { join: 1, leave: 2, nodeDown: 3, nodeUp: 4, processDown: 5 } as const;

export type Process = { readonly processId: number; readonly group: string };

export type CpgMessage =
  | {
      readonly kind: 'proc-join' | 'proc-leave';
      readonly group: string;
      readonly processId: number;
      readonly reason: number;
    }
  | { readonly kind: 'join-list'; readonly processes: readonly Process[] }
  | { readonly kind: 'mcast'; readonly group: string; readonly processId: number; readonly body: Uint8Array }
  | {
      readonly kind: 'partial-mcast';
      readonly group: string;
      readonly processId: number;
      /** Of the whole message. */
      readonly messageBytes: number;
      readonly part: 'first' | 'continued' | 'last';
      readonly body: Uint8Array;
    }
  /** Informative: each member uses its own list of who left. */
  | { readonly kind: 'down-list'; readonly oldMembers: number; readonly left: readonly number[] };

const joinListHeaderBytes = 24;
const joinListEntryBytes = 144;
const mcastHeaderBytes = 184;
const partialHeaderBytes = 200;
const downListBytes = 1568;
const downListNodesMax = 384;

const parts = ['first', 'continued', 'last'] as const;

/** Undefined for what is too short, or of a function that needs no answer. */
export function decodeCpg(body: Uint8Array): CpgMessage | undefined {
  const message = new MessageReader(body);
  if (!message.has(headerBytes)) return undefined;
  switch (message.id - service) {
    case functions.procJoin:
    case functions.procLeave: {
      if (!message.has(164)) return undefined;
      const kind = message.id - service === functions.procJoin ? 'proc-join' : 'proc-leave';
      return { kind, group: message.groupName(16), processId: message.u32(152), reason: message.u32(160) };
    }
    case functions.joinList:
      return { kind: 'join-list', processes: readJoinList(message) };
    case functions.mcast: {
      if (!message.has(mcastHeaderBytes)) return undefined;
      const end = mcastHeaderBytes + message.u32(152);
      if (!message.has(end)) return undefined;
      const payload = body.subarray(mcastHeaderBytes, end);
      return { kind: 'mcast', group: message.groupName(16), processId: message.u32(160), body: payload };
    }
    case functions.partialMcast:
      return readPartial(message);
    case functions.downList: {
      const count = Math.min(message.u32(24), downListNodesMax);
      const left = Array.from({ length: count }, (_, index) => message.u32(32 + 4 * index));
      return { kind: 'down-list', oldMembers: message.u32(16), left };
    }
    default:
      return undefined;
  }
}

function readJoinList(message: MessageReader): Process[] {
  const size = Math.min(message.i32(8), message.bytes.length);
  const count = Math.max(0, Math.floor((size - joinListHeaderBytes) / joinListEntryBytes));
  return Array.from({ length: count }, (_, index) => {
    const at = joinListHeaderBytes + joinListEntryBytes * index;
    return { processId: message.u32(at), group: message.groupName(at + 8) };
  });
}

function readPartial(message: MessageReader): CpgMessage | undefined {
  const part = parts[message.u32(176) - 1];
  const end = partialHeaderBytes + message.u32(160);
  if (part === undefined || !message.has(end)) return undefined;
  return {
    kind: 'partial-mcast',
    group: message.groupName(16),
    processId: message.u32(168),
    messageBytes: message.u32(152),
    part,
    body: message.bytes.subarray(partialHeaderBytes, end),
  };
}

/** `nodeId` is the sender's own: it is repeated inside a message to a group. */
export function encodeCpg(message: CpgMessage, nodeId: number): Uint8Array {
  switch (message.kind) {
    case 'proc-join':
    case 'proc-leave': {
      const id = service + (message.kind === 'proc-join' ? functions.procJoin : functions.procLeave);
      return new MessageWriter(id, headerBytes + groupNameBytes + 16)
        .groupName(16, message.group)
        .u32(152, message.processId)
        .u32(160, message.reason).bytes;
    }
    case 'join-list': {
      const size = joinListHeaderBytes + joinListEntryBytes * message.processes.length;
      const writer = new MessageWriter(service + functions.joinList, size);
      message.processes.forEach((process, index) => {
        const at = joinListHeaderBytes + joinListEntryBytes * index;
        writer.u32(at, process.processId).groupName(at + 8, process.group);
      });
      return writer.bytes;
    }
    case 'mcast':
      return new MessageWriter(service + functions.mcast, mcastHeaderBytes + message.body.length)
        .groupName(16, message.group)
        .u32(152, message.body.length)
        .u32(160, message.processId)
        .u32(168, nodeId)
        .put(mcastHeaderBytes, message.body).bytes;
    case 'partial-mcast':
      return new MessageWriter(service + functions.partialMcast, partialHeaderBytes + message.body.length)
        .groupName(16, message.group)
        .u32(152, message.messageBytes)
        .u32(160, message.body.length)
        .u32(168, message.processId)
        .u32(176, parts.indexOf(message.part) + 1)
        .u32(184, nodeId)
        .put(partialHeaderBytes, message.body).bytes;
    case 'down-list': {
      assert(message.left.length <= downListNodesMax, `a ring has at most ${downListNodesMax} members`);
      const writer = new MessageWriter(service + functions.downList, downListBytes);
      writer.u32(16, message.oldMembers).u32(24, message.left.length);
      message.left.forEach((nodeId, index) => {
        writer.u32(32 + 4 * index, nodeId);
      });
      return writer.bytes;
    }
  }
}
