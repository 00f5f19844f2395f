// 2.10 → 3.0: options lost their underscores, defaults moved out of the cluster's options, `requires` moved from the
// start operation to the resource. The table is what `cibadmin --upgrade` of Pacemaker 2.1.5 was observed to do.
import { rewriteElements } from '../xml/edit.ts';
import { type XmlElement, xmlElement } from '../xml/element.ts';
import { childAt } from '../xml/navigation.ts';
import type { UpgradeNotes } from './notes.ts';

type PropertyChange =
  | { readonly to: 'renamed'; readonly name: string }
  | { readonly to: 'rsc_defaults' | 'op_defaults'; readonly name: string }
  | { readonly to: 'dropped'; readonly why: string };

const renamed = (name: string): PropertyChange => ({ to: 'renamed', name });
const useThreshold: PropertyChange = { to: 'dropped', why: 'migration-threshold in rsc_defaults does this now' };
const useAlerts: PropertyChange = { to: 'dropped', why: 'alerts do this now' };

const underscored = [
  'stonith-action',
  'stonith-enabled',
  'no-quorum-policy',
  'symmetric-cluster',
  'stop-orphan-resources',
  'stop-orphan-actions',
  'remove-after-stop',
  'startup-fencing',
  'dc-deadtime',
  'cluster-recheck-interval',
  'election-timeout',
  'shutdown-escalation',
];

const properties: Readonly<Record<string, PropertyChange>> = {
  ...Object.fromEntries(underscored.map((name) => [name.replaceAll('-', '_'), renamed(name)])),
  transition_idle_timeout: renamed('cluster-delay'),
  'default-resource-stickiness': { to: 'rsc_defaults', name: 'resource-stickiness' },
  default_resource_stickiness: { to: 'rsc_defaults', name: 'resource-stickiness' },
  'is-managed-default': { to: 'rsc_defaults', name: 'is-managed' },
  is_managed_default: { to: 'rsc_defaults', name: 'is-managed' },
  'default-action-timeout': { to: 'op_defaults', name: 'timeout' },
  default_action_timeout: { to: 'op_defaults', name: 'timeout' },
  'notification-agent': useAlerts,
  'notification-recipient': useAlerts,
  'expected-quorum-votes': { to: 'dropped', why: 'the membership counts votes itself' },
  'default-resource-failure-stickiness': useThreshold,
  default_resource_failure_stickiness: useThreshold,
  'default-migration-threshold': useThreshold,
};

/** Settings that move into `rsc_defaults` and `op_defaults`. */
type Moved = { readonly rsc_defaults: XmlElement[]; readonly op_defaults: XmlElement[] };

export function upgradeFrom2(root: XmlElement, notes: UpgradeNotes): XmlElement {
  const moved: Moved = { rsc_defaults: [], op_defaults: [] };
  const rewritten = rewriteElements(root, (element) => {
    switch (element.name) {
      case 'node':
        return element.get('type') === 'normal' ? element.with({ type: 'member' }) : element;
      case 'cluster_property_set':
        return upgradeProperties(element, moved, notes);
      case 'primitive':
      case 'template':
        return upgradeResource(element, notes);
      default:
        return element;
    }
  });
  return withDefaults(withDefaults(rewritten ?? root, 'op_defaults', moved), 'rsc_defaults', moved);
}

function upgradeProperties(set: XmlElement, moved: Moved, notes: UpgradeNotes): XmlElement {
  return mapNvpairs(set, (nvpair) => {
    const name = nvpair.get('name') ?? '';
    if (
      name === 'cluster-infrastructure' &&
      /^(?:heartbeat|openais|classic openais.*|cman)$/.test(nvpair.get('value') ?? '')
    ) {
      notes.add('info', nvpair, 'cluster-infrastructure is dropped', 'the membership knows what it runs on');
      return undefined;
    }
    const change = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (change === undefined) return nvpair;
    if (change.to === 'dropped') {
      notes.add('info', nvpair, `${name} is dropped`, change.why);
      return undefined;
    }
    if (change.to === 'renamed') {
      notes.add('info', nvpair, `${name} is now ${change.name}`);
      return nvpair.with({ name: change.name });
    }
    notes.add('info', nvpair, `${name} is now ${change.name} in ${change.to}, unless it is set there`);
    moved[change.to].push(nvpair.with({ name: change.name }));
    return undefined;
  });
}

function upgradeResource(resource: XmlElement, notes: UpgradeNotes): XmlElement {
  const nodes = resource.nodes.map((node) => {
    if (node.kind !== 'element') return node;
    if (node.name === 'meta_attributes')
      return unlessEmptied(
        node,
        mapNvpairs(node, (nvpair) => upgradeMeta(nvpair, notes)),
      );
    if (node.name !== 'instance_attributes') return node;
    const kept = mapNvpairs(node, (nvpair) => (nvpair.get('name') === 'pcmk_arg_map' ? undefined : nvpair));
    return unlessEmptied(node, kept);
  });
  return liftRequires(resource.withNodes(nodes.filter((node) => node !== undefined)), notes);
}

