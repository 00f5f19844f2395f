// Random changes to a CIB, as administrators and failures make them. A change is a function of the document and a seed,
// so that a trial can be repeated with some of its changes left out.
import { childAt, removeElement, replaceElement, walkXml, type XmlElement, xmlElement } from '../../cib/index.ts';
import type { Random } from '../../kit/index.ts';
import {
  clusterOptions,
  metaAttributes,
  operationChanges,
  orderKinds,
  resultCodes,
  scores,
  states,
} from './vocabulary.ts';

export type Changed = { readonly cib: XmlElement; readonly what: string };

/** A change that was possible in this document; undefined when there is nothing of its kind to change. */
type Change = (cib: XmlElement, random: Random) => Changed | undefined;

const changes: readonly Change[] = [
  otherScore,
  constraintDropped,
  nodeStateChanged,
  historyDropped,
  resultChanged,
  resultPending,
  metaAttributeSet,
  optionSet,
  quorumChanged,
  operationChanged,
  locationAdded,
  colocationAdded,
  orderAdded,
  nodeSetAside,
];

/** One random change; the document itself, and an empty text, when the kind that was drawn does not apply. */
export function randomChange(cib: XmlElement, random: Random): Changed {
  return random.pick(changes)?.(cib, random) ?? { cib, what: '' };
}

function elements(cib: XmlElement, wanted: (element: XmlElement) => boolean): XmlElement[] {
  const found: XmlElement[] = [];
  walkXml(cib, (element) => {
    if (wanted(element)) found.push(element);
  });
  return found;
}

function named(cib: XmlElement, ...names: readonly string[]): XmlElement[] {
  return elements(cib, ({ name }) => names.includes(name));
}

function replaced(cib: XmlElement, target: XmlElement, replacement: XmlElement, what: string): Changed {
  const name = target.id ?? target.get('uname') ?? '';
  return { cib: replaceElement(cib, target, replacement), what: `${target.name} ${name}: ${what}` };
}

function withAttributes(
  cib: XmlElement,
  target: XmlElement | undefined,
  attributes: Readonly<Record<string, string>> | undefined,
): Changed | undefined {
  if (target === undefined || attributes === undefined) return undefined;
  return replaced(cib, target, target.with(attributes), JSON.stringify(attributes));
}

function dropped(cib: XmlElement, target: XmlElement | undefined): Changed | undefined {
  if (target === undefined) return undefined;
  return { cib: removeElement(cib, target), what: `${target.name} ${target.id ?? ''} dropped` };
}

/** A set of one pair, put before the others of the element: the first set that has a name decides. */
function withPairFirst(target: XmlElement, set: string, pair: readonly [name: string, value: string]): XmlElement {
  const [name, value] = pair;
  const id = `changed-${target.id ?? ''}-${name}`;
  const nvpair = xmlElement('nvpair', { id: `${id}-pair`, name, value });
  return target.withNodes([xmlElement(set, { id }, [nvpair]), ...target.nodes]);
}

function otherScore(cib: XmlElement, random: Random): Changed | undefined {
  const scored = elements(cib, (element) => element.has('score') && element.name.startsWith('rsc_'));
  return withAttributes(cib, random.pick(scored), { score: random.pick(scores) ?? '0' });
}

function constraintDropped(cib: XmlElement, random: Random): Changed | undefined {
  return dropped(cib, random.pick(childAt(cib, 'configuration', 'constraints')?.children ?? []));
}

function nodeStateChanged(cib: XmlElement, random: Random): Changed | undefined {
  return withAttributes(cib, random.pick(named(cib, 'node_state')), random.pick(states));
}

function historyDropped(cib: XmlElement, random: Random): Changed | undefined {
  return dropped(cib, random.pick(named(cib, 'lrm_resource', 'lrm_rsc_op')));
}

function resultChanged(cib: XmlElement, random: Random): Changed | undefined {
  const entry = random.pick(named(cib, 'lrm_rsc_op'));
  const code = random.pick(resultCodes) ?? '1';
  const key = entry?.get('transition-key') ?? '1:1:0:x';
  // transition:action:expected result:cluster
  const status = code === key.split(':')[2] ? '0' : (random.pick(['0', '4']) ?? '0');
  return withAttributes(cib, entry, {
    'rc-code': code,
    'op-status': status,
    'transition-magic': `${status}:${code};${key}`,
  });
}

