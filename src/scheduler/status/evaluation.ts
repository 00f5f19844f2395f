// The state of one resource on one node while its history is being read.

import { topOf } from '../configuration/tree.ts';
import {
  type Cluster,
  type ClusterNode,
  type OnFail,
  onFailResponses,
  type Primitive,
  type Role,
  roles,
} from '../model/index.ts';

export type Evaluation = {
  readonly cluster: Cluster;
  readonly resource: Primitive;
  readonly node: ClusterNode;
  /** The strictest answer that failures so far ask for. */
  onFail: OnFail;
};

/** One entry, as it is understood so far. */
export type Outcome = { status: number; exitCode: number; readonly isExpired: boolean };

/** The role a resource has once it is known to run. */
export function activeRole(resource: Primitive): Role {
  return topOf(resource).promotable ? roles.unpromoted : roles.started;
}

/** A success shows that an earlier failure is over, unless its answer outlasts recovery. */
export function forgetFailure(evaluation: Evaluation): void {
  const { resource, onFail } = evaluation;
  switch (onFail) {
    case onFailResponses.stop:
    case onFailResponses.ban:
    case onFailResponses.standby:
    case onFailResponses.fence:
      return;
    case onFailResponses.resetRemote:
      if (resource.reconnectIntervalMs > 0) return;
  }
  evaluation.onFail = onFailResponses.ignore;
  resource.nextRole = roles.unknown;
}
