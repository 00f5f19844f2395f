// What a daemon tells its guardian: JSON messages, a line each, over a pipe whose closing is the daemon's death; and what
// changes all the time, by memory that both have: that it lives, by counting in it, and how long its lease lasts. So neither a
// beat nor a renewal wakes anybody, and a guardian that was itself held up finds the latest, not a queue.
//
// The daemon says beforehand what has to be undone should it die (its pledge), in a form that needs no thinking later:
// addresses to take off, frames to send as they are, commands to run. The guardian therefore needs no protocol
// knowledge, no configuration and no memory worth speaking of.
import { err, ok, type Result } from '../kit/index.ts';
import type { Route, Rule } from '../linux/index.ts';

/** An address that the daemon put on an interface. */
export type HeldAddress = {
  readonly interfaceName: string;
  /** IPv4 or IPv6 in text. */
  readonly address: string;
  readonly prefixLength: number;
};

/** A ready link-layer frame, hexadecimal, from the Ethernet header on. */
export type FarewellFrame = { readonly interfaceName: string; readonly frame: string };

/** A ready IP packet for one peer, hexadecimal: IPv4 with its header, IPv6 what follows it. */
export type FarewellPacket = {
  readonly interfaceName: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly protocol: number;
  readonly source: string;
  readonly destination: string;
  readonly packet: string;
};

/** A ready UDP payload, hexadecimal: how cluster peers learn at once that this daemon is gone. */
export type FarewellDatagram = { readonly address: string; readonly port: number; readonly payload: string };

/** What the guardian does in the daemon's stead, in this order. */
export type Pledge = {
  readonly addresses: readonly HeldAddress[];
  readonly frames: readonly FarewellFrame[];
  readonly packets: readonly FarewellPacket[];
  readonly datagrams: readonly FarewellDatagram[];
  /** Policy rules and routes that the daemon set, in the order in which they go. */
  readonly rules: readonly Rule[];
  readonly routes: readonly Route[];
  /** Links (macvlan of a virtual MAC) that the daemon made. */
  readonly links: readonly string[];
  /** Programs to run to the end or to `timeoutMs`, after the addresses are gone. */
  readonly commands: readonly { readonly argv: readonly string[]; readonly timeoutMs: number }[];
};

export const emptyPledge: Pledge = {
  addresses: [],
  frames: [],
  packets: [],
  datagrams: [],
  rules: [],
  routes: [],
  links: [],
  commands: [],
};

export type GuardianMessage =
  /**
   * Sent once, after what is pledged already: from then on the guardian judges. `tid` is the time-critical thread, whose beats
   * count.
   */
  | { readonly kind: 'hello'; readonly pid: number; readonly tid: number; readonly limits: GuardLimits }
  /** Replaces all that was pledged before. */
  | { readonly kind: 'pledge'; readonly pledge: Pledge }
  /** The daemon ends by itself and has cleaned up. */
  | { readonly kind: 'release' };

export type GuardLimits = {
  /** The guardian looks this often, and the daemon beats as often. */
  readonly lookMs: number;
  /** A daemon that beats is looked at again when it may have been silent for so long; after `lookMs` when left out. */
  readonly calmMs?: number;
  /** A silent thread that has slept or spun for so long counts as hung. */
  readonly hungMs: number;
  /** Silence after which a thread counts as hung that only waits: for a processor, or in the kernel. */
  readonly starvedMs: number;
  /** The command that starts the daemon again, when it is to be started again. */
  readonly restart?: { readonly argv: readonly string[]; readonly restartsMax: number; readonly withinMs: number };
  /** Resets the machine when this daemon dies, hangs or has lost its lease for `timeoutS`, or nothing runs any more. */
  readonly watchdog?: { readonly device: string; readonly timeoutS: number };
};

/** The right to hold what is pledged. */
export type Lease = {
  /** By the boot clock; undefined: there never was one, and what is held is held without. */
  readonly untilBootMs: number | undefined;
  /** How often it ran out and was renewed from a later moment: an end that is over by now counts, too. */
  readonly lapses: number;
};

export const noLease: Lease = { untilBootMs: undefined, lapses: 0 };

/** The memory in common: where the guardian finds it, and how much it is. */
export const sharedMemory = { descriptor: 3, bytes: 32 } as const;

const doubleAt = { leaseUntilBootMs: 0, beatMs: 3 } as const;
const wordAt = { beats: 2, lapses: 3, looks: 4, lapsesEnforced: 5 } as const;

/**
 * The memory in common: the end of the lease, a double, then 32-bit counts. The daemon counts its beats and the guardian its
 * looks, so that either notices when the other stands still; only whether they differ means something. Of how many lapses the
 * pledge was carried out is left there for the next guardian. Last comes when the daemon last beat, a double by the clock of
 * `monotonicMs`: so the guardian need not look often to know how long a silence is.
 */
export class SharedFields {
  readonly #doubles: Float64Array;
  readonly #words: Int32Array;

  constructor(memory: ArrayBuffer) {
    this.#doubles = new Float64Array(memory);
    this.#words = new Int32Array(memory);
  }

  get beats(): number {
    return Atomics.load(this.#words, wordAt.beats);
  }

  get beatMs(): number {
    return this.#doubles[doubleAt.beatMs] ?? 0;
  }

  beat(nowMs: number): void {
    this.#doubles[doubleAt.beatMs] = nowMs;
    Atomics.add(this.#words, wordAt.beats, 1);
  }

  get looks(): number {
    return Atomics.load(this.#words, wordAt.looks);
  }

  look(): void {
    Atomics.add(this.#words, wordAt.looks, 1);
  }

  get lapsesEnforced(): number {
    return Atomics.load(this.#words, wordAt.lapsesEnforced);
  }

  set lapsesEnforced(lapses: number) {
    Atomics.store(this.#words, wordAt.lapsesEnforced, lapses);
  }

  /** Written in one order and read in the other: who sees a lapse sees the lease that came after it. */
  set lease({ untilBootMs, lapses }: Lease) {
    this.#doubles[doubleAt.leaseUntilBootMs] = untilBootMs ?? 0;
    Atomics.store(this.#words, wordAt.lapses, lapses);
  }

  get lease(): Lease {
    const lapses = Atomics.load(this.#words, wordAt.lapses);
    const until = this.#doubles[doubleAt.leaseUntilBootMs] ?? 0;
    return { untilBootMs: until === 0 ? undefined : until, lapses };
  }
}

/** Longest line accepted: 4,000 addresses with their frames fit. */
export const lineBytesMax = 4 << 20;

export function encodeMessage(message: GuardianMessage): string {
  return `${JSON.stringify(message)}\n`;
}

/** Only our own daemon writes here: a line that does not parse means that it is no longer itself. */
export function decodeMessage(line: string): Result<GuardianMessage, string> {
  try {
    const message = JSON.parse(line) as GuardianMessage;
    const known = ['hello', 'pledge', 'release'].includes(message.kind);
    return known ? ok(message) : err(`unknown message kind '${message.kind}'`);
  } catch (thrown) {
    return err(`unreadable line of ${line.length} characters: ${String(thrown)}`);
  }
}
