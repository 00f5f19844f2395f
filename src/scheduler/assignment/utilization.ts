// Placement by capacity: a resource, with all that has to run beside it, goes only where there is room for all of it.

import { INFINITY_SCORE } from '../../kit/index.ts';
import { effectOf } from '../colocation/effect.ts';
import { thisWithOf, withThisOf } from '../colocation/lists.ts';
import { overrideScore } from '../configuration/node-score.ts';
import type { Clone, ClusterNode, Colocation, Group, Primitive, Resource } from '../model/index.ts';
import { compareCapacity, hasCapacity } from './capacity.ts';
import { canTake, nodesBySlot } from './node-choice.ts';
import type { Run } from './run.ts';

/** Bans nodes without room; answers the most capable node where none has room for everything that belongs together. */
export function limitToCapacity(run: Run, resource: Primitive): ClusterNode | undefined {
  const { cluster } = run;
  if (cluster.options.placementStrategy === 'default') return undefined;
  const together = colocatedWith(resource);
  const need = neededBy(together);
  const candidates = nodesBySlot(cluster, resource.allowed).filter((node) =>
    canTake(node, resource.allowed.score(node.index)),
  );
  const fitting = candidates.filter((node) => hasCapacity(node, need));
  if (fitting.length > 0) {
    banFrom(run, resource, candidates, (node) => !fitting.includes(node));
    return undefined;
  }
  banFrom(run, resource, candidates, (node) => !hasCapacity(node, resource.utilization));
  return candidates.reduce<ClusterNode | undefined>(
    (best, node) => (best === undefined || compareCapacity(node, best) < 0 ? node : best),
    undefined,
  );
}

function banFrom(
  run: Run,
  resource: Primitive,
  nodes: readonly ClusterNode[],
  isBanned: (node: ClusterNode) => boolean,
): void {
  for (const node of nodes) {
    if (!isBanned(node)) continue;
    overrideScore(run.cluster, resource, node, { score: -INFINITY_SCORE, cause: { kind: 'utilization' } });
  }
}

/** Everything that has to be on the same node as `resource`, itself included. */
function colocatedWith(resource: Primitive): Set<Resource> {
  const together = new Set<Resource>();
  collect(resource, resource, together);
  return together;
}

function collect(origin: Resource, start: Resource, together: Set<Resource>): void {
  const waiting = [start];
  for (let resource = waiting.pop(); resource !== undefined; resource = waiting.pop()) {
    if (together.has(resource)) continue;
    together.add(resource);
    const next: Resource[] = [];
    for (const part of partsOf(resource)) next.push(...neighbours(origin, part));
    waiting.push(...next.reverse());
  }
}

/** A group that has to stay together is bound by what binds any of its members. */
function partsOf(resource: Resource): readonly Resource[] {
  if (resource.variant !== 'group' || !(resource.colocated || resource.parent !== undefined)) return [resource];
  return [resource, ...resource.members];
}

function neighbours(origin: Resource, resource: Resource): Resource[] {
  const found: Resource[] = [];
  for (const colocation of thisWithOf(resource)) {
    const { primary } = colocation;
    if (primary !== origin && binds(colocation, resource, primary)) found.push(primary);
  }
  for (const colocation of withThisOf(resource)) {
    const { dependent } = colocation;
    if (dependent === origin || (resource.variant === 'clone' && dependent.variant !== 'clone')) continue;
    if (binds(colocation, dependent, resource)) found.push(dependent);
  }
  return found;
}

function binds(colocation: Colocation, dependent: Resource, primary: Resource): boolean {
  return colocation.score >= INFINITY_SCORE && effectOf(colocation, dependent, primary, 'preview') === 'location';
}

function neededBy(together: ReadonlySet<Resource>): Map<string, number> {
  const need = new Map<string, number>();
  for (const resource of together) addNeed(need, resource, together);
  return need;
}

function addNeed(need: Map<string, number>, resource: Resource, together: ReadonlySet<Resource>): void {
  if (resource.decided) return;
  switch (resource.variant) {
    case 'primitive':
      addAmounts(need, resource);
      return;
    case 'group':
      addGroupNeed(need, resource, together);
      return;
    case 'clone':
      addCloneNeed(need, resource, together);
      return;
    case 'bundle': {
      const container = resource.replicas[0]?.container;
      if (container !== undefined) addNeed(need, container, together);
      return;
    }
  }
}

function addAmounts(need: Map<string, number>, { utilization }: Primitive): void {
  for (const [name, amount] of utilization) need.set(name, (need.get(name) ?? 0) + amount);
}

function addGroupNeed(need: Map<string, number>, group: Group, together: ReadonlySet<Resource>): void {
  const isWhole = group.colocated || group.parent !== undefined;
  for (const member of isWhole ? group.members : group.members.slice(0, 1)) {
    if (!member.decided && !together.has(member)) addAmounts(need, member);
  }
}

/** Instances that are in the set themselves are counted there. */
function addCloneNeed(need: Map<string, number>, clone: Clone, together: ReadonlySet<Resource>): void {
  let isCounted = false;
  for (const instance of clone.instances) {
    if (together.has(instance)) isCounted = true;
    else if (instance.variant === 'group' && instance.members.some((member) => together.has(member))) {
      isCounted = true;
      addNeed(need, instance, together);
    }
  }
  const [first] = clone.instances;
  if (!isCounted && first !== undefined) addNeed(need, first, together);
}
