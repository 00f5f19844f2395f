// 3.10 → 4.0: what had been deprecated goes: master resources, ping nodes, lifetimes, several rules in one location
// constraint, rkt, nagios and upstart.
import { rewriteElements } from '../xml/edit.ts';
import { type XmlElement, type XmlNode, xmlElement } from '../xml/element.ts';
import { mapNvpairs } from './from-2.ts';
import type { UpgradeNotes } from './notes.ts';

const renamedProperties: Readonly<Record<string, string>> = {
  'crmd-transition-delay': 'transition-delay',
  'crmd-integration-timeout': 'join-integration-timeout',
  'crmd-finalization-timeout': 'join-finalization-timeout',
};

export function upgradeFrom3(root: XmlElement, notes: UpgradeNotes): XmlElement {
  // The status, most of a large document, knows none of this.
  const configuration = root.child('configuration');
  if (configuration === undefined) return root;
  const gone = unsupportedResources(configuration, notes);
  const pingNodes: string[] = [];
  const rewritten = rewriteElements(configuration, (element) => {
    switch (element.name) {
      case 'primitive':
      case 'bundle':
      case 'template':
      case 'group':
      case 'clone':
        return gone.has(element.id ?? '') ? undefined : upgradeBundle(element);
      case 'master':
        return gone.has(element.id ?? '') ? undefined : cloneOf(element, notes);
      case 'node':
        return upgradeNode(element, pingNodes, notes);
      case 'cluster_property_set':
        return mapNvpairs(element, (nvpair) => upgradeProperty(nvpair, notes));
      case 'constraints':
        return element.withNodes(
          element.nodes.flatMap((node) => (node.kind === 'element' ? upgradeConstraint(node, gone, notes) : [node])),
        );
      default:
        return element;
    }
  });
  const upgraded = banEverythingFrom(pingNodes, rewritten ?? configuration);
  return root.withNodes(root.nodes.map((node) => (node === configuration ? upgraded : node)));
}

const resourceNames: ReadonlySet<string> = new Set(['primitive', 'group', 'clone', 'master', 'bundle', 'template']);

/** Ids of resources that nothing can run any more, and of collectives that hold nothing else. */
function unsupportedResources(configuration: XmlElement, notes: UpgradeNotes): Set<string> {
  const gone = new Set<string>();
  const isGone = (resource: XmlElement): boolean => {
    const { id } = resource;
    const members = resource.children.filter(({ name }) => ['primitive', 'group'].includes(name));
    const standard = (resource.get('class') ?? '').toLowerCase();
    const itself = standard === 'nagios' || standard === 'upstart' || resource.child('rkt') !== undefined;
    const emptied = members.length > 0 && members.map(isGone).every(Boolean);
    if (id === undefined || !(itself || emptied)) return false;
    gone.add(id);
    const why = itself ? `${standard === '' ? 'rkt' : standard} is not supported any more` : 'nothing is left in it';
    notes.add('warning', resource, `resource ${id} is dropped, with the constraints on it`, why);
    return true;
  };
  const look = (element: XmlElement) => {
    if (resourceNames.has(element.name)) isGone(element);
    else element.children.forEach(look);
  };
  look(configuration);
  return gone;
}

function upgradeBundle(element: XmlElement): XmlElement {
  if (element.name !== 'bundle') return element;
  const nodes = element.nodes.map((node) =>
    node.kind === 'element' && node.get('masters') !== undefined
      ? node.with({ masters: undefined, 'promoted-max': node.get('promoted-max') ?? node.get('masters') })
      : node,
  );
  return nodes.every((node, index) => node === element.nodes[index]) ? element : element.withNodes(nodes);
}

function cloneOf(master: XmlElement, notes: UpgradeNotes): XmlElement {
  notes.add('info', master, `master ${master.id ?? ''} is now a clone with promotable=true`);
  const nodes = master.nodes.map((node) =>
    node.kind === 'element' && node.name === 'meta_attributes'
      ? mapNvpairs(node, (nvpair) => (nvpair.get('name') === 'promotable' ? undefined : nvpair))
      : node,
  );
  const id = `${master.id ?? ''}-promotable`;
  const forced = xmlElement('meta_attributes', { id, score: 'INFINITY' }, [
    xmlElement('nvpair', { id: `${id}-value`, name: 'promotable', value: 'true' }),
  ]);
  return master.renamed('clone').withNodes([forced, ...nodes]);
}

