// Messages on their way out.
import { encodeMessage } from './codec.ts';
import type { MessageHeader } from './message.ts';
import { arm, type Ring } from './state.ts';

export function headerOf(nodeId: number, encapsulated: number): MessageHeader {
  return { byteOrder: 'little', encapsulated, nodeId, targetNodeId: 0 };
}

export function multicast(ring: Ring, bytes: Uint8Array): void {
  ring.out.push({ kind: 'multicast', bytes });
}

/** A join, or a hold-cancel: the protocol depends on hearing our own. */
export function multicastAndHear(ring: Ring, bytes: Uint8Array): void {
  multicast(ring, bytes);
  ring.ownMulticasts.push(bytes);
}

export function sendToken(ring: Ring, bytes: Uint8Array): void {
  ring.lastToken = bytes;
  releaseToken(ring);
}

/** Sends the token (or commit token) that was kept, and looks later whether it must be repeated. */
export function releaseToken(ring: Ring): void {
  passToken(ring, 'first');
}

/** Nobody has shown to have the last token: it is sent again. */
export function repeatToken(ring: Ring): void {
  passToken(ring, 'repeated');
}

function passToken(ring: Ring, attempt: 'first' | 'repeated'): void {
  if (ring.lastToken === undefined) return;
  ring.out.push({ kind: 'send', nodeId: ring.successor, bytes: ring.lastToken, attempt });
  arm(ring, 'retransmit', ring.config.timing.tokenRetransmitMs);
}

/** Wakes an idle ring: whoever holds the token lets it go. Only worth saying once. */
export function cancelHold(ring: Ring): void {
  if (ring.phase !== 'operational' || !ring.tokenHeld) return;
  ring.tokenHeld = false;
  const header = headerOf(ring.config.nodeId, 0);
  multicastAndHear(ring, encodeMessage({ kind: 'hold-cancel', header, ringId: ring.ringId }));
}

/** The join that tells everyone we are gone. Our guardian sends the same bytes when we cannot. */
export function leaveMessage(ring: Ring): Uint8Array {
  const { nodeId } = ring.config;
  return encodeMessage({
    kind: 'join',
    header: headerOf(0, 0),
    systemFrom: nodeId,
    ringSeq: ring.ringId.seq,
    procList: ring.procList.filter((member) => member !== nodeId),
    failedList: [...ring.failedList.filter((member) => member !== nodeId), nodeId],
  });
}