function resultPending(cib: XmlElement, random: Random): Changed | undefined {
  const entry = random.pick(named(cib, 'lrm_rsc_op'));
  const key = entry?.get('transition-key') ?? '1:1:0:x';
  return withAttributes(cib, entry, {
    'rc-code': '193',
    'op-status': '-1',
    'call-id': '-1',
    'transition-magic': `-1:193;${key}`,
  });
}

function metaAttributeSet(cib: XmlElement, random: Random): Changed | undefined {
  const resource = random.pick(named(cib, 'primitive', 'group', 'clone', 'bundle'));
  const [name, values] = random.pick(metaAttributes) ?? ['priority', ['10']];
  const value = random.pick(values) ?? '';
  if (resource === undefined) return undefined;
  return replaced(cib, resource, withPairFirst(resource, 'meta_attributes', [name, value]), `${name}=${value}`);
}

function optionSet(cib: XmlElement, random: Random): Changed | undefined {
  const set = random.pick(named(cib, 'cluster_property_set').slice(0, 1));
  const [name, values] = random.pick(clusterOptions) ?? ['maintenance-mode', ['true']];
  const value = random.pick(values) ?? '';
  if (set === undefined) return undefined;
  const others = set.nodes.filter((each) => each.kind !== 'element' || each.get('name') !== name);
  const nvpair = xmlElement('nvpair', { id: `changed-option-${name}`, name, value });
  return replaced(cib, set, set.withNodes([...others, nvpair]), `${name}=${value}`);
}

function quorumChanged(cib: XmlElement, random: Random): Changed | undefined {
  return withAttributes(cib, cib, { 'have-quorum': random.pick(['0', '1']) ?? '0' });
}

function operationChanged(cib: XmlElement, random: Random): Changed | undefined {
  return withAttributes(cib, random.pick(named(cib, 'op')), random.pick(operationChanges));
}

function constraintAdded(
  cib: XmlElement,
  random: Random,
  constraint: { readonly name: string; readonly attributes: Readonly<Record<string, string>> },
): Changed | undefined {
  const section = childAt(cib, 'configuration', 'constraints');
  if (section === undefined) return undefined;
  const { name, attributes } = constraint;
  const added = xmlElement(name, { id: `changed-${random.nextUint32()}`, ...attributes });
  return replaced(cib, section, section.append(added), `${name} ${JSON.stringify(attributes)}`);
}

function topResources(cib: XmlElement): string[] {
  return (childAt(cib, 'configuration', 'resources')?.children ?? []).flatMap(({ id }) => id ?? []);
}

function memberNodes(cib: XmlElement): XmlElement[] {
  return childAt(cib, 'configuration', 'nodes')?.children.filter((each) => each.has('uname')) ?? [];
}

function locationAdded(cib: XmlElement, random: Random): Changed | undefined {
  const [rsc, node] = [random.pick(topResources(cib)), random.pick(memberNodes(cib))?.get('uname')];
  if (rsc === undefined || node === undefined) return undefined;
  const attributes = { rsc, node, score: random.pick(scores) ?? '0' };
  return constraintAdded(cib, random, { name: 'rsc_location', attributes });
}

function twoResources(cib: XmlElement, random: Random): readonly [string, string] | undefined {
  const [one, other] = random.shuffled(topResources(cib));
  return one === undefined || other === undefined ? undefined : [one, other];
}

function colocationAdded(cib: XmlElement, random: Random): Changed | undefined {
  const two = twoResources(cib, random);
  if (two === undefined) return undefined;
  const attributes = { rsc: two[0], 'with-rsc': two[1], score: random.pick(scores) ?? '0' };
  return constraintAdded(cib, random, { name: 'rsc_colocation', attributes });
}

function orderAdded(cib: XmlElement, random: Random): Changed | undefined {
  const two = twoResources(cib, random);
  if (two === undefined) return undefined;
  const kind = random.pick(orderKinds) ?? [];
  const attributes = Object.fromEntries([['first', two[0]], ['then', two[1]], ...kind]);
  return constraintAdded(cib, random, { name: 'rsc_order', attributes });
}

function nodeSetAside(cib: XmlElement, random: Random): Changed | undefined {
  const node = random.pick(memberNodes(cib));
  const name = random.pick(['standby', 'maintenance']) ?? 'standby';
  if (node === undefined) return undefined;
  return replaced(cib, node, withPairFirst(node, 'instance_attributes', [name, 'true']), `${name}=true`);
}
