// What carries messages between simulated daemons, whichever way: an order without datagrams (perfect-order.ts), or the
// real ring on a simulated network (totem-order.ts).
import type { Random } from '../../kit/index.ts';
import type { VirtualTime } from './virtual-time.ts';

export type OrderedRing = { readonly name: string; readonly seq: number; readonly members: readonly number[] };

/** What a node hears, one thing after the other. */
export type Heard =
  | {
      readonly kind: 'configuration';
      readonly ring: OrderedRing;
      readonly quorate: boolean;
      /** As a ring's lease watch tells (membership/lease.ts). */
      readonly takeOverAtMs: number;
      readonly lapsed: boolean;
    }
  | { readonly kind: 'quorum'; readonly quorate: boolean }
  | {
      readonly kind: 'message';
      readonly from: number;
      readonly bytes: Uint8Array;
      /** `ring`: every member of the ring hears it at this place. `companions`: only those that leave the ring together. */
      readonly heardBy: 'ring' | 'companions';
    };

/** `standing`: until it is said to be lost. `at`: quorate at that moment, which may be a little ago. */
export type LeaseProof = 'standing' | 'lost' | { readonly atMs: number };

export type OrderListener = {
  readonly hear: (nodeId: number, heard: Heard) => void;
  readonly proof: (nodeId: number, proof: LeaseProof) => void;
};

/** How a daemon goes: its guardian tells the others, nobody does, or it says goodbye itself. */
export type Departure = 'announced' | 'silent' | 'leaving';

export type Messaging = {
  readonly up: (nodeId: number) => void;
  readonly down: (nodeId: number, how: Departure) => void;
  readonly multicast: (nodeId: number, bytes: Uint8Array) => void;
  readonly pause: (nodeId: number) => void;
  readonly resume: (nodeId: number) => void;
  /** The faults of the network are others now. */
  readonly rewired: () => void;
};

/** What has arrived and the daemon has not looked at yet: one thing after the other, mostly at once, sometimes not. */
export class Inbox {
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #hear: (heard: Heard) => void;
  readonly #waiting: Heard[] = [];
  #pauses = 0;
  #closed = false;

  constructor(time: VirtualTime, random: Random, hear: (heard: Heard) => void) {
    this.#time = time;
    this.#random = random;
    this.#hear = hear;
  }

  put(heard: Heard): void {
    this.#waiting.push(heard);
    this.#lookSoon();
  }

  pause(): void {
    this.#pauses++;
  }

  resume(): void {
    this.#pauses--;
    for (const _ of this.#waiting) this.#lookSoon();
  }

  close(): void {
    this.#closed = true;
  }

  #lookSoon(): void {
    this.#time.later(soonMs(this.#random, 0.01), () => {
      if (this.#pauses > 0 || this.#closed) return;
      const heard = this.#waiting.shift();
      if (heard !== undefined) this.#hear(heard);
    });
  }
}

/** A moment; one time in `1 / slow` a longer one. */
export function soonMs(random: Random, slow: number): number {
  return random.fraction() * (random.chance(slow) ? 40 : 0.5);
}
