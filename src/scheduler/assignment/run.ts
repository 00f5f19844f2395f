// What one assignment carries along: the working set, the listing of scores, and the way back to the dispatcher, which the
// variants need because assigning one resource assigns others on demand.

import type { Cluster, ClusterNode, Resource } from '../model/index.ts';
import type { ScoreListing } from './listing.ts';

export type AssignmentRequest = {
  /** Where it should go if nothing speaks against it. */
  readonly preferred: ClusterNode | undefined;
  /** A resource that finds no node is to be stopped; otherwise the attempt may be taken back. */
  readonly stopIfFail: boolean;
};

export const finalRequest: AssignmentRequest = { preferred: undefined, stopIfFail: true };

export type Run = {
  readonly cluster: Cluster;
  readonly listing: ScoreListing;
  readonly assign: (run: Run, resource: Resource, request: AssignmentRequest) => ClusterNode | undefined;
};
