// A machine: power, a disk, what runs on it, and the guardian that takes addresses away when the lease has run out.
import { FaultyDisk } from '../../controller/index.ts';
import type { Random } from '../../kit/index.ts';
import { havenTiming, leaseMsOf } from '../../membership/index.ts';
import type { Checker } from './checker.ts';
import type { Daemon } from './daemon.ts';
import { isAddress, nodeName } from './document.ts';
import type { LeaseProof } from './messaging.ts';
import type { Fault } from './schedule.ts';
import type { VirtualTime } from './virtual-time.ts';

const quorumLeaseMs = leaseMsOf(havenTiming);
/** How long a guardian that was frozen with its machine takes to see that the lease is over. */
const wakingMs = 50;
/** A daemon that shows no life for so long is ended by its guardian (guardian/machine.ts). */
export const hungMs = 1000;

export class Machine {
  readonly nodeId: number;
  readonly name: string;
  disk = new FaultyDisk();
  daemon: Daemon | undefined;
  power: 'on' | 'off' = 'off';
  boots = 0;
  readonly running = new Set<string>();
  /** When something last was wrong with it, or began to be. */
  troubledAtMs = 0;
  /** Nothing starts here before. */
  downUntilMs = 0;
  /** 0: never had a proof of quorum. */
  leaseUntilMs = 0;
  /** How far its wall clock is off. */
  clockSkewMs: number;
  /** Pauses that hold it, or its daemon. */
  readonly stalls = new Set<Fault>();
  #graceUntilMs = 0;
  /** Somebody will look whether the lease is over. */
  #watching = false;
  readonly #time: VirtualTime;
  readonly #random: Random;

  constructor(nodeId: number, { time, random }: { readonly time: VirtualTime; readonly random: Random }) {
    this.nodeId = nodeId;
    this.name = nodeName(nodeId);
    this.#time = time;
    this.#random = random;
    this.clockSkewMs = random.between(-3000, 3000);
  }

  /** A frozen machine answers nobody; woken, it has a moment to give up what it lost. */
  isLive(nowMs: number): boolean {
    return this.power === 'on' && !this.isFrozen && nowMs >= this.#graceUntilMs;
  }

  get isFrozen(): boolean {
    return [...this.stalls].some((fault) => fault.kind === 'pause' && fault.what === 'host');
  }

  troubled(): void {
    this.troubledAtMs = this.#time.nowMs;
  }

  proof(proof: LeaseProof): void {
    if (proof === 'lost') {
      if (this.leaseUntilMs === Number.POSITIVE_INFINITY) this.#leaseUntil(this.#time.nowMs + quorumLeaseMs);
      return;
    }
    // A renewal that comes after the end does not hide it: the guardian takes what was held in between.
    this.enforceLease();
    if (proof === 'standing') this.leaseUntilMs = Number.POSITIVE_INFINITY;
    else this.#leaseUntil(Math.max(this.leaseUntilMs, proof.atMs + quorumLeaseMs));
  }

  #leaseUntil(untilMs: number): void {
    this.leaseUntilMs = untilMs;
    if (this.#watching) return;
    this.#watching = true;
    this.#time.later(untilMs - this.#time.nowMs, () => {
      this.#watching = false;
      const { leaseUntilMs } = this;
      if (leaseUntilMs > this.#time.nowMs && leaseUntilMs !== Number.POSITIVE_INFINITY) this.#leaseUntil(leaseUntilMs);
      else this.enforceLease();
    });
  }

  enforceLease(): void {
    const lapsed = this.leaseUntilMs > 0 && this.leaseUntilMs <= this.#time.nowMs;
    if (lapsed && !this.isFrozen) this.dropAddresses();
  }

  dropAddresses(): void {
    for (const resource of [...this.running]) if (isAddress(resource)) this.running.delete(resource);
  }

  /** The daemon is gone: addresses go, and a lease begins anew with the next daemon. */
  guardianTakesOver(): void {
    this.dropAddresses();
    this.stalls.clear();
    this.leaseUntilMs = 0;
  }

  /** A machine that was frozen missed the end of its lease; its guardian sees it first thing. */
  thaws(checker: Checker): void {
    this.#graceUntilMs = this.#time.nowMs + wakingMs;
    this.#time.later(this.#random.between(1, wakingMs - 1), () => this.enforceLease());
    this.#time.later(wakingMs, () => {
      for (const resource of this.running) checker.exclusive(this.#time.nowMs, resource);
    });
  }

  powerFails(): void {
    this.power = 'off';
    this.running.clear();
    this.stalls.clear();
    this.leaseUntilMs = 0;
    this.disk = this.disk.afterPowerLoss(this.#random);
    this.troubled();
  }
}
