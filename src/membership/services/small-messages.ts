// The messages of the services that say little: cmap (0), cfg (1), votequorum (5).
import type { NodeInfo, Reconfiguration } from '../quorum/model.ts';
import { headerBytes, MessageReader, MessageWriter, nameBytes } from './wire.ts';

export type CfgMessage =
  | { readonly kind: 'kill-node'; readonly nodeId: number; readonly reason: string }
  /** Announces that its sender is being shut down. */
  | { readonly kind: 'shutdown' }
  | { readonly kind: 'reload-config' };

const cfg = 1 << 16;
const cfgFunctions = { killNode: 1, shutdown: 2, reloadConfig: 3 } as const;

export function decodeCfg(body: Uint8Array): CfgMessage | undefined {
  const message = new MessageReader(body);
  switch (message.id - cfg) {
    case cfgFunctions.killNode:
      return message.has(24 + nameBytes)
        ? { kind: 'kill-node', nodeId: message.u32(16), reason: message.name(24) }
        : undefined;
    case cfgFunctions.shutdown:
      return { kind: 'shutdown' };
    case cfgFunctions.reloadConfig:
      return { kind: 'reload-config' };
    default:
      return undefined;
  }
}

export function encodeCfg(message: CfgMessage, nodeId: number): Uint8Array {
  switch (message.kind) {
    case 'kill-node':
      return new MessageWriter(cfg + cfgFunctions.killNode, 24 + nameBytes)
        .u32(16, message.nodeId)
        .name(24, `${message.reason}\0`).bytes;
    case 'shutdown':
      return new MessageWriter(cfg + cfgFunctions.shutdown, headerBytes).bytes;
    case 'reload-config':
      return new MessageWriter(cfg + cfgFunctions.reloadConfig, headerBytes + 16).u32(16, nodeId).bytes;
  }
}

const cmapItemAt = 48;
const cmapTypeU64 = 8;
const configVersionKey = 'totem.config_version';

/** cmap's one message in a sync: the sender's totem.config_version, or undefined when it has none. */
export function encodeConfigVersion(version: number | undefined): Uint8Array {
  const valueBytes = version === undefined ? 0 : 8;
  const message = new MessageWriter(0, cmapItemAt + nameBytes + 16 + valueBytes)
    .u8(24, 1)
    .name(cmapItemAt, configVersionKey);
  if (version === undefined) return message.bytes;
  return message
    .u8(cmapItemAt + nameBytes, cmapTypeU64)
    .u64(cmapItemAt + nameBytes + 8, valueBytes)
    .u64(cmapItemAt + nameBytes + 16, version).bytes;
}

export function decodeConfigVersion(body: Uint8Array): number | undefined {
  const message = new MessageReader(body);
  const isVersion = message.u8(24) > 0 && message.name(cmapItemAt) === configVersionKey;
  if (!isVersion || message.u8(cmapItemAt + nameBytes) !== cmapTypeU64) return undefined;
  return message.u64(cmapItemAt + nameBytes + 16);
}

export type VotequorumMessage =
  | { readonly kind: 'nodeinfo'; readonly info: NodeInfo }
  | { readonly kind: 'reconfigure'; readonly change: Reconfiguration };

const votequorum = 5 << 16;
const votequorumFunctions = { nodeinfo: 0, reconfigure: 1 } as const;

export function decodeVotequorum(body: Uint8Array): VotequorumMessage | undefined {
  const message = new MessageReader(body);
  if (!message.has(32)) return undefined;
  switch (message.id - votequorum) {
    case votequorumFunctions.nodeinfo: {
      const [nodeId, votes, expectedVotes, flags] = [
        message.u32(16),
        message.u32(20),
        message.u32(24),
        message.u32(28),
      ];
      return { kind: 'nodeinfo', info: { nodeId, votes, expectedVotes, flags } };
    }
    case votequorumFunctions.reconfigure: {
      const change = reconfigurationOf(message);
      return change === undefined ? undefined : { kind: 'reconfigure', change };
    }
    default:
      return undefined;
  }
}

function reconfigurationOf(message: MessageReader): Reconfiguration | undefined {
  const [nodeId, value, parameter] = [message.u32(16), message.u32(20), message.u8(24)];
  switch (parameter) {
    case 1:
      return { kind: 'expected-votes', votes: value };
    case 2:
      return { kind: 'node-votes', nodeId, votes: value };
    case 3:
      return { kind: 'cancel-wait-for-all' };
    default:
      return undefined;
  }
}

export function encodeVotequorum(message: VotequorumMessage, sender: number): Uint8Array {
  if (message.kind === 'nodeinfo') {
    const { nodeId, votes, expectedVotes, flags } = message.info;
    return new MessageWriter(votequorum + votequorumFunctions.nodeinfo, 32)
      .u32(16, nodeId)
      .u32(20, votes)
      .u32(24, expectedVotes)
      .u32(28, flags).bytes;
  }
  const writer = new MessageWriter(votequorum + votequorumFunctions.reconfigure, 32);
  switch (message.change.kind) {
    case 'expected-votes':
      return writer.u32(16, sender).u32(20, message.change.votes).u8(24, 1).bytes;
    case 'node-votes':
      return writer.u32(16, message.change.nodeId).u32(20, message.change.votes).u8(24, 2).bytes;
    case 'cancel-wait-for-all':
      return writer.u32(16, sender).u8(24, 3).bytes;
  }
}
