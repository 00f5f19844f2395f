// `rsc_location`: preferences for nodes, by name or by rule.

import { evaluateRule, parseScore, resolveReference, type XmlElement, xmlIndexOf } from '../../cib/index.ts';
import { noteMistake, plainContext } from '../configuration/cluster.ts';
import { parametersOf } from '../configuration/meta.ts';
import { nodeNamed } from '../configuration/nodes.ts';
import { healthScoresOf } from '../criteria/health.ts';
import {
  type Cluster,
  type ClusterNode,
  type Location,
  type LocationEntry,
  type ProbeMode,
  parseRole,
  probeModes,
  type Resource,
  type Role,
  roles,
} from '../model/index.ts';
import { expandConstraint, membersOfSet, requiredResource, setsOf } from './expansion.ts';
import { extendedPattern } from './extended-pattern.ts';
import { currentAttribute } from './node-attribute.ts';

export function readLocation(cluster: Cluster, written: XmlElement): void {
  const element = expandConstraint(cluster, written, [{ attribute: 'rsc', moved: { role: 'role' } }]);
  if (element === undefined) return;
  for (const set of setsOf(cluster, element)) {
    for (const resource of membersOfSet(cluster, element, set)) {
      addLocation(cluster, element, { resource, role: set.get('role'), score: set.get('score') });
    }
  }
  const name = element.get('rsc');
  if (name !== undefined) {
    const resource = requiredResource(cluster, element, name);
    if (resource !== undefined) addLocation(cluster, element, { resource });
  }
  for (const { resource, submatches } of matchingResources(cluster, element)) {
    addLocation(cluster, element, { resource, submatches });
  }
}

type Submatches = readonly (string | undefined)[];

/** Top-level resources whose id the pattern of the constraint finds, or with `!` before it does not find. */
function matchingResources(
  cluster: Cluster,
  element: XmlElement,
): { readonly resource: Resource; readonly submatches: Submatches | undefined }[] {
  const text = element.get('rsc-pattern');
  if (text === undefined) return [];
  const isInverted = text.startsWith('!');
  const pattern = extendedPattern(isInverted ? text.slice(1) : text);
  if (pattern === undefined) {
    noteMistake(cluster, element, `the pattern '${text}' of '${element.id}' is no regular expression`);
    return [];
  }
  return cluster.resources.flatMap((resource) => {
    const match = pattern.exec(resource.id);
    if ((match !== null) === isInverted) return [];
    return [{ resource, submatches: match === null ? undefined : [...match] }];
  });
}

type Target = {
  readonly resource: Resource;
  /** From the set, overriding what the constraint says. */
  readonly role?: string | undefined;
  readonly score?: string | undefined;
  readonly submatches?: Submatches | undefined;
};

function addLocation(cluster: Cluster, element: XmlElement, target: Target): void {
  const probeMode = probeModeOf(cluster, element);
  const score = target.score ?? element.get('score');
  const nodeName = element.get('node');
  if (nodeName !== undefined && score !== undefined) {
    const node = nodeNamed(cluster, nodeName);
    if (node === undefined) return;
    const entries = [{ node, score: parseScore(score, healthScoresOf(cluster.options)) ?? 0 }];
    const role = target.role ?? element.get('role');
    fileLocation(cluster, element, { id: element.id ?? '', target, role, probeMode, entries, origin: 'location' });
    return;
  }
  const written = element.child('rule');
  if (written === undefined) {
    noteMistake(cluster, element, `the location '${element.id}' has neither node and score nor a rule`);
    return;
  }
  const rule = resolveReference(written, xmlIndexOf(cluster.cib));
  if (rule === undefined) {
    noteMistake(
      cluster,
      element,
      `the location '${element.id}' refers to the rule '${written.get('id-ref')}', which does not exist`,
    );
    return;
  }
  const entries = entriesByRule(cluster, rule, target);
  if (entries === undefined) return;
  const id = rule.id ?? element.id ?? '';
  fileLocation(cluster, element, { id, target, role: rule.get('role'), probeMode, entries, origin: 'rule' });
}

function probeModeOf(cluster: Cluster, element: XmlElement): ProbeMode {
  const text = element.get('resource-discovery');
  switch (text?.toLowerCase()) {
    case undefined:
    case 'always':
      return probeModes.always;
    case 'never':
      return probeModes.never;
    case 'exclusive':
      return probeModes.exclusive;
    default:
      noteMistake(
        cluster,
        element,
        `'${text}' is no value of resource-discovery`,
        "Use 'always', 'never' or 'exclusive'",
      );
      return probeModes.always;
  }
}

function fileLocation(
  cluster: Cluster,
  element: XmlElement,
  location: Pick<Location, 'id' | 'probeMode' | 'entries' | 'origin'> & {
    readonly target: Target;
    readonly role: string | undefined;
  },
): void {
  const roleFilter = roleFilterOf(location.role);
  if (roleFilter === undefined) {
    noteMistake(
      cluster,
      element,
      `the location '${element.id}' is for the role '${location.role}', which does not exist`,
    );
    return;
  }
  const { resource } = location.target;
  if (location.probeMode === probeModes.exclusive) resource.exclusiveDiscovery = true;
  const { id, probeMode, entries, origin } = location;
  addLocationTo(cluster, { id, resource, roleFilter, probeMode, entries, origin });
}

/** Files a location with the cluster and with its resource. */
export function addLocationTo(cluster: Cluster, location: Location): void {
  cluster.locations.push(location);
  location.resource.locations.push(location);
}

/** Undefined for no role at all. Whatever runs is Started or Unpromoted at least: these filter nothing. */
function roleFilterOf(text: string | undefined): Role | undefined {
  const role = parseRole(text);
  return role === roles.started || role === roles.unpromoted ? roles.unknown : role;
}

/** Scores for the nodes on which the rule passes; undefined when it has no score to give. */
function entriesByRule(
  cluster: Cluster,
  rule: XmlElement,
  { resource, submatches }: Target,
): LocationEntry[] | undefined {
  const health = healthScoresOf(cluster.options);
  const scoreAttribute = rule.get('score-attribute');
  const fixedScore = parseScore(rule.get('score'), health);
  if (scoreAttribute === undefined && fixedScore === undefined) return undefined;
  const attributeName = scoreAttribute === undefined ? undefined : withSubmatches(scoreAttribute, submatches);
  const entries: LocationEntry[] = [];
  for (const node of cluster.nodes) {
    if (!rulePasses(cluster, rule, { resource, submatches, node })) continue;
    const score =
      attributeName === undefined ? fixedScore : parseScore(currentAttribute(resource, node, attributeName), health);
    if (score !== undefined) entries.unshift({ node, score });
  }
  return entries;
}

function rulePasses(
  cluster: Cluster,
  rule: XmlElement,
  { resource, submatches, node }: Target & { readonly node: ClusterNode },
): boolean {
  const context = plainContext(cluster);
  const verdict = evaluateRule(rule, context.index, {
    ...context.rules,
    nodeAttribute: (name) => node.attributes.get(name),
    parameter: (name) => parametersOf(cluster, resource, node).get(name),
    metaAttribute: (name) => resource.meta.get(name),
    ...(submatches === undefined ? {} : { submatches }),
  });
  if (verdict.changesAt !== undefined) context.noteChange(verdict.changesAt);
  return verdict.passes;
}

function withSubmatches(text: string, submatches: Submatches | undefined): string {
  return submatches === undefined ? text : text.replace(/%(\d)/g, (_, digit) => submatches[Number(digit)] ?? '');
}
