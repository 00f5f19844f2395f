// Trackers: what an instance watches besides its peers, as configured and as it contributes to the priority.
import type { ScriptUser } from './configuration.ts';

/** A tracker as an instance or sync group names it. */
export type TrackerReference = {
  readonly name: string;
  /** -253..253; 0: failure is a fault of the instance (files: any non-zero value). */
  readonly weight: number;
  /** `reverse`: success counts as failure and failure as success. */
  readonly reverse: boolean;
};

/** `track_interface { IF [weight N] [reverse] }`. */
export type TrackedInterface = TrackerReference;

/** `vrrp_script NAME { }`. */
export type TrackedScript = {
  readonly name: string;
  readonly command: readonly string[];
  readonly intervalMs: number;
  /** 0: the interval. */
  readonly timeoutMs: number;
  /** Default of the references that give none. */
  readonly weight: number;
  readonly reverse: boolean;
  readonly rise: number;
  readonly fall: number;
  readonly initFail: boolean;
  readonly user: ScriptUser | undefined;
};

/** `track_process NAME { }` at top level. */
export type TrackedProcess = {
  readonly name: string;
  /** The `process` words: program and, when given, arguments to match. */
  readonly command: readonly string[];
  readonly parameters: 'ignored' | 'exact' | 'initial' | 'partial';
  readonly fullCommand: boolean;
  readonly weight: number;
  readonly reverse: boolean;
  readonly quorumMin: number;
  readonly quorumMax: number;
  readonly forkDelayMs: number;
  readonly terminateDelayMs: number;
};

/** `track_file NAME { }` at top level. */
export type TrackedFile = {
  readonly name: string;
  readonly path: string;
  readonly weight: number;
  readonly reverse: boolean;
  readonly initialise: { readonly value: number; readonly overwrite: boolean } | undefined;
};

/** `bfd_instance NAME { }` (RFC 5880, single hop). */
export type BfdConfiguration = {
  readonly name: string;
  readonly neighbour: string;
  readonly source: string | undefined;
  readonly minRxMs: number;
  readonly minTxMs: number;
  readonly idleTxMs: number;
  readonly multiplier: number;
  readonly passive: boolean;
  readonly ttl: number;
  readonly hopsMax: number;
};

export type TrackerKind = 'interface' | 'script' | 'process' | 'file' | 'bfd';

/**
 * What a tracker reports to the machine (event `tracker`): the state of the thing itself, before any weight.
 * Scripts, processes, interfaces and BFD are up or down; a file has a value. `unknown` (a script that has not run
 * yet) holds the instance in FAULT when its weight is 0, and contributes nothing otherwise.
 */
export type TrackerReport =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'up' }
  | { readonly kind: 'down' }
  | { readonly kind: 'value'; readonly value: number };

/** One tracker's share in an instance. */
export type Contribution = { readonly weight: number; readonly fault: boolean };

/** Weights are clamped here (keepalived.conf(5)): beyond it a file's value is a fault. */
const weightLimit = 253;

/**
 * The share of one tracker, keepalived.conf(5): weight 0, failure is a fault; weight above 0, added while up;
 * below 0, subtracted while down. A file adds value × weight; a product below -253 is a fault.
 */
export function contributionOf(report: TrackerReport, reference: { weight: number; reverse: boolean }): Contribution {
  if (report.kind === 'value') return fileContribution(report.value, reference);
  if (report.kind === 'unknown') return { weight: 0, fault: reference.weight === 0 };
  const up = (report.kind === 'up') !== reference.reverse;
  if (reference.weight === 0) return { weight: 0, fault: !up };
  if (reference.weight > 0) return { weight: up ? reference.weight : 0, fault: false };
  return { weight: up ? 0 : reference.weight, fault: false };
}

function fileContribution(value: number, reference: { weight: number; reverse: boolean }): Contribution {
  if (reference.weight === 0) return { weight: 0, fault: (value !== 0) !== reference.reverse };
  const product = value * reference.weight * (reference.reverse ? -1 : 1);
  if (product < -weightLimit) return { weight: 0, fault: true };
  return { weight: Math.min(product, weightLimit), fault: false };
}

/** Effective priority: the sum clamped to 1..254; the address owner (255) stays 255. */
export function effectivePriority(basePriority: number, contributions: readonly Contribution[]): number {
  if (basePriority === 255) return 255;
  const sum = contributions.reduce((total, contribution) => total + contribution.weight, basePriority);
  return Math.max(1, Math.min(254, sum));
}
