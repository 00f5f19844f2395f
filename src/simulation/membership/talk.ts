// What the simulated members say to each other, so that the judge can tell who said what, and whether it came whole.
import type { OutboundMessage } from '../../membership/index.ts';

/** A group of its own: the services do not look at it. */
const talkGroup = 'talk';
const identityBytes = 16;
/** Every so many bytes one that shows where in which message it belongs. */
const patternStep = 61;

/** Says who said it, in which life, and as what: unique over a whole run. */
export type Identity = { readonly node: number; readonly life: number; readonly count: number };

export function talk(identity: Identity, size: number, guarantee: OutboundMessage['guarantee']): OutboundMessage {
  const body = new Uint8Array(Math.max(identityBytes, size));
  const view = new DataView(body.buffer);
  view.setUint32(0, identity.node);
  view.setUint32(4, identity.life);
  view.setUint32(8, identity.count);
  view.setUint32(12, body.length);
  for (let at = identityBytes; at < body.length; at += patternStep) body[at] = patternAt(identity, at);
  return { group: talkGroup, body, guarantee, lane: 'ordinary' };
}

/** The identity in `body`, undefined when it was not put together as it was said. */
export function readTalk(body: Uint8Array): Identity | undefined {
  if (body.length < identityBytes) return undefined;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const identity = { node: view.getUint32(0), life: view.getUint32(4), count: view.getUint32(8) };
  if (view.getUint32(12) !== body.length) return undefined;
  for (let at = identityBytes; at < body.length; at += patternStep)
    if (body[at] !== patternAt(identity, at)) return undefined;
  return identity;
}

export function isTalk(group: string): boolean {
  return group === talkGroup;
}

function patternAt(identity: Identity, at: number): number {
  return (identity.count * 31 + identity.node * 7 + at * 13 + (at >>> 8)) & 0xff;
}
