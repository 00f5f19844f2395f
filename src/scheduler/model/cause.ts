// Why a resource has a score on a node: each change is entered with its cause, when somebody asked for reasons.

import type { ClusterNode } from './node.ts';
import type { Resource } from './resource.ts';

export type ScoreCause =
  /** What an entry starts with: -INFINITY for a node that is leaving or gone. */
  | { readonly kind: 'node' }
  /** A location constraint or its rule. */
  | { readonly kind: 'location'; readonly id: string }
  | { readonly kind: 'health' }
  | { readonly kind: 'stickiness' }
  /** The dependent follows (or avoids) `primary`. */
  | { readonly kind: 'colocation'; readonly id: string; readonly primary: string }
  /** A primary takes the preferences of what is placed with it into account. */
  | { readonly kind: 'dependent'; readonly id: string; readonly dependent: string }
  /** An operation failed in a way that rules the node out. */
  | { readonly kind: 'failed-operation'; readonly key: string }
  | { readonly kind: 'fail-count'; readonly count: number; readonly threshold: number }
  | { readonly kind: 'ticket'; readonly id: string; readonly state: 'not granted' | 'standby' }
  | { readonly kind: 'shutdown-lock'; readonly node: string }
  | { readonly kind: 'exclusive-discovery' }
  | { readonly kind: 'unmanaged-active' }
  | { readonly kind: 'multiply-active' }
  | { readonly kind: 'removed' }
  | { readonly kind: 'remote-node' }
  | { readonly kind: 'container'; readonly id: string }
  | { readonly kind: 'promotion'; readonly score: number }
  | { readonly kind: 'target-role' }
  | { readonly kind: 'instance-limit' }
  | { readonly kind: 'node-unavailable' }
  | { readonly kind: 'utilization' }
  | { readonly kind: 'replica' };

export type ScoreChange = {
  readonly node: ClusterNode;
  readonly before: number;
  readonly after: number;
  readonly cause: ScoreCause;
};

/** Changes by resource, in the order in which they happened. */
export type ScoreLedger = Map<Resource, ScoreChange[]>;
