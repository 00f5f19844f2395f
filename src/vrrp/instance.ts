// One virtual router on this host: what it is, what it waits for, what it has heard.
import { assert } from '../kit/index.ts';
import type { InstanceConfiguration } from './configuration.ts';
import type { VrrpEffect } from './effect.ts';
import { emptyStatistics, type Statistics } from './statistics.ts';
import type { Contribution, TrackerKind, TrackerReference, TrackerReport } from './tracker.ts';

export type InstanceStatus = 'INIT' | 'BACKUP' | 'MASTER' | 'FAULT';

/** Absolute times; Infinity: not running. */
export type Timers = {
  masterDownMs: number;
  advertMs: number;
  /** The second burst of announcements. */
  burstMs: number;
  refreshMs: number;
  extraRefreshMs: number;
  /** Asking whether another host has our addresses. */
  probeMs: number;
};

/** A tracker this instance follows, itself or through its sync group. */
export type FollowedTracker = {
  readonly kind: TrackerKind;
  readonly reference: TrackerReference;
  report: TrackerReport;
  contribution: Contribution;
};

export type HeardPeer = {
  readonly address: string;
  priority: number;
  intervalMs: number;
  lastHeardMs: number;
  adverts: number;
};

export type Transition = {
  readonly atMs: number;
  readonly from: InstanceStatus;
  readonly to: InstanceStatus;
  readonly reason: string;
};

/** What was heard: an ARP message with the address as its sender, or a neighbour advertisement for it. */
export type AddressClaim = {
  readonly address: string;
  /** The interface that has the address here, and its hardware address. */
  readonly interface: string;
  readonly ownHardwareAddress: string;
  readonly hardwareAddress: string;
  /** Another address at which this host knows the claimant. */
  readonly knownAs: string | undefined;
};

export type AddressConflict = AddressClaim & {
  readonly firstMs: number;
  lastMs: number;
  times: number;
  toldMs: number;
};

export type Instance = {
  configuration: InstanceConfiguration;
  status: InstanceStatus;
  /** Own address on the wire: breaks the tie between equal priorities. */
  source: Uint8Array | undefined;
  effectivePriority: number;
  trackers: FollowedTracker[];
  /** Faults that are no tracker's, by cause. */
  readonly faults: Set<string>;
  readonly timers: Timers;
  /** How often the second burst says each address: after MASTER, or after a lower advert. */
  burstRepeat: number;
  /** The soonest of the timers, kept beside them because it is asked far more often than they change. */
  nextMs: number;
  /** Master_Adver_Interval: ours, or in version 3 what the master said. */
  masterIntervalMs: number;
  /** In a group, this member's master is down and it waits for the others. */
  masterDown: boolean;
  /** `waking`: as MASTER, silent for so long that another may have taken over. Ends with the next advert heard. */
  lateness: 'none' | 'waking';
  /** Extra waits of a BACKUP whose master-down timer fired late, since it last heard a master. */
  lateWaits: number;
  /** It lost the address with its link: whoever has it now may not know that the network still believes this router. */
  owesAnswer: boolean;
  /** Before this time a lower master is left alone (`preempt_delay`); undefined: not counting. */
  preemptAtMs: number | undefined;
  /** When a lost virtual address was last put back. */
  restoredAtMs: number;
  /** Since when another host may have one of our addresses: MASTER began, or one spoke for it. */
  suspectedAtMs: number;
  lowerHeardAtMs: number;
  probedAtMs: number;
  conflicts: AddressConflict[];
  readonly statistics: Statistics;
  readonly peers: Map<string, HeardPeer>;
  readonly transitions: Transition[];
};

/** One call of step(): the time, and the effects so far. */
export type Turn = { readonly nowMs: number; readonly effects: VrrpEffect[] };

const peersMax = 64;
const transitionsMax = 32;

export function createInstance(configuration: InstanceConfiguration): Instance {
  return {
    configuration,
    status: 'INIT',
    source: undefined,
    effectivePriority: configuration.priority,
    trackers: [],
    faults: new Set(),
    timers: idleTimers(),
    burstRepeat: 0,
    nextMs: Number.POSITIVE_INFINITY,
    masterIntervalMs: configuration.advertIntervalMs,
    masterDown: false,
    lateness: 'none',
    lateWaits: 0,
    owesAnswer: false,
    preemptAtMs: undefined,
    restoredAtMs: Number.NEGATIVE_INFINITY,
    suspectedAtMs: Number.NEGATIVE_INFINITY,
    lowerHeardAtMs: Number.NEGATIVE_INFINITY,
    probedAtMs: Number.NEGATIVE_INFINITY,
    conflicts: [],
    statistics: emptyStatistics(),
    peers: new Map(),
    transitions: [],
  };
}

