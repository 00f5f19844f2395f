// `rsc_colocation`: what runs together, what runs apart.

import { isTrue, parseBoolean, parseScore, type XmlElement } from '../../cib/index.ts';
import { INFINITY_SCORE } from '../../kit/index.ts';
import { noteMistake } from '../configuration/cluster.ts';
import { compareBytes } from '../configuration/naming.ts';
import { type Cluster, type Colocation, parseRole, type Resource, type Role, roles } from '../model/index.ts';
import { insertSorted } from '../model/ordering.ts';
import { expandConstraint, membersOfSet, requiredResource, setsOf } from './expansion.ts';

export function readColocation(cluster: Cluster, written: XmlElement): void {
  const element = expandConstraint(cluster, written, [
    { attribute: 'rsc', moved: { 'rsc-role': 'role' } },
    { attribute: 'with-rsc', moved: { 'with-rsc-role': 'role' } },
  ]);
  if (element === undefined) return;
  const sets = setsOf(cluster, element);
  if (sets.length === 0) {
    readSimple(cluster, element);
    return;
  }
  sets.forEach((set, index) => {
    colocateWithin(cluster, element, set);
    const previous = sets[index - 1];
    if (previous !== undefined) colocateSets(cluster, element, previous, set);
  });
}

function scoreOf(element: XmlElement): number {
  return parseScore(element.get('score')) ?? 0;
}

function readSimple(cluster: Cluster, element: XmlElement): void {
  const dependent = requiredResource(cluster, element, element.get('rsc'));
  const primary = requiredResource(cluster, element, element.get('with-rsc'));
  if (dependent === undefined || primary === undefined) return;
  addExplicit(cluster, element, {
    id: element.id ?? '',
    dependent,
    primary,
    dependentRole: element.get('rsc-role'),
    primaryRole: element.get('with-rsc-role'),
    score: scoreOf(element),
    nodeAttribute: element.get('node-attribute') ?? '#uname',
  });
}

type Explicit = Pick<Colocation, 'id' | 'dependent' | 'primary' | 'score'> & {
  readonly dependentRole: string | undefined;
  readonly primaryRole: string | undefined;
  readonly nodeAttribute?: string;
};

function addExplicit(cluster: Cluster, element: XmlElement, explicit: Explicit): void {
  const dependentRole = colocatedRole(explicit.dependentRole);
  const primaryRole = colocatedRole(explicit.primaryRole);
  if (dependentRole === undefined || primaryRole === undefined) {
    noteMistake(cluster, element, `the colocation '${element.id}' names a role that does not exist`);
    return;
  }
  addColocation(cluster, {
    id: explicit.id,
    dependent: explicit.dependent,
    primary: explicit.primary,
    dependentRole,
    primaryRole,
    score: explicit.score,
    nodeAttribute: explicit.nodeAttribute ?? '#uname',
    influence: parseBoolean(element.get('influence')) ?? explicit.dependent.critical,
    explicit: true,
  });
}

/** Started means any role, as nothing that runs is less. */
function colocatedRole(text: string | undefined): Role | undefined {
  const role = parseRole(text);
  return role === roles.started ? roles.unknown : role;
}

/** Files a colocation with both its resources; a score of 0 makes none. */
export function addColocation(cluster: Cluster, colocation: Colocation): void {
  if (colocation.score === 0) return;
  cluster.colocations.push(colocation);
  insertByPrimary(colocation.dependent.thisWith, colocation);
  insertByDependent(colocation.primary.withThis, colocation);
  if (colocation.score <= -INFINITY_SCORE) cluster.demands.push({ kind: 'keep-apart', colocation });
}

export function insertByPrimary(list: Colocation[], colocation: Colocation): void {
  insertSorted(list, colocation, (a, b) => compareRank(a.primary, b.primary));
}

export function insertByDependent(list: Colocation[], colocation: Colocation): void {
  insertSorted(list, colocation, (a, b) => compareRank(a.dependent, b.dependent));
}

const variantRank = { primitive: 0, group: 1, clone: 2, bundle: 3 } as const;

/** Higher priority first, then the more complex variant, then what can be promoted, then by id. */
function compareRank(a: Resource, b: Resource): number {
  const difference = b.priority - a.priority || variantRank[b.variant] - variantRank[a.variant];
  if (difference !== 0) return difference;
  if (a.variant === 'clone' && a.promotable !== b.promotable) return a.promotable ? -1 : 1;
  return compareBytes(a.id, b.id);
}

/** Members of one set: each with the one before it, or, where they repel, with all before it. */
function colocateWithin(cluster: Cluster, element: XmlElement, set: XmlElement): void {
  const score = parseScore(set.get('score')) ?? scoreOf(element);
  if (score === 0 || !isSequential(set)) return;
  const role = set.get('role');
  const add = (dependent: Resource, primary: Resource) =>
    addExplicit(cluster, element, {
      id: set.id ?? '',
      dependent,
      primary,
      dependentRole: role,
      primaryRole: role,
      score,
    });
  const members = membersOfSet(cluster, element, set);
  const ordering = set.get('ordering') ?? 'group';
  members.forEach((member, index) => {
    if (score < 0) {
      for (const earlier of members.slice(0, index)) add(member, earlier);
      return;
    }
    const previous = members[index - 1];
    if (previous === undefined) return;
    // The deprecated attribute `ordering` turned the sense of the pairs around.
    if (ordering === 'group') add(member, previous);
    else add(previous, member);
  });
}

function isSequential(set: XmlElement): boolean {
  return set.get('sequential') === undefined || isTrue(set.get('sequential'));
}

/** A sequential set is represented by the end at which it meets the other one. */
function colocateSets(cluster: Cluster, element: XmlElement, dependentSet: XmlElement, primarySet: XmlElement): void {
  const dependents = membersOfSet(cluster, element, dependentSet);
  const primaries = membersOfSet(cluster, element, primarySet);
  const from = isSequential(dependentSet) ? dependents.slice(0, 1) : dependents;
  const to = isSequential(primarySet) ? primaries.slice(-1) : primaries;
  for (const dependent of from) {
    for (const primary of to) {
      addExplicit(cluster, element, {
        id: element.id ?? '',
        dependent,
        primary,
        dependentRole: dependentSet.get('role'),
        primaryRole: primarySet.get('role'),
        score: scoreOf(element),
      });
    }
  }
}
