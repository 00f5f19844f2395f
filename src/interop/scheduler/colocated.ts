// Differences that stay among resources which colocations tie to a clone or to a group.
import { childAt, type XmlElement, xmlIndexOf } from '../../cib/index.ts';
import type { Difference } from './generations.ts';

/** Whether every line that only one program prints is about a resource that colocations tie to such a collective. */
export function concernsColocated(
  { cib, onlyPeer, onlyHaven }: Difference,
  kind: 'clone' | 'group' | 'bundle',
): boolean {
  const tied = tiedTogether(cib).filter((ids) => ids.some((id) => xmlIndexOf(cib).only(kind, id) !== undefined));
  return everyLineMentions([...onlyPeer, ...onlyHaven], tied.flat());
}

/** The same of resources that colocations with a role tie to a bundle which has roles. */
export function concernsRoleInBundle(difference: Difference): boolean {
  const { cib } = difference;
  const ids = promotableBundlesIn(cib);
  const constraints = childAt(cib, 'configuration', 'constraints')?.childrenNamed('rsc_colocation') ?? [];
  const hasRole = constraints.some((each) => {
    const parts = [each, ...each.children];
    const named = [
      each.get('rsc'),
      each.get('with-rsc'),
      ...[...xmlIndexOf(each).allNamed('resource_ref')].map((one) => one.id),
    ];
    const roles = parts.flatMap((part) => [part.get('rsc-role'), part.get('with-rsc-role'), part.get('role')]);
    return named.some((id) => id !== undefined && ids.includes(id)) && roles.some((role) => role !== undefined);
  });
  return hasRole && concernsColocated(difference, 'bundle');
}

/** Whether all of them are about what is inside a bundle which has roles and must be with another bundle. */
export function concernsBundleInside({ cib, onlyPeer, onlyHaven }: Difference): boolean {
  const index = xmlIndexOf(cib);
  const promotable = promotableBundlesIn(cib);
  const constraints = childAt(cib, 'configuration', 'constraints')?.childrenNamed('rsc_colocation') ?? [];
  const inside = constraints.flatMap((each) => {
    const [dependent, primary] = [each.get('rsc'), each.get('with-rsc')].map((id) => index.only('bundle', id ?? ''));
    const isMandatory = ['INFINITY', '+INFINITY'].includes(each.get('score') ?? '');
    if (!isMandatory || primary === undefined || !promotable.includes(dependent?.id)) return [];
    return dependent?.childrenNamed('primitive').flatMap(({ id }) => id ?? []) ?? [];
  });
  return everyLineMentions([...onlyPeer, ...onlyHaven], inside);
}

function promotableBundlesIn(cib: XmlElement): (string | undefined)[] {
  const bundles = [...xmlIndexOf(cib).allNamed('bundle')];
  const isPromotable = (bundle: XmlElement) =>
    bundle.children.some((each) => each.has('promoted-max') || each.has('masters'));
  return bundles.filter(isPromotable).map(({ id }) => id);
}

/** The same of resources that a negative colocation ties to a connection to a remote node, where there is one node. */
export function concernsRepelledConnection({ cib, onlyPeer, onlyHaven }: Difference): boolean {
  const index = xmlIndexOf(cib);
  const constraints = childAt(cib, 'configuration', 'constraints')?.childrenNamed('rsc_colocation') ?? [];
  const repels = constraints.some((each) =>
    [each, ...each.children].some((part) => part.get('score')?.startsWith('-')),
  );
  const connections = [...index.allNamed('primitive')].filter((each) => each.get('type') === 'remote');
  const clusterNodes = [...index.allNamed('node')].filter((node) =>
    connections.every(({ id }) => id !== node.get('uname')),
  );
  const tied = tiedTogether(cib).filter((ids) => connections.some(({ id }) => id !== undefined && ids.includes(id)));
  return repels && clusterNodes.length === 1 && everyLineMentions([...onlyPeer, ...onlyHaven], tied.flat());
}

