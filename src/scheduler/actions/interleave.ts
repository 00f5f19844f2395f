// Two clones with interleave: an instance waits for the instance of the other clone on its own node, not for all of them.

import { isTrue } from '../../cib/index.ts';
import { nodesByPreference } from '../assignment/node-choice.ts';
import { childrenOf } from '../configuration/tree.ts';
import { type ClusterNode, type Primitive, type Resource, roles } from '../model/index.ts';
import { type Action, OPTIONAL, RUNNABLE } from './action.ts';
import type { Effect } from './effects.ts';
import type { Engine } from './engine.ts';
import { activeNodesOf, assignedNodesOf, instancesOf, isBlockedAnywhere, isCloneLike, primitivesOf } from './family.ts';
import type { Plan } from './plan.ts';
import { FIRST_IMPLIES_THEN, relate, UNRUNNABLE_FIRST_BLOCKS } from './relation.ts';
import { summaryFlags } from './summary-flags.ts';
import { notifiedTaskOf, taskCompletedBy } from './tasks.ts';

const bothChanged = 1 | 2;
const thenChanged = 2;

export function areInterleaved(first: Action, next: Action): boolean {
  if (first.resource === next.resource || !isCloneLike(first.resource) || !isCloneLike(next.resource)) return false;
  const downward = next.key.endsWith('_stop_0') || next.key.endsWith('_demote_0');
  return isTrue((downward ? first.resource : next.resource).meta.get('interleave'));
}

/** Relates the instances of the two clones pairwise, and applies the effect to each pair. */
export function updateInterleaved(
  engine: Engine,
  effect: Effect,
  applyEffect: (engine: Engine, owner: Resource, effect: Effect) => number,
): number {
  const { first, next, node, kind } = effect;
  if (first.resource === undefined || next.resource === undefined) return 0;
  const state = first.key.endsWith('_stopped_0') || first.key.endsWith('_demoted_0') ? 'current' : 'next';
  const firstTask = notifiedTaskOf(first);
  let changed = 0;
  for (const instance of instancesOf(next.resource)) {
    const other = compatibleInstance(engine.plan, instance, first.resource, state);
    if (other === undefined) {
      const needed = (kind & (UNRUNNABLE_FIRST_BLOCKS | FIRST_IMPLIES_THEN)) !== 0;
      if (state === 'next' && needed && leaveOut(engine.plan, instance)) changed |= thenChanged;
      continue;
    }
    const before = instanceAction(engine.plan, other, { task: firstTask, side: 'first', node });
    const after = instanceAction(engine.plan, instance, { task: next.task, side: 'then', node });
    if (before === undefined || after === undefined) continue;
    if (relate(before, after, kind)) changed |= bothChanged;
    const flags = summaryFlags(engine.plan, before, node);
    const owner = after.resource ?? instance;
    changed |= applyEffect(engine, owner, { ...effect, first: before, next: after, flags });
  }
  return changed;
}

/** The instance (of a bundle the container) of `collective` on the node of `resource`, as things are or will be. */
export function compatibleInstance(
  plan: Plan,
  resource: Resource,
  collective: Resource,
  state: 'current' | 'next',
): Resource | undefined {
  const [only, ...others] = state === 'current' ? activeNodesOf(resource) : assignedNodesOf(resource);
  const nodes = only !== undefined && others.length === 0 ? [only] : nodesByPreference(plan.cluster, resource.allowed);
  for (const node of nodes) {
    const found = instancesOf(collective).find((instance) => isOnlyOn(instance, node, state));
    if (found !== undefined) return found;
  }
  return undefined;
}

function isOnlyOn(instance: Resource, node: ClusterNode, state: 'current' | 'next'): boolean {
  const nodes = state === 'current' ? activeNodesOf(instance) : assignedNodesOf(instance);
  return nodes.length === 1 && nodes[0] === node && !isBlockedAnywhere(instance);
}

type Sought = { readonly task: string; readonly side: 'first' | 'then'; readonly node: ClusterNode | undefined };

/** In a bundle the contained primitive acts where the container cannot: it is promoted, and ready once it is started. */
function instanceAction(plan: Plan, instance: Resource, { task, side, node }: Sought): Action | undefined {
  const name = instance.variant === 'primitive' ? taskCompletedBy(task) : task;
  const contained = containedIn(instance);
  const roleTask = name === 'promote' || name === 'demote';
  if (contained !== undefined && (side === 'first' ? name !== 'stop' : roleTask)) {
    return plan.newest(contained, name, undefined);
  }
  return plan.newest(instance, name, node);
}

function containedIn(container: Resource): Primitive | undefined {
  if (container.parent?.variant !== 'bundle') return undefined;
  return container.parent.replicas.find((replica) => replica.container === container)?.child;
}

/** Takes a resource's node away; the answer tells whether it had one. */
function leaveOut(plan: Plan, resource: Resource): boolean {
  let hadNode = false;
  for (const primitive of primitivesOf(resource)) {
    hadNode ||= primitive.assignedNode !== undefined;
    primitive.assignedNode = undefined;
    primitive.nextRole = roles.stopped;
    stopExistingActions(plan, primitive);
  }
  for (const child of childrenOf(resource)) child.nextRole = roles.stopped;
  return hadNode;
}

/** Of a primitive that runs nowhere from now on: its stops are needed, its starts and recurring actions cannot run. */
export function stopExistingActions(plan: Plan, primitive: Primitive): void {
  for (const action of plan.actionsOf(primitive)) {
    if (action.task === 'stop') action.clear(OPTIONAL);
    else if (action.task === 'start') action.clear(RUNNABLE);
    else if (action.meta('interval') !== undefined && action.meta('op_target_rc') !== '7') action.clear(RUNNABLE);
  }
}
