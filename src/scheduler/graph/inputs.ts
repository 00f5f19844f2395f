// Which of the relations before an action become inputs in the graph, and which actions belong there at all.

import { type Action, ALWAYS_IN_GRAPH, IN_GRAPH, MIGRATABLE, ON_DC } from '../actions/action.ts';
import {
  FIRST_IMPLIES_THEN_GRAPHED,
  IF_FIRST_UNMIGRATABLE,
  IF_ON_SAME_NODE_OR_TARGET,
  IF_REQUIRED_ON_SAME_NODE,
  MIN_RUNNABLE,
  ORDERED,
  pairwise,
  type Relation,
  repeatsSharingProbe,
  THEN_IMPLIES_FIRST_GRAPHED,
  UNMIGRATABLE_THEN_BLOCKS,
} from '../actions/relation.ts';
import { isGuestOrBundleNode } from '../model/index.ts';

/** Whether an action can be, and needs to be, done in this transition. */
export function belongsInGraph(action: Action): boolean {
  if (!action.runnable || (action.optional && !action.has(ALWAYS_IN_GRAPH))) return false;
  const { resource, node, task } = action;
  if (resource !== undefined && !resource.managed && task !== 'monitor') {
    const interval = action.meta('interval');
    if (interval === undefined || interval === '0') return false;
  }
  if (action.pseudo || task === 'stonith' || task === 'do_shutdown') return true;
  if (node === undefined) return false;
  if (action.has(ON_DC) || (isGuestOrBundleNode(node) && !node.remoteReset)) return true;
  return node.online && !node.unclean;
}

/** Sorts what comes before an action by id, and unites relations with the same action. */
export function mergeBefores(action: Action): void {
  if (action.befores.length < 2) return;
  if (repeatsSharingProbe(action.befores)) action.befores = [...pairwise(action.befores)];
  const { befores } = action;
  if (!isAscending(befores, idOfFirst)) befores.sort((a, b) => a.first.id - b.first.id);
  let kept = 0;
  for (let index = 1; index < befores.length; index++) {
    const last = befores[kept];
    const next = befores[index];
    if (last === undefined || next === undefined) continue;
    if (last.first === next.first) last.kinds |= next.kinds;
    else {
      kept += 1;
      befores[kept] = next;
    }
  }
  befores.length = kept + 1;
}

function sortById(actions: Action[]): Action[] {
  return isAscending(actions, idOf) ? actions : actions.sort((a, b) => a.id - b.id);
}

function idOf({ id }: Action): number {
  return id;
}

function idOfFirst({ first }: Relation): number {
  return first.id;
}

function isAscending<Each>(list: readonly Each[], id: (each: Each) => number): boolean {
  for (let index = 1; index < list.length; index++) {
    if (id(list[index - 1] as Each) > id(list[index] as Each)) return false;
  }
  return true;
}

const noActions: readonly Action[] = [];

/** What has to be waited for, by ascending id. Relations that turn out to be void are disabled. */
export function inputsOf(action: Action): readonly Action[] {
  if (action.befores.length === 0) return noActions;
  const inputs: Action[] = [];
  const { befores } = action;
  for (let index = 0; index < befores.length; index++) {
    const relation = befores[index] as Relation;
    if (isInput(action, relation)) inputs.push(relation.first);
    if (relation.alike !== undefined) addHappening(inputs, relation.alike.probes);
  }
  return inputs.length === 0 ? noActions : sortById(inputs);
}

function addHappening(inputs: Action[], probes: readonly Action[]): void {
  for (let index = 0; index < probes.length; index++) {
    const probe = probes[index] as Action;
    if (probe.runnable && happens(probe)) inputs.push(probe);
  }
}

const mereSequence = ORDERED | THEN_IMPLIES_FIRST_GRAPHED | FIRST_IMPLIES_THEN_GRAPHED;

/** Whether `relation.first` has to be waited for. A relation that turns out to be void is disabled. */
export function isInput(action: Action, relation: Relation): boolean {
  const { first, kinds } = relation;
  if (kinds === 0) return false;
  if (!first.runnable) {
    if ((kinds & ~mereSequence) === 0) return false;
    if ((kinds & (MIN_RUNNABLE | UNMIGRATABLE_THEN_BLOCKS)) !== 0) return false;
  }
  const migratable = first.has(MIGRATABLE);
  if ((kinds & IF_FIRST_UNMIGRATABLE) !== 0 && migratable) return false;
  if (kinds === ORDERED && migratable && first.key.endsWith('_stop_0')) return false;
  if (kinds === IF_ON_SAME_NODE_OR_TARGET) return keep(relation, loadMatters(action, first));
  if (kinds === IF_REQUIRED_ON_SAME_NODE) {
    const apart = first.node !== undefined && action.node !== undefined && first.node !== action.node;
    return keep(relation, !apart && first.required);
  }
  if (isForeignFailedStop(action, first)) return false;
  return happens(first);
}

function happens(action: Action): boolean {
  return action.required || action.has(ALWAYS_IN_GRAPH | IN_GRAPH) || belongsInGraph(action);
}

function keep(relation: Relation, wanted: boolean): boolean {
  if (!wanted) relation.kinds = 0;
  return wanted;
}

/** Room is needed where a resource will be, which for a migration is not where the action runs. */
function loadMatters(action: Action, first: Action): boolean {
  const { resource } = action;
  if (action.task === 'migrate_to' && resource?.variant === 'primitive') {
    return first.node === resource.assignedNode;
  }
  return first.node === action.node && first.required;
}

/** A stop that will never come, of something failed that is not ours to stop, holds up no clone. */
function isForeignFailedStop(action: Action, first: Action): boolean {
  const other = first.resource;
  if (other === undefined || other === action.resource || other.managed || !other.failed) return false;
  return first.key.endsWith('_stop_0') && action.resource?.variant === 'clone';
}
