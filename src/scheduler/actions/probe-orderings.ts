// Probes come before what they could find running: before starts that depend on the start they precede, and before what
// waits for a stop that may turn out to be needed.

import { isTrue } from '../../cib/index.ts';
import { topOf } from '../configuration/tree.ts';
import type { Primitive, Resource } from '../model/index.ts';
import type { Action } from './action.ts';
import { isCloneLike, primitivesOf } from './family.ts';
import { compatibleInstance } from './interleave.ts';
import type { Ordering } from './ordering.ts';
import type { Plan } from './plan.ts';
import {
  FIRST_IMPLIES_THEN,
  IF_FIRST_UNMIGRATABLE,
  IF_ON_SAME_NODE,
  IF_ON_SAME_NODE_OR_TARGET,
  IF_REQUIRED_ON_SAME_NODE,
  ORDERED,
  type Relation,
  relate,
  relateProbes,
  UNRUNNABLE_FIRST_BLOCKS,
} from './relation.ts';

const nothing: readonly never[] = [];

/** What going up means, for what is up already: going down first. */
const interruptions = [
  ['start', 'stop'],
  ['promote', 'demote'],
] as const;

export function orderProbes(plan: Plan): void {
  const walk = new RestartWalk(plan);
  for (const resource of plan.cluster.resources) {
    for (const primitive of primitivesOf(resource)) orderProbesOf(plan, primitive, walk);
  }
  plan.orderings.forEach((ordering) => {
    orderBeforeWaiting(plan, ordering);
  });
}

function orderProbesOf(plan: Plan, resource: Primitive, walk: RestartWalk): void {
  const probes = plan.named(resource, 'monitor');
  const afters = probes[0]?.afters ?? nothing;
  // Mostly the same comes after all of them. A clone's are told apart: by the instances they find, and where they can run.
  if (!isCloneLike(topOf(resource)) && probes.every((probe) => probe.afters === afters)) {
    for (let index = afters.length - 1; index >= 0; index--) {
      const relation = afters[index];
      if (relation !== undefined) walk.protect(probes, relation.next);
    }
    return;
  }
  for (const probe of probes) orderProbe(probe, walk);
}

function orderProbe(probe: Action, walk: RestartWalk): void {
  const { afters } = probe;
  for (let index = afters.length - 1; index >= 0; index--) {
    const relation = afters[index];
    if (relation === undefined) continue;
    orderBeforeDependentStarts(probe, relation);
    walk.protect([probe], relation.next);
  }
}

/** Where a probe of an instance cannot run, what depends on the start of its clone cannot start either. */
function orderBeforeDependentStarts(probe: Action, relation: Relation): void {
  const { next } = relation;
  if (probe.runnable || next.task !== 'start') return;
  const top = probe.resource === undefined ? undefined : topOf(probe.resource);
  if (next.resource === undefined || !isCloneLike(next.resource) || next.resource !== top) return;
  if ((relation.attached & UNRUNNABLE_FIRST_BLOCKS) !== 0) return;
  for (let index = next.afters.length - 1; index >= 0; index--) {
    const after = next.afters[index]?.next;
    if (after?.task !== 'start' || after.resource === undefined) continue;
    if (topOf(after.resource) !== top || after.resource.activeNodes.length > 0) continue;
    relate(probe, after, ORDERED | UNRUNNABLE_FIRST_BLOCKS);
  }
}

/**
 * What would be restarted because of something the probe may find is not stopped before the probe is back. The walk goes
 * along whatever a start implies.
 */
