// `rsc_order`: one resource's action before another's, or sets of resources in sequence.

import {
  isTrue,
  parseBoolean,
  parseInteger,
  parseScore,
  resolveReference,
  type XmlElement,
  xmlIndexOf,
} from '../../cib/index.ts';
import { noteMistake } from '../configuration/cluster.ts';
import { findResource, topOf } from '../configuration/tree.ts';
import type { Resource } from '../model/index.ts';
import type { Action } from './action.ts';
import { does, milestone, order } from './ordering.ts';
import type { Plan } from './plan.ts';
import {
  ASYMMETRIC,
  FIRST_IMPLIES_THEN,
  FIRST_IMPLIES_THEN_GRAPHED,
  MIN_RUNNABLE,
  ORDERED,
  SERIALIZE,
  THEN_IMPLIES_FIRST,
  UNRUNNABLE_FIRST_BLOCKS,
} from './relation.ts';
import { inverseOf } from './tasks.ts';

type Kind = 'mandatory' | 'optional' | 'serialize';
type Symmetry = 'symmetric' | 'asymmetric' | 'inverse';

/** Records the orderings of one constraint, its tags and templates expanded already. */
export function unpackOrder(plan: Plan, xml: XmlElement): void {
  const sets = xml.childrenNamed('resource_set');
  if (sets.length === 0) unpackPair(plan, xml);
  else unpackSets(plan, xml, sets);
}

function kindOf(xml: XmlElement): Kind {
  const text = xml.get('kind')?.toLowerCase();
  if (text === 'optional' || text === 'serialize' || text === 'mandatory') return text;
  if (text !== undefined) return 'mandatory';
  return xml.has('score') && parseScore(xml.get('score')) === 0 ? 'optional' : 'mandatory';
}

/** What `symmetrical` says, of a set or else of its constraint; true where neither says it. Serialisation never is. */
function symmetryOf(kind: Kind, ...elements: readonly XmlElement[]): 'symmetric' | 'asymmetric' {
  const [explicit] = elements.map((each) => parseBoolean(each.get('symmetrical'))).filter((each) => each !== undefined);
  return kind === 'serialize' || explicit === false ? 'asymmetric' : 'symmetric';
}

function kindsOf(kind: Kind, task: string, symmetry: Symmetry): number {
  if (kind === 'optional') return ORDERED;
  if (kind === 'serialize') return SERIALIZE;
  switch (symmetry) {
    case 'asymmetric':
      return ORDERED | ASYMMETRIC;
    case 'inverse':
      return ORDERED | THEN_IMPLIES_FIRST;
    case 'symmetric': {
      const blocks = task === 'start' || task === 'promote' || task === 'migrate_from';
      return ORDERED | FIRST_IMPLIES_THEN | (blocks ? UNRUNNABLE_FIRST_BLOCKS : 0);
    }
  }
}

/** The resource of this name; a name that only an instance bears, in history, means its clone. */
function referenced(plan: Plan, xml: XmlElement, name: string | undefined): Resource | undefined {
  const resource = name === undefined ? undefined : findResource(plan.cluster, name);
  if (resource === undefined) {
    noteMistake(plan.cluster, xml, `the ordering names the resource '${name ?? ''}', which does not exist`);
    return undefined;
  }
  return resource.id === name ? resource : topOf(resource);
}

function unpackPair(plan: Plan, xml: XmlElement): void {
  const first = referenced(plan, xml, xml.get('first'));
  const next = referenced(plan, xml, xml.get('then'));
  if (first === undefined || next === undefined) return;
  const firstTask = xml.get('first-action') ?? 'start';
  const thenTask = xml.get('then-action') ?? firstTask;
  const kind = kindOf(xml);
  const symmetry = symmetryOf(kind, xml);
  const kinds = kindsOf(kind, firstTask, symmetry);
  const instancesMin = instancesNeeded(first, xml);
  if (instancesMin > 0) {
    const enough = plan.milestone(`clone-one-or-more:${xml.id ?? ''}`);
    enough.runnableFirstsMin = instancesMin;
    const instances = first.variant === 'clone' ? first.instances : [];
    for (const instance of instances) countedFirst(plan, instance, firstTask, enough);
    order(plan, milestone(enough), does(next, thenTask), kinds | UNRUNNABLE_FIRST_BLOCKS);
  } else {
    order(plan, does(first, firstTask), does(next, thenTask), kinds);
  }
  const [firstInverse, thenInverse] = [inverseOf(firstTask), inverseOf(thenTask)];
  if (symmetry !== 'symmetric' || firstInverse === undefined || thenInverse === undefined) return;
  order(plan, does(next, thenInverse), does(first, firstInverse), kindsOf(kind, firstTask, 'inverse'));
}