function everyLineMentions(lines: readonly string[], ids: readonly string[]): boolean {
  const names = ids.map((id) => id.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  if (names.length === 0) return false;
  // What a bundle is made of is called after it.
  const parts = '(?:-(?:docker|podman|ip)-[\\d.]+|-\\d+|-clone|-master)?';
  const mention = new RegExp(`(?<![\\w.-])(?:${names.join('|')})${parts}(?![a-zA-Z0-9.-])`);
  return lines.length > 0 && lines.every((line) => mention.test(line) || isAboutNodes(line));
}

/** The same of resources that more than one colocation ties together. */
export function concernsChained({ cib, onlyPeer, onlyHaven }: Difference): boolean {
  const constraints = childAt(cib, 'configuration', 'constraints')?.childrenNamed('rsc_colocation') ?? [];
  const isChained = constraints.length > 1 || constraints.some((each) => each.children.length > 0);
  const scores = constraints.flatMap((each) => [each, ...each.children].flatMap((one) => one.get('score') ?? []));
  if (!scores.some((score) => !score.endsWith('INFINITY'))) return false;
  const names = tiedTogether(cib).flat();
  return isChained && everyLineMentions([...onlyPeer, ...onlyHaven], names);
}

/** Pseudo actions of nodes, which nodes are unfenced, and where instances are listed, follow from what is moved. */
function isAboutNodes(line: string): boolean {
  if (/^\* (Started|Stopped|Promoted|Unpromoted): \[/.test(line)) return true;
  return line.includes('load_stopped_') || / \(on\)$|-on stonith /.test(line) || line === '';
}

/** Sets of ids, each of resources that colocations join directly or by way of others, with their members and parents. */
function tiedTogether(cib: XmlElement): string[][] {
  const families = familiesOf(cib);
  const sets = [...colocationsOf(cib), ...launchedIn(cib)].map(
    (ids) => new Set(ids.flatMap((id) => families.get(id) ?? [id])),
  );
  const joined: Set<string>[] = [];
  for (const set of sets) {
    for (const other of joined.filter((each) => [...each].some((id) => set.has(id)))) {
      for (const id of other) set.add(id);
      joined.splice(joined.indexOf(other), 1);
    }
    joined.push(set);
  }
  return joined.map((set) => [...set]);
}

/** The ids that each colocation names; a template or a tag stands for itself and for those it gathers. */
function colocationsOf(cib: XmlElement): string[][] {
  const constraints = childAt(cib, 'configuration', 'constraints')?.childrenNamed('rsc_colocation') ?? [];
  return constraints.map((constraint) => {
    const references = [...xmlIndexOf(constraint).allNamed('resource_ref')].map(({ id }) => id);
    const named = [constraint.get('rsc'), constraint.get('with-rsc'), ...references];
    return named.flatMap((id) => (id === undefined ? [] : [id, ...gatheredBy(cib, id)]));
  });
}

/** What runs inside another resource goes where that goes; of what is not configured any more its record says so. */
function launchedIn(cib: XmlElement): string[][] {
  const recorded = [...xmlIndexOf(cib).allNamed('lrm_resource')].map((each) => [each.id, each.get('container')]);
  const left = recorded.filter((pair): pair is string[] => pair.every((id) => id !== undefined));
  return [...left, ...configuredIn(cib), ...guestsIn(cib)];
}

/** The connection to a guest is called after its node. */
function guestsIn(cib: XmlElement): string[][] {
  return [...xmlIndexOf(cib).allNamed('primitive')].flatMap((primitive) => {
    const pairs = primitive.childrenNamed('meta_attributes').flatMap(({ children }) => children);
    const guest = pairs.find((pair) => pair.get('name') === 'remote-node')?.get('value');
    return primitive.id === undefined || guest === undefined ? [] : [[primitive.id, guest]];
  });
}

function configuredIn(cib: XmlElement): string[][] {
  return [...xmlIndexOf(cib).allNamed('primitive')].flatMap(({ id, children }) => {
    const pairs = children.flatMap((set) => (set.name === 'meta_attributes' ? set.children : []));
    const launcher = pairs.find((pair) => pair.get('name') === 'container')?.get('value');
    return id === undefined || launcher === undefined ? [] : [[id, launcher]];
  });
}

function gatheredBy(cib: XmlElement, id: string): string[] {
  const index = xmlIndexOf(cib);
  const tagged = [...index.allNamed('tag')].filter((tag) => tag.id === id).flatMap(({ children }) => children);
  const templated = [...index.allNamed('primitive')].filter((each) => each.get('template') === id);
  return [...tagged, ...templated].flatMap((each) => each.id ?? []);
}

/** For each resource the whole that it is a part of: a clone, its group and the members of that. */
function familiesOf(cib: XmlElement): Map<string, string[]> {
  const resources = childAt(cib, 'configuration', 'resources')?.children ?? [];
  const families = new Map<string, string[]>();
  for (const resource of resources) {
    const ids = idsIn(resource);
    for (const id of ids) families.set(id, ids);
  }
  return families;
}

function idsIn(resource: XmlElement): string[] {
  const kinds = ['primitive', 'group', 'clone', 'master', 'bundle'];
  if (!kinds.includes(resource.name)) return [];
  return [...(resource.id === undefined ? [] : [resource.id]), ...resource.children.flatMap(idsIn)];
}