class RestartWalk {
  readonly #plan: Plan;
  /** By action id: whether the walk can come from there to anything that would be interrupted. */
  readonly #leadsToInterruption: Uint8Array;
  #mark = 0;
  /** Whose probes are being ordered, and what was found for them, by where the walk began. */
  #resource: Resource | undefined;
  readonly #known = new Map<Action, readonly Action[]>();

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#leadsToInterruption = this.#findInterruptions();
  }

  /**
   * Goes back from whatever could be interrupted, once for all probes. Without it every probe of a stopped cluster would
   * walk all that is ordered after it, and find nothing.
   */
  #findInterruptions(): Uint8Array {
    const leads = new Uint8Array(this.#plan.actions.length + 1);
    const open: Action[] = [];
    for (const resource of this.#plan.cluster.resources) {
      for (const primitive of primitivesOf(resource)) {
        for (const [up, down] of interruptions) {
          if (this.#plan.named(primitive, down).every(({ pseudo }) => pseudo)) continue;
          open.push(...this.#plan.named(primitive, up));
        }
      }
    }
    for (const action of open) leads[action.id] = 1;
    for (let action = open.pop(); action !== undefined; action = open.pop()) {
      const { befores, resource } = action;
      befores.forEach(({ first, attached }) => {
        if (leads[first.id] === 1) return;
        const goesDown = first.resource !== undefined && first.resource === resource?.parent;
        if ((attached & FIRST_IMPLIES_THEN) === 0 && !goesDown) return;
        leads[first.id] = 1;
        open.push(first);
      });
    }
    return leads;
  }

  /** For probes of one resource. */
  protect(probes: readonly Action[], after: Action): void {
    const [probe] = probes;
    if (probe === undefined || this.#leadsToInterruption[after.id] === 0) return;
    for (const interrupted of this.#interruptionsBehind(probe, after)) relateProbes(probes, interrupted, ORDERED);
  }

  /** The same for all probes of a resource: what is added to them meanwhile is mere sequence, and no way for the walk. */
  #interruptionsBehind(probe: Action, after: Action): readonly Action[] {
    if (probe.resource !== this.#resource) {
      this.#resource = probe.resource;
      this.#known.clear();
    }
    const known = this.#known.get(after);
    if (known !== undefined) return known;
    const found = this.#walk(probe, after);
    this.#known.set(after, found);
    return found;
  }

  #walk(probe: Action, start: Action): Action[] {
    this.#mark += 1;
    const found: Action[] = [];
    const open = [start];
    for (let after = open.pop(); after !== undefined; after = open.pop()) {
      if (after.visited === this.#mark || this.#leadsToInterruption[after.id] === 0) continue;
      after.visited = this.#mark;
      if (after.resource !== probe.resource) {
        for (const each of this.#interruptedBy(after).toReversed()) if (!each.pseudo) found.push(each);
      }
      const next: Action[] = [];
      for (let index = after.afters.length - 1; index >= 0; index--) {
        const relation = after.afters[index];
        if (relation === undefined || this.#leadsToInterruption[relation.next.id] === 0) continue;
        if (this.#implies(probe, after, relation)) next.push(relation.next);
      }
      // Depth first, newest relation first: the first one found is to be taken first.
      for (const each of next.reverse()) open.push(each);
    }
    return found;
  }

  /** A start of something that runs means a restart. */
  #interruptedBy({ resource, task }: Action): readonly Action[] {
    if (resource?.variant !== 'primitive') return nothing;
    const down = interruptions.find(([up]) => up === task)?.[1];
    return down === undefined ? nothing : this.#plan.named(resource, down);
  }

  #implies(probe: Action, after: Action, { next, attached }: Relation): boolean {
    if ((attached & FIRST_IMPLIES_THEN) === 0 && !this.#goesDown(probe, after, next)) return false;
    const collective = after.resource;
    if (collective === undefined || next.resource?.parent !== collective || !isCloneLike(collective)) return true;
    if (probe.resource === undefined || !isTrue(collective.meta.get('interleave'))) return true;
    const compatible = compatibleInstance(this.#plan, probe.resource, collective, 'next');
    return compatible === undefined || compatible === next.resource;
  }

  /** From a collective to its own direct child, unless that is where the probe came from. */
  #goesDown(probe: Action, after: Action, next: Action): boolean {
    const { resource } = after;
    if (resource === undefined || resource.variant === 'primitive' || next.resource === undefined) return false;
    if (resource === probe.resource?.parent || isCloneLike(next.resource)) return false;
    return next.resource.parent === resource;
  }
}

/** Whatever waits for a stop also waits for the probe that may find something to stop. */
function orderBeforeWaiting(plan: Plan, { first, next, kinds }: Ordering): void {
  const { resource } = first;
  if (resource === undefined || kinds === 0 || resource === next.resource) return;
  const task = first.action?.task ?? first.task;
  if (task !== 'stop') return;
  const thenResource = next.resource;
  if (resource.variant === 'primitive' && resource.launcher !== undefined && resource.launcher === thenResource) {
    if ((next.action?.task ?? next.task) === 'stop') return;
  }
  const probes = plan.named(resource, 'monitor');
  if (probes.length === 0) return;
  const waiting =
    next.action !== undefined ? [next.action] : thenResource === undefined ? [] : plan.named(thenResource, next.task);
  const effective = kindsForProbes(kinds);
  for (const action of waiting) {
    if (action.task === 'stonith' || action.task === 'do_shutdown')
      orderBeforeFenceOrShutdown(probes, action, effective);
    else relateProbes(probes, action, effective);
  }
}

function kindsForProbes(kinds: number): number {
  if (kinds === IF_REQUIRED_ON_SAME_NODE || kinds === IF_ON_SAME_NODE_OR_TARGET) return kinds;
  return ORDERED | (kinds & (IF_FIRST_UNMIGRATABLE | IF_ON_SAME_NODE));
}

/** What is not unfenced cannot be probed, and a shutdown waits for what is on its own node. */
function orderBeforeFenceOrShutdown(probes: readonly Action[], action: Action, kinds: number): void {
  const unfences = action.task === 'stonith' && action.meta('stonith_action') === 'on';
  for (const probe of probes) {
    if (unfences && action.node === probe.node) continue;
    if (action.task === 'do_shutdown' && action.node !== probe.node) continue;
    relate(probe, action, kinds);
  }
}
