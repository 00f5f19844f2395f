// The payload of an ordinary mcast: one packet of whole messages and parts of messages, packed back to back (Corosync's
// totempg). A large message runs through several packets of its sender; each says which fragment it leaves off with.
import type { MessageHeader } from './message.ts';

export const packetHeaderBytes = 8;

export type Packet = {
  /** 0: the last part ends its message. Else 1..255: it goes on in the sender's packet whose `continuation` is this number. */
  readonly fragmented: number;
  /** 0: the first part begins a message. Else the `fragmented` of the sender's packet before. */
  readonly continuation: number;
  /** Views into the payload. */
  readonly parts: readonly Uint8Array[];
};

/** The packet, or undefined when its lengths do not fill `payload` exactly. */
export function decodePacket(payload: Uint8Array, byteOrder: MessageHeader['byteOrder']): Packet | undefined {
  if (payload.length < packetHeaderBytes) return undefined;
  const little = byteOrder === 'little';
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  if (view.getUint32(0, little) !== 0) return undefined;
  const count = view.getUint16(6, little);
  let at = packetHeaderBytes + 2 * count;
  if (at > payload.length) return undefined;
  const parts: Uint8Array[] = [];
  for (let index = 0; index < count; index++) {
    const length = view.getUint16(packetHeaderBytes + 2 * index, little);
    parts.push(payload.subarray(at, at + length));
    at += length;
  }
  if (at !== payload.length) return undefined;
  return { fragmented: view.getUint8(4), continuation: view.getUint8(5), parts };
}

export function encodePacket(packet: Packet): Uint8Array {
  const dataAt = packetHeaderBytes + 2 * packet.parts.length;
  const payload = new Uint8Array(packet.parts.reduce((sum, part) => sum + part.length, dataAt));
  writePacketHeader(payload, packet.parts.length, packet);
  const view = new DataView(payload.buffer);
  let at = dataAt;
  packet.parts.forEach((part, index) => {
    view.setUint16(packetHeaderBytes + 2 * index, part.length, true);
    payload.set(part, at);
    at += part.length;
  });
  return payload;
}

/** Version and type (both 0), the fragment numbers and the number of parts. */
export function writePacketHeader(
  payload: Uint8Array,
  partCount: number,
  fragments: Pick<Packet, 'fragmented' | 'continuation'>,
): void {
  payload.fill(0, 0, 4);
  payload[4] = fragments.fragmented;
  payload[5] = fragments.continuation;
  payload[6] = partCount & 0xff;
  payload[7] = partCount >>> 8;
}