function upgradeNode(node: XmlElement, pingNodes: string[], notes: UpgradeNotes): XmlElement {
  if (node.get('type') !== 'ping') return node;
  notes.add(
    'warning',
    node,
    'a ping node is now a member from which everything is banned',
    'ping nodes are not supported any more',
  );
  const name = node.get('uname');
  if (name !== undefined) pingNodes.push(name);
  return node.with({ type: 'member' });
}

function upgradeProperty(nvpair: XmlElement, notes: UpgradeNotes): XmlElement {
  const name = nvpair.get('name') ?? '';
  const now = Object.hasOwn(renamedProperties, name) ? renamedProperties[name] : undefined;
  if (now !== undefined) {
    notes.add('info', nvpair, `${name} is now ${now}`);
    return nvpair.with({ name: now });
  }
  if (!/^(?:stonith|fencing)-action$/.test(name) || nvpair.get('value') !== 'poweroff') return nvpair;
  notes.add('info', nvpair, `${name}=poweroff is now off`);
  return nvpair.with({ value: 'off' });
}

const referring = ['rsc', 'with-rsc', 'first', 'then'];

function upgradeConstraint(constraint: XmlElement, gone: ReadonlySet<string>, notes: UpgradeNotes): XmlNode[] {
  if (referring.some((attribute) => gone.has(constraint.get(attribute) ?? ''))) return [];
  const sets = constraint.nodes.map((node) =>
    node.kind === 'element' && node.name === 'resource_set' ? withoutMembers(node, gone) : node,
  );
  const changed = sets.some((node, index) => node !== constraint.nodes[index]);
  const trimmed = changed ? constraint.withNodes(sets) : constraint;
  return constraint.name === 'rsc_location' ? upgradeLocation(trimmed, notes) : [trimmed];
}

function withoutMembers(set: XmlElement, gone: ReadonlySet<string>): XmlElement {
  const members = set.nodes.filter((node) => node.kind !== 'element' || !gone.has(node.id ?? ''));
  return members.length === set.nodes.length ? set : set.withNodes(members);
}

/** A lifetime's rules join the constraint's own; then each rule gets a constraint of its own. */
function upgradeLocation(location: XmlElement, notes: UpgradeNotes): XmlElement[] {
  const lifetime = location.child('lifetime');
  const folded = lifetime === undefined ? location : foldLifetime(location, lifetime, notes);
  const rules = folded.childrenNamed('rule');
  if (rules.length < 2) return [folded];
  notes.add('info', location, `the ${rules.length} rules of ${location.id ?? ''} get a constraint each`);
  const rest = folded.nodes.filter((node) => node.kind !== 'element' || node.name !== 'rule');
  return rules.map((rule, index) => {
    const id = index === 0 ? folded.id : `${folded.id ?? ''}-rule-${index + 1}`;
    return folded.with({ id }).withNodes([...rest, rule]);
  });
}

function foldLifetime(location: XmlElement, lifetime: XmlElement, notes: UpgradeNotes): XmlElement {
  notes.add('info', location, 'lifetime becomes part of the rule');
  const limits = lifetime.childrenNamed('rule');
  const rest = location.nodes.filter((node) => node !== lifetime);
  const rules = location.childrenNamed('rule');
  if (rules.length > 0) {
    const limited = rules.map((rule) => {
      const own = xmlElement(
        'rule',
        { id: `${rule.id ?? ''}-unlimited`, 'boolean-op': rule.get('boolean-op') },
        rule.nodes,
      );
      return rule.with({ 'boolean-op': 'and' }).withNodes([own, ...limits]);
    });
    return location.withNodes([...rest.filter((node) => !rules.includes(node as XmlElement)), ...limited]);
  }
  const id = `${location.id ?? ''}-lifetime`;
  const node = xmlElement('expression', {
    id: `${id}-node`,
    attribute: '#uname',
    operation: 'eq',
    value: location.get('node'),
  });
  const attributes = { id, score: location.get('score'), 'boolean-op': 'and' };
  const rule = xmlElement('rule', attributes, location.has('node') ? [node, ...limits] : limits);
  return location.with({ node: undefined, score: undefined }).withNodes([...rest, rule]);
}

function banEverythingFrom(nodes: readonly string[], configuration: XmlElement): XmlElement {
  if (nodes.length === 0) return configuration;
  const bans = nodes.map((node) =>
    xmlElement('rsc_location', {
      id: `ping-node-${node}`,
      'rsc-pattern': '.*',
      node,
      score: '-INFINITY',
      'resource-discovery': 'never',
    }),
  );
  const banned = configuration.nodes.map((node) =>
    node.kind === 'element' && node.name === 'constraints' ? node.append(...bans) : node,
  );
  return configuration.withNodes(banned);
}