/** A set goes with the last thing it held. */
function unlessEmptied(before: XmlElement, now: XmlElement): XmlElement | undefined {
  return now.nodes.length === 0 && before.nodes.length > 0 ? undefined : now;
}

function upgradeMeta(nvpair: XmlElement, notes: UpgradeNotes): XmlElement | undefined {
  const name = nvpair.get('name') ?? '';
  if (name === 'resource-failure-stickiness') {
    notes.add('info', nvpair, `${name} is dropped`, 'migration-threshold does this now');
    return undefined;
  }
  if (!/^isolation(?:-instance|-host|-wrapper)?$/.test(name)) return nvpair;
  notes.add(
    'warning',
    nvpair,
    `${name} becomes target-role=Stopped`,
    'bundles isolate resources now; without one it must not run',
  );
  return nvpair.with({ name: 'target-role', value: 'Stopped' });
}

/** `requires` of start and promote becomes a meta-attribute of the resource, unless it has one; others had no effect. */
function liftRequires(resource: XmlElement, notes: UpgradeNotes): XmlElement {
  let requires: XmlElement | undefined;
  const operations = resource.nodes.map((node) => {
    if (node.kind !== 'element' || node.name !== 'operations') return node;
    return node.withNodes(
      node.children.map((op) => {
        const written = op.get('requires') ?? metaOf(op, 'requires')?.get('value');
        if (written === undefined) return op;
        const counts = op.get('name') === 'start' || op.get('name') === 'promote';
        notes.add(
          'info',
          op,
          counts ? 'requires moves to the resource' : 'requires is dropped',
          counts ? undefined : 'only that of start and promote counted',
        );
        if (counts)
          requires ??= xmlElement('nvpair', {
            id: `_2TO3_${op.id ?? ''}-meta-requires`,
            name: 'requires',
            value: written,
          });
        return withoutRequires(op);
      }),
    );
  });
  const upgraded = resource.withNodes(operations);
  if (requires === undefined || metaOf(upgraded, 'requires') !== undefined) return upgraded;
  return upgraded.append(xmlElement('meta_attributes', { id: `_2TO3_${resource.id ?? ''}-meta` }, [requires]));
}

function metaOf(owner: XmlElement, name: string): XmlElement | undefined {
  return owner
    .childrenNamed('meta_attributes')
    .flatMap((set) => set.childrenNamed('nvpair'))
    .find((nvpair) => nvpair.get('name') === name);
}

function withoutRequires(op: XmlElement): XmlElement {
  const nodes = op.nodes.map((node) =>
    node.kind === 'element' && node.name === 'meta_attributes'
      ? mapNvpairs(node, (nvpair) => (nvpair.get('name') === 'requires' ? undefined : nvpair))
      : node,
  );
  const kept = nodes.filter(
    (node) => node.kind !== 'element' || node.name !== 'meta_attributes' || node.nodes.length > 0,
  );
  return op.with({ requires: undefined }).withNodes(kept);
}

function withDefaults(root: XmlElement, section: keyof Moved, moved: Moved): XmlElement {
  const configuration = childAt(root, 'configuration');
  const present = configuration?.child(section);
  const set = new Set(present?.children.flatMap((each) => each.children.map((nvpair) => nvpair.get('name'))));
  const added = moved[section].filter((nvpair) => !set.has(nvpair.get('name')));
  if (configuration === undefined || added.length === 0) return root;
  const id = section === 'op_defaults' ? '_2TO3_-op-defaults' : '_2TO3_-rsc-defaults';
  // Before the sets that are there: among equals the last one wins.
  const nodes = [xmlElement('meta_attributes', { id }, added), ...(present?.nodes ?? [])];
  const filled = present?.withNodes(nodes) ?? xmlElement(section, {}, nodes);
  const inside = configuration.nodes.filter((node) => node !== present);
  const replaced =
    present === undefined ? [...inside, filled] : configuration.nodes.map((node) => (node === present ? filled : node));
  return root.withNodes(root.nodes.map((node) => (node === configuration ? configuration.withNodes(replaced) : node)));
}

/** The set with every nvpair changed, or removed where `change` answers undefined; the set itself when none was. */
export function mapNvpairs(set: XmlElement, change: (nvpair: XmlElement) => XmlElement | undefined): XmlElement {
  const nodes = set.nodes.map((node) => (node.kind === 'element' && node.name === 'nvpair' ? change(node) : node));
  if (nodes.every((node, index) => node === set.nodes[index])) return set;
  return set.withNodes(nodes.filter((node) => node !== undefined));
}