/** Sets timers; what is not named stops. */
export function setTimers(instance: Instance, timers: Partial<Timers>): void {
  Object.assign(instance.timers, idleTimers(), timers);
  refreshNext(instance);
}

/** Changes some timers; the others run on. */
export function changeTimers(instance: Instance, timers: Partial<Timers>): void {
  Object.assign(instance.timers, timers);
  refreshNext(instance);
}

/** Why the instance cannot work, in words; empty when it can. */
export function faultReasons(instance: Instance): string[] {
  const tracked = instance.trackers
    .filter((tracker) => tracker.contribution.fault && tracker.report.kind !== 'unknown')
    .map((tracker) => `tracked ${tracker.kind} ${tracker.reference.name} failed`);
  return [...instance.faults, ...tracked];
}

/** Trackers without a first result: the instance neither works nor failed yet. */
export function isPending(instance: Instance): boolean {
  return instance.trackers.some((tracker) => tracker.contribution.fault && tracker.report.kind === 'unknown');
}

export function recordTransition(instance: Instance, turn: Turn, to: InstanceStatus, reason: string): void {
  instance.transitions.push({ atMs: turn.nowMs, from: instance.status, to, reason });
  if (instance.transitions.length > transitionsMax) instance.transitions.shift();
  instance.status = to;
}

export function recordPeer(
  instance: Instance,
  heard: { readonly address: string; readonly priority: number; readonly intervalMs: number },
  nowMs: number,
): void {
  const known = instance.peers.get(heard.address);
  if (known !== undefined) {
    known.priority = heard.priority;
    known.intervalMs = heard.intervalMs;
    known.lastHeardMs = nowMs;
    known.adverts++;
    return;
  }
  if (instance.peers.size >= peersMax) forgetOldestPeer(instance);
  instance.peers.set(heard.address, { ...heard, lastHeardMs: nowMs, adverts: 1 });
}

export function log(turn: Turn, level: 'warning' | 'info' | 'detail', message: string): void {
  turn.effects.push({ kind: 'log', level, message });
}

/** `(VI_1) …`, as every line about an instance begins. */
export function logOf(instance: Instance, turn: Turn, level: 'warning' | 'info' | 'detail', message: string): void {
  log(turn, level, `(${instance.configuration.name}) ${message}`);
}

/** What must hold between any two events. */
export function instanceInvariants(instance: Instance): void {
  const { timers, status, configuration, effectivePriority } = instance;
  const running = (timer: number) => timer !== Number.POSITIVE_INFINITY;
  const name = configuration.name;
  assert(effectivePriority >= 1 && effectivePriority <= 255, `${name}: effective priority ${effectivePriority}`);
  assert((effectivePriority === 255) === (configuration.priority === 255), `${name}: only the owner has priority 255`);
  assert(running(timers.advertMs) === (status === 'MASTER'), `${name}: ${status} and the advertisement timer disagree`);
  const waits = status === 'BACKUP' && !instance.masterDown;
  assert(running(timers.masterDownMs) === waits, `${name}: ${status} and the master-down timer disagree`);
  const announces = running(timers.burstMs) || running(timers.refreshMs) || running(timers.extraRefreshMs);
  const asks = running(timers.probeMs) || instance.conflicts.length > 0;
  assert(!announces || status === 'MASTER', `${name}: ${status} would announce addresses it does not hold`);
  assert(!asks || status === 'MASTER', `${name}: ${status} asks who else has its addresses`);
  assert(status === 'FAULT' || status === 'INIT' || instance.faults.size === 0, `${name}: ${status} with a fault`);
  assert(instance.lateness !== 'waking' || status === 'MASTER', `${name}: ${status} cannot be waking as master`);
  assert(instance.peers.size <= peersMax, `${name}: remembers ${instance.peers.size} peers`);
}

function idleTimers(): Timers {
  const never = Number.POSITIVE_INFINITY;
  return {
    masterDownMs: never,
    advertMs: never,
    burstMs: never,
    refreshMs: never,
    extraRefreshMs: never,
    probeMs: never,
  };
}

function refreshNext(instance: Instance): void {
  const { masterDownMs, advertMs, burstMs, refreshMs, extraRefreshMs, probeMs } = instance.timers;
  instance.nextMs = Math.min(masterDownMs, advertMs, burstMs, refreshMs, extraRefreshMs, probeMs);
}

function forgetOldestPeer(instance: Instance): void {
  const [oldest] = [...instance.peers.values()].sort((left, right) => left.lastHeardMs - right.lastHeardMs);
  if (oldest !== undefined) instance.peers.delete(oldest.address);
}
