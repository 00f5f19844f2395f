// Assigning a bundle: containers are distributed like instances, and everything else follows its container.

import { INFINITY_SCORE } from '../../kit/index.ts';
import { overrideScore } from '../configuration/node-score.ts';
import { addColocation } from '../constraints/colocation.ts';
import { thresholdReached } from '../criteria/criteria.ts';
import { type Bundle, type Clone, type Primitive, type Replica, roles } from '../model/index.ts';
import { mergeSort } from '../model/ordering.ts';
import { distribute } from './distribution.ts';
import { compareInstances } from './instance-order.ts';
import type { AssignmentRequest, Run } from './run.ts';

/**
 * A second request does all of it again (1 §20.3): what is decided stays, but the listing shows each time. That holds even while
 * the first one is under way, where bundles are colocated in a circle: it ends because containers are asked for once. Where there are
 * many of them, it takes the peer minutes; here a run has an allowance of such requests.
 */
export function assignBundle(run: Run, bundle: Bundle, request: AssignmentRequest): undefined {
  const { caches } = run.cluster;
  const isRepeated = caches.bundlesUnderWay.has(bundle);
  if (isRepeated) caches.bundleRepeatsLeft -= bundle.replicas.length;
  if (isRepeated && caches.bundleRepeatsLeft < 0) return undefined;
  caches.bundlesUnderWay.add(bundle);
  bundle.deciding = true;
  run.listing.addTables(bundle);
  const containers = mergeSort(
    bundle.replicas.map(({ container }) => container),
    (a, b) => compareInstances(run, a, b),
  );
  const limits = { totalMax: bundle.replicas.length, perNodeMax: bundle.replicasPerHost };
  distribute(run, bundle, containers, limits);
  for (const replica of bundle.replicas) assignReplica(run, bundle, replica, request);
  if (bundle.clone !== undefined) assignInside(run, bundle, bundle.clone, request);
  bundle.deciding = false;
  bundle.decided = true;
  if (!isRepeated) caches.bundlesUnderWay.delete(bundle);
  return undefined;
}

function assignReplica(run: Run, bundle: Bundle, replica: Replica, request: AssignmentRequest): void {
  const { container, ip, connection } = replica;
  if (ip !== undefined) run.assign(run, ip, request);
  if (connection !== undefined) {
    followRemoteHost(run, container, connection);
    run.assign(run, connection, request);
  }
  if (replica.child !== undefined) assignChild(run, bundle, { replica, child: replica.child }, request);
}

/** Where the container is on a remote node, the connection to its inside is best where the connection to that node is. */
function followRemoteHost({ cluster }: Run, container: Primitive, connection: Primitive): void {
  const primary = container.assignedNode?.connection;
  if (container.assignedNode?.kind !== 'remote' || primary === undefined) return;
  addColocation(cluster, {
    id: '#replica-remote-with-host-remote',
    dependent: connection,
    primary,
    dependentRole: roles.unknown,
    primaryRole: roles.unknown,
    score: INFINITY_SCORE,
    nodeAttribute: '#uname',
    influence: true,
    explicit: false,
  });
}

function assignChild(
  run: Run,
  bundle: Bundle,
  { replica, child }: { readonly replica: Replica; readonly child: Primitive },
  request: AssignmentRequest,
): void {
  const cause = { kind: 'replica' } as const;
  for (const node of run.cluster.nodes) {
    if (!child.allowed.has(node.index)) continue;
    if (node !== replica.node) overrideScore(run.cluster, child, node, { score: -INFINITY_SCORE, cause });
    else if (thresholdReached(run.cluster, child, node) === undefined) {
      overrideScore(run.cluster, child, node, { score: INFINITY_SCORE, cause });
    }
  }
  const { clone } = bundle;
  // The clone must not be assigned on behalf of its instance: it comes last.
  if (clone !== undefined) clone.deciding = true;
  run.assign(run, child, { ...request, preferred: replica.node });
  if (clone !== undefined) clone.deciding = false;
}

function assignInside(run: Run, bundle: Bundle, clone: Clone, request: AssignmentRequest): void {
  for (const node of run.cluster.nodes) {
    if (!clone.allowed.has(node.index)) continue;
    const isOwn = bundle.replicas.some((replica) => replica.node === node);
    const score = isOwn ? 0 : -INFINITY_SCORE;
    overrideScore(run.cluster, clone, node, { score, cause: { kind: 'replica' } });
  }
  run.assign(run, clone, request);
}