function countedFirst(plan: Plan, first: Resource, task: string, enough: Action): void {
  order(plan, does(first, task), milestone(enough), MIN_RUNNABLE | FIRST_IMPLIES_THEN_GRAPHED);
}

/** How many instances of a clone have to be up; 0 for the ordinary rule. */
function instancesNeeded(first: Resource, xml: XmlElement): number {
  if (first.variant !== 'clone') return 0;
  const configured = first.meta.get('clone-min');
  if (configured !== undefined) return Math.max(0, parseInteger(configured) ?? 0);
  return parseBoolean(xml.get('require-all')) === false ? 1 : 0;
}

/** A set with what it says about itself. */
type OrderSet = {
  readonly xml: XmlElement;
  readonly members: readonly Resource[];
  readonly task: string;
};

function unpackSets(plan: Plan, xml: XmlElement, sets: readonly XmlElement[]): void {
  const kind = kindOf(xml);
  const symmetry = symmetryOf(kind, xml);
  let previous: OrderSet | undefined;
  for (const element of sets) {
    const set = readSet(plan, element);
    if (set === undefined) return;
    orderWithin(plan, set, { constraint: xml, constraintKind: kind });
    if (previous !== undefined) {
      orderBetween(plan, previous, set, { kind, symmetry });
      if (symmetry === 'symmetric') orderBetween(plan, set, previous, { kind, symmetry: 'inverse' });
    }
    previous = set;
  }
}

function readSet(plan: Plan, element: XmlElement): OrderSet | undefined {
  const xml = resolveReference(element, xmlIndexOf(plan.cluster.cib));
  if (xml === undefined) return undefined;
  const members: Resource[] = [];
  for (const reference of xml.childrenNamed('resource_ref')) {
    const resource = referenced(plan, xml, reference.id);
    if (resource === undefined) return undefined;
    members.push(resource);
  }
  return { xml, members, task: xml.get('action') ?? 'start' };
}

function orderWithin(
  plan: Plan,
  set: OrderSet,
  { constraint, constraintKind }: { readonly constraint: XmlElement; readonly constraintKind: Kind },
): void {
  const { xml, members, task } = set;
  if (members.length < 2) return;
  const kind = xml.has('kind') ? kindOf(xml) : constraintKind;
  const symmetry = symmetryOf(kind, xml, constraint);
  const kinds = kindsOf(kind, task, symmetry);
  if (kind === 'serialize') {
    members.forEach((first, index) => {
      for (const next of members.slice(index + 1)) order(plan, does(first, task), does(next, task), kinds);
    });
    return;
  }
  if (parseBoolean(xml.get('sequential')) === false) return;
  members.forEach((next, index) => {
    const first = members[index - 1];
    if (first !== undefined) order(plan, does(first, task), does(next, task), kinds);
  });
  const inverse = inverseOf(task);
  if (symmetry === 'asymmetric' || inverse === undefined) return;
  members.forEach((first, index) => {
    const next = members[index - 1];
    if (next !== undefined) order(plan, does(first, inverse), does(next, inverse), kindsOf(kind, task, 'inverse'));
  });
}

/** For the inverse role `first` is the later set. */
function orderBetween(
  plan: Plan,
  first: OrderSet,
  next: OrderSet,
  { kind, symmetry }: { readonly kind: Kind; readonly symmetry: Symmetry },
): void {
  const inverse = symmetry === 'inverse';
  const firstTask = inverse ? inverseOf(first.task) : first.task;
  const thenTask = inverse ? inverseOf(next.task) : next.task;
  if (firstTask === undefined || thenTask === undefined) return;
  // Between sets what the later one does decides, where between two resources it is what the first one does.
  const kinds = kindsOf(kind, thenTask, symmetry);
  const needsAll = parseBoolean(first.xml.get('require-all')) ?? true;
  if (!needsAll && firstTask !== 'stop' && firstTask !== 'demote') {
    const enough = plan.milestone(`one-or-more:${first.xml.id ?? ''}`);
    enough.runnableFirstsMin = 1;
    for (const member of first.members) countedFirst(plan, member, firstTask, enough);
    for (const member of next.members) {
      order(plan, milestone(enough), does(member, thenTask), kinds | UNRUNNABLE_FIRST_BLOCKS);
    }
    return;
  }
  for (const a of boundary(first, inverse ? 'first' : 'last')) {
    for (const b of boundary(next, inverse ? 'last' : 'first')) {
      order(plan, does(a, firstTask), does(b, thenTask), kinds);
    }
  }
}

/** A set that is explicitly sequential is represented by the member at its edge, any other by all. */
function boundary(set: OrderSet, edge: 'first' | 'last'): readonly Resource[] {
  if (!isTrue(set.xml.get('sequential'))) return set.members;
  return edge === 'first' ? set.members.slice(0, 1) : set.members.slice(-1);
}
