// What a colocation changes: where the dependent may run, or how much it wants to be promoted.

import { addScores, INFINITY_SCORE } from '../../kit/index.ts';
import { hasCandidate } from '../assignment/node-choice.ts';
import type { Run } from '../assignment/run.ts';
import { enter } from '../configuration/node-score.ts';
import { colocationAttribute } from '../constraints/node-attribute.ts';
import { type ClusterNode, type Colocation, type Primitive, type Resource, roles } from '../model/index.ts';

export type Effect = 'nothing' | 'role' | 'location';

/** `preview` looks at what would be, before either resource is assigned. */
export function effectOf(
  colocation: Colocation,
  dependent: Resource,
  primary: Resource,
  mode: 'decide' | 'preview',
): Effect {
  if (mode === 'decide' && !primary.decided) return 'nothing';
  const actor = roleResource(dependent);
  const isForRole = colocation.dependentRole >= roles.unpromoted;
  if (isForRole && actor.parent?.promotable === true && actor.decided) return 'role';
  if (mode === 'decide' && dependent.decided) return 'nothing';
  if (colocation.dependentRole !== roles.unknown && colocation.dependentRole !== actor.nextRole) return 'nothing';
  const { primaryRole } = colocation;
  if (primaryRole !== roles.unknown && primaryRole !== roleResource(primary).nextRole) return 'nothing';
  return 'location';
}

/** The role of a bundle's container is that of what runs in it. */
function roleResource(resource: Resource): Resource {
  const { parent } = resource;
  if (parent?.variant !== 'bundle') return resource;
  return parent.replicas.find(({ container }) => container === resource)?.child ?? resource;
}

/** Restricts the dependent's table by where the primary is. */
export function applyToLocation(run: Run, dependent: Resource, primary: Primitive, colocation: Colocation): void {
  const { score } = colocation;
  const node = primary.assignedNode;
  if (node === undefined && score < 0) return;
  const table = dependent.allowed.copy();
  const isSame = node === undefined ? () => false : sameValue(dependent, primary, { node, colocation });
  run.cluster.nodes.forEach((entry) => {
    if (!table.has(entry.index)) return;
    if (node === undefined) table.add(entry.index, -score);
    else if (isSame(entry)) {
      if (score < INFINITY_SCORE) table.add(entry.index, score);
    } else if (score >= INFINITY_SCORE) table.setScore(entry.index, -INFINITY_SCORE);
  });
  if (Math.abs(score) < INFINITY_SCORE && !hasCandidate(run.cluster, table)) return;
  const before = run.cluster.ledger === undefined ? undefined : dependent.allowed.copy();
  dependent.allowed.assign(table);
  if (before === undefined) return;
  const cause = { kind: 'colocation', id: colocation.id, primary: primary.id } as const;
  for (const entry of run.cluster.nodes) {
    enter(run.cluster, dependent, { node: entry, before: before.score(entry.index), cause });
  }
}

/** Whether a node has the same value of the colocation's attribute as the primary's node. */
function sameValue(
  dependent: Resource,
  primary: Resource,
  { node, colocation }: { readonly node: ClusterNode; readonly colocation: Colocation },
): (entry: ClusterNode) => boolean {
  const value = colocationAttribute(primary, node, colocation.nodeAttribute)?.toLowerCase();
  return (entry) => colocationAttribute(dependent, entry, colocation.nodeAttribute)?.toLowerCase() === value;
}

/** Changes the dependent's wish to be promoted; answers by how much. */
export function applyToPriority(dependent: Resource, primary: Primitive, colocation: Colocation): number {
  const here = dependent.variant === 'primitive' ? dependent.assignedNode : undefined;
  if (here === undefined) return 0;
  const there = primary.assignedNode;
  const { primaryRole, nodeAttribute, score } = colocation;
  if (there !== undefined && primaryRole !== roles.unknown && primaryRole !== roleResource(primary).nextRole) return 0;
  const mine = colocationAttribute(dependent, here, nodeAttribute)?.toLowerCase();
  const theirs = there === undefined ? undefined : colocationAttribute(primary, there, nodeAttribute)?.toLowerCase();
  const multiplier = priorityMultiplier(colocation, mine === theirs);
  if (multiplier === 0) return 0;
  const delta = multiplier * score;
  dependent.priority = addScores(dependent.priority, delta);
  return delta;
}

function priorityMultiplier({ score, dependentRole }: Colocation, isTogether: boolean): number {
  if (isTogether) return dependentRole === roles.unpromoted ? -1 : 1;
  return score >= INFINITY_SCORE && dependentRole === roles.promoted ? -1 : 0;
}
