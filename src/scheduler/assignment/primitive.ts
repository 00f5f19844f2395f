// Assigning a primitive: colocations first, the mandatory before the optional, then the best node that is left.

import { INFINITY_SCORE } from '../../kit/index.ts';
import { forgetAccumulated } from '../colocation/accumulation.ts';
import { applyColocation } from '../colocation/apply.ts';
import { thisWithOf, withThisOf } from '../colocation/lists.ts';
import { incorporateDependent } from '../colocation/preferences.ts';
import { overrideScore } from '../configuration/node-score.ts';
import { nodeNamed } from '../configuration/nodes.ts';
import { type ClusterNode, type Colocation, isAvailable, type Primitive, roles } from '../model/index.ts';
import { ledgerLength, rewindLedger } from '../reasons/ledger.ts';
import { currentNode } from '../status/active.ts';
import { canTake, compareEquals, effectiveScore, hasCandidate, nodesByPreference } from './node-choice.ts';
import { place } from './placement.ts';
import { type AssignmentRequest, finalRequest, type Run } from './run.ts';
import { limitToCapacity } from './utilization.ts';

export function assignPrimitive(run: Run, resource: Primitive, request: AssignmentRequest): ClusterNode | undefined {
  const { parent } = resource;
  if (parent !== undefined && !parent.deciding) run.assign(run, parent, request);
  if (resource.decided) return resource.assignedNode;
  if (resource.deciding) return undefined;
  resource.deciding = true;
  forgetAccumulated(run.cluster, resource);
  applyColocations(run, resource);
  limitRole(run, resource);
  run.listing.addTables(resource);
  decide(run, resource, request);
  resource.deciding = false;
  forgetAccumulated(run.cluster, resource);
  if (resource.connectionKind !== 'none') openRemoteNode(run, resource);
  return resource.assignedNode;
}

function applyColocations(run: Run, resource: Primitive): void {
  const thisWith = thisWithOf(resource);
  const withThis = withThisOf(resource);
  for (const isWanted of [isMandatory, isOptional]) {
    for (const colocation of thisWith) if (isWanted(colocation)) applyAsDependent(run, resource, colocation);
    for (const colocation of withThis) if (isWanted(colocation)) incorporateDependent(run, resource, colocation);
  }
}

function isMandatory({ score }: Colocation): boolean {
  return Math.abs(score) >= INFINITY_SCORE;
}

function isOptional(colocation: Colocation): boolean {
  return !isMandatory(colocation);
}

/** An optional colocation must not leave the dependent without any node. */
function applyAsDependent(run: Run, resource: Primitive, colocation: Colocation): void {
  const { primary, dependentRole, score } = colocation;
  const isOptionalBan = score < 0 && score > -INFINITY_SCORE;
  const backup = dependentRole === roles.promoted || isOptionalBan ? resource.allowed.copy() : undefined;
  const entered = ledgerLength(run.cluster, resource);
  if (!primary.decided) run.assign(run, primary, finalRequest);
  applyColocation(run, resource, primary, colocation);
  if (backup === undefined || hasCandidate(run.cluster, resource.allowed)) return;
  resource.allowed.assign(backup);
  rewindLedger(run.cluster, resource, entered);
}

function limitRole({ cluster }: Run, resource: Primitive): void {
  if (resource.nextRole === roles.stopped) {
    for (const node of cluster.nodes) {
      const addition = { score: -INFINITY_SCORE, cause: { kind: 'target-role' } } as const;
      if (resource.allowed.has(node.index)) overrideScore(cluster, resource, node, addition);
      else resource.allowed.set(node.index, -INFINITY_SCORE, node.probeMode);
    }
  } else if (
    resource.nextRole > resource.currentRole &&
    !cluster.quorate &&
    cluster.options.quorumPolicy === 'freeze'
  ) {
    resource.nextRole = resource.currentRole;
  }
}

function decide(run: Run, resource: Primitive, request: AssignmentRequest): void {
  settle(run, resource, request);
  run.listing.addPlacement(resource);
}

function settle(run: Run, resource: Primitive, request: AssignmentRequest): void {
  const { options, fenceDeviceKnown } = run.cluster;
  if (options.fencingEnabled && !fenceDeviceKnown) resource.managed = false;
  if (!resource.managed) {
    resource.nextRole = resource.currentRole;
    place(resource, currentNode(resource), { force: true, stopIfFail: request.stopIfFail });
  } else if (options.stopAllResources) {
    place(resource, undefined, { force: true, stopIfFail: request.stopIfFail });
  } else {
    chooseNode(run, resource, request);
  }
}

function chooseNode(run: Run, resource: Primitive, { preferred, stopIfFail }: AssignmentRequest): void {
  const capable = limitToCapacity(run, resource);
  if (resource.decided) return;
  const node = chosenNode(run, resource, preferred ?? capable);
  place(resource, node, { force: false, stopIfFail });
}

function chosenNode(run: Run, resource: Primitive, preferred: ClusterNode | undefined): ClusterNode | undefined {
  const { cluster } = run;
  const { allowed, parent } = resource;
  const current = currentNode(resource);
  const best = bestNode(run, resource, current);
  if (best === undefined) return undefined;
  const bestScore = allowed.score(best.index);
  if (preferred !== undefined && allowed.has(preferred.index)) {
    const score = allowed.score(preferred.index);
    if (score >= bestScore && canTake(preferred, score)) return preferred;
  }
  const isInUniqueClone = parent?.variant === 'clone' && parent.unique;
  if (isInUniqueClone || bestScore <= 0 || !isAvailable(best)) return best;
  // Of equally good nodes the one it runs on is kept, even where another has fewer resources.
  if (current === undefined || current === best || !canTake(current, current.baseScore)) return best;
  const isEqual =
    cluster.nodes.includes(current) && allowed.has(current.index) && allowed.score(current.index) === bestScore;
  return isEqual ? current : best;
}

/** First of the table in order of preference; found by one pass where the order is total. */
function bestNode({ cluster }: Run, { allowed }: Primitive, active: ClusterNode | undefined): ClusterNode | undefined {
  if (cluster.options.placementStrategy === 'balanced') return nodesByPreference(cluster, allowed, active)[0];
  let best: ClusterNode | undefined;
  let bestScore = -INFINITY_SCORE;
  for (const node of cluster.nodes) {
    if (!allowed.has(node.index)) continue;
    const score = effectiveScore(node, allowed);
    if (best !== undefined && score < bestScore) continue;
    if (best !== undefined && score === bestScore && compareEquals(cluster, [node, best], active) >= 0) continue;
    best = node;
    bestScore = score;
  }
  return best;
}

/** A connection that is going to run makes its node usable; one that is not takes its node away. */
function openRemoteNode({ cluster }: Run, connection: Primitive): void {
  const node = nodeNamed(cluster, connection.id);
  if (node === undefined) return;
  if (connection.assignedNode !== undefined && connection.nextRole !== roles.stopped) {
    node.online = true;
    if (!node.seen) node.unclean = false;
  } else {
    node.shuttingDown = true;
  }
}
