// What the ring's thread and the one that uses it tell each other, in order.
import type { Failure } from '../../../kit/index.ts';
import type { Reconfiguration } from '../../quorum/model.ts';
import type { Batch } from './batch.ts';
import type { NodeEffect } from './node.ts';
import type { Keyring, RingNodeList, RingSettings } from './settings.ts';
import type { RingStatus } from './status.ts';

export type RingStart = {
  readonly settings: RingSettings;
  /**
   * Two doubles: the boot clock's reading, in ms, at the last proof of a quorate membership, 0 before the first; and how
   * often the thread that uses the ring has beaten, which it does every `userBeatMs`.
   */
  readonly lease: SharedArrayBuffer;
};

export const userBeatMs = 1000;

export type ToRing =
  | { readonly kind: 'join' | 'leave-group'; readonly group: string; readonly processId: number }
  | { readonly kind: 'multicasts'; readonly group: string; readonly batch: Batch }
  | { readonly kind: 'member-failed'; readonly nodeId: number }
  | { readonly kind: 'reconfigure'; readonly change: Reconfiguration }
  | { readonly kind: 'node-list'; readonly list: RingNodeList }
  | { readonly kind: 'keys'; readonly keyring: Keyring }
  | { readonly kind: 'reload'; readonly id: number; readonly settings: RingSettings }
  /** Every member is to reload its configuration, we too, at one place in the order. */
  | { readonly kind: 'request-reload' }
  | { readonly kind: 'kill-node'; readonly nodeId: number; readonly reason: string }
  | { readonly kind: 'status'; readonly id: number }
  /** Neither speak nor hear for so long: a test of what the others do then. */
  | { readonly kind: 'silence'; readonly forMs: number }
  | { readonly kind: 'leave' };

export type FromRing =
  | { readonly kind: 'started' }
  | { readonly kind: 'refused-to-start'; readonly failure: Failure }
  | { readonly kind: 'effects'; readonly effects: readonly WireEffect[] }
  | { readonly kind: 'status'; readonly id: number; readonly status: RingStatus }
  /** With a failure, the former settings are in force. */
  | { readonly kind: 'reloaded'; readonly id: number; readonly failure: Failure | undefined };

/** Deliveries in a row to one group travel together. */
export type WireEffect =
  | Exclude<NodeEffect, { readonly kind: 'deliver' }>
  | { readonly kind: 'deliveries'; readonly group: string; readonly batch: Batch }
  /** So many of our own multicasts, in bytes of their bodies, have been ordered: there is room for as many more. */
  | { readonly kind: 'ordered'; readonly bytes: number; readonly count: number };
