import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { decodeMessage } from '../totem/index.ts';
import { decodePacket } from '../totem/packet.ts';
import { decodeCpg, encodeCpg } from './cpg-message.ts';
import {
  decodeCfg,
  decodeConfigVersion,
  decodeVotequorum,
  encodeCfg,
  encodeConfigVersion,
  encodeVotequorum,
} from './small-messages.ts';
import { encodeBarrier, encodeServiceBuild } from './sync.ts';
import { MessageReader } from './wire.ts';

const vectorsFolder = '../shared/spec/totem-vectors';
const needsVectors = existsSync(vectorsFolder) ? {} : { skip: `needs ${vectorsFolder}` };

type Recorded = { readonly from: number; readonly group: string; readonly body: Uint8Array };

/** Every whole message that real Corosync put into one packet. */
function recordedMessages(): Recorded[] {
  const files = readdirSync(vectorsFolder).filter((name) => name.endsWith('.jsonl'));
  const lines = files.flatMap((name) => readFileSync(`${vectorsFolder}/${name}`, 'utf8').trim().split('\n'));
  return lines.flatMap((line) => {
    const message = decodeMessage(Uint8Array.from(Buffer.from((JSON.parse(line) as { hex: string }).hex, 'hex')));
    if (message.kind !== 'mcast' || message.header.encapsulated === 1) return [];
    const packet = decodePacket(message.payload, 'little');
    if (packet === undefined || packet.fragmented !== 0 || packet.continuation !== 0) return [];
    return packet.parts.map((part) => splitGroup(message.systemFrom, part));
  });
}

function splitGroup(from: number, part: Uint8Array): Recorded {
  const nameBytes = new DataView(part.buffer, part.byteOffset).getUint16(2, true);
  const group = Buffer.from(part.subarray(4, 4 + nameBytes)).toString();
  return { from, group, body: part.subarray(4 + nameBytes) };
}

function reencoded({ from, group, body }: Recorded): Uint8Array | undefined {
  const message = new MessageReader(body);
  const ringId = { representative: message.u32(16), seq: message.u64(20) };
  if (group === 'sync') {
    if (message.id === 0) return encodeBarrier(ringId);
    return encodeServiceBuild(
      ringId,
      Array.from({ length: message.i32(32) }, (_, index) => message.i32(40 + 4 * index)),
    );
  }
  const cpg = decodeCpg(body);
  if (cpg !== undefined) return encodeCpg(cpg, from);
  const votequorum = decodeVotequorum(body);
  if (votequorum !== undefined) return encodeVotequorum(votequorum, from);
  const cfg = decodeCfg(body);
  if (cfg !== undefined) return encodeCfg(cfg, from);
  return message.id === 0 ? encodeConfigVersion(decodeConfigVersion(body)) : undefined;
}

/** Corosync sends the padding between fields as it lay in memory; ours is zero. Everything else must be the same. */
function differsOnlyInPadding(written: Uint8Array, recorded: Uint8Array): boolean {
  const same = written.every((byte, index) => byte === recorded[index] || byte === 0);
  return same && written.length === recorded.length;
}

function meaningOf(body: Uint8Array): unknown {
  return decodeCpg(body) ?? decodeVotequorum(body) ?? decodeCfg(body) ?? decodeConfigVersion(body);
}

test('every message of the services that Corosync sent is read and written back', needsVectors, () => {
  const messages = recordedMessages();
  assert.ok(messages.length > 300);
  for (const message of messages) {
    const written = reencoded(message);
    assert.ok(written !== undefined, Buffer.from(message.body).toString('hex'));
    assert.ok(differsOnlyInPadding(written, message.body), Buffer.from(message.body).toString('hex'));
    assert.deepEqual(meaningOf(written), meaningOf(message.body));
  }
});

test('a message in parts keeps its part, sizes and sender', () => {
  const body = Uint8Array.of(1, 2, 3);
  const message = {
    kind: 'partial-mcast',
    group: 'g',
    processId: 9,
    messageBytes: 7,
    part: 'continued',
    body,
  } as const;
  assert.deepEqual(decodeCpg(encodeCpg(message, 4)), message);
});

test('a message cut short is not read', () => {
  const whole = encodeCpg({ kind: 'mcast', group: 'g', processId: 9, body: new Uint8Array(40) }, 4);
  for (let length = 0; length < whole.length; length++) assert.equal(decodeCpg(whole.subarray(0, length)), undefined);
});

test('a configuration version is told, or that there is none', () => {
  assert.equal(decodeConfigVersion(encodeConfigVersion(17)), 17);
  assert.equal(decodeConfigVersion(encodeConfigVersion(undefined)), undefined);
});
