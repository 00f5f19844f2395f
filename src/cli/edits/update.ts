// Changing a resource that is there: parameters, meta-attributes, operations, utilization; and the defaults of all.
import { childAt, metaAttributeTypes, serialiseXml, type XmlElement, xmlElement } from '../../cib/index.ts';
import type { Edit } from '../../controller/index.ts';
import { CommandFailure } from '../../kit/index.ts';
import {
  checkOperationAttributes,
  checkOperations,
  checkParameters,
  checkRequired,
  type Judge,
  operationAttributes,
} from './agent-check.ts';
import type { ResourceWords } from './creation.ts';
import { metaEdits } from './meta.ts';
import { nodeNamed, resourceNamed, unknownName } from './names.ts';
import { type PairHolder, pairEdits } from './nvset.ts';
import { operationUpdates } from './operation.ts';

/** `NAME=` takes away. Without a `judge` (the agent is not installed here) names and values are taken as they are. */
export function updateEdits(cib: XmlElement, id: string, words: ResourceWords, judge: Judge | undefined): Edit[] {
  const resource = resourceNamed(cib, id);
  const { operations } = words;
  const [parameters, meta] = [emptyAway(words.parameters), emptyAway(words.meta)];
  if (parameters.size > 0 && resource.name !== 'primitive') throw withoutParameters(resource);
  if (judge !== undefined) {
    checkParameters(parameters, judge);
    checkOperations(operations, judge);
    if ([...parameters.values()].includes(undefined)) checkRequired(remaining(resource, parameters), judge);
  } else for (const { name, pairs } of operations) checkOperationAttributes(name, pairs);
  return [
    ...pairEdits(parameterHolder(resource), parameters),
    ...metaEdits(cib, id, meta),
    ...operations.flatMap((operation) => operationUpdates(cib, id, operation)),
  ];
}

/** How much of what a resource or a node has or takes: whole numbers. `NAME=` takes away. */
export function utilizationEdits(owner: XmlElement, pairs: ReadonlyMap<string, string>): Edit[] {
  for (const [name, value] of pairs) {
    if (value === '' || /^[+-]?\d+$/.test(value)) continue;
    const fix = 'Write a whole number';
    throw new CommandFailure({ kind: 'usage', what: `${name}='${value}' is not valid as utilization`, fix });
  }
  return pairEdits(utilizationHolder(owner), emptyAway(pairs));
}

export function utilizationHolder(owner: XmlElement): PairHolder {
  const prefix = owner.name === 'node' ? 'nodes-' : '';
  return { owner, set: 'utilization', setId: `${prefix}${owner.id}-utilization` };
}

/** Whose utilization it is, by name. */
export function utilizationOwner(cib: XmlElement, kind: 'resource' | 'node', name: string): XmlElement {
  const owner = kind === 'node' ? nodeNamed(cib, name) : resourceNamed(cib, name);
  if (owner.name === 'primitive' || owner.name === 'node') return owner;
  const what = `'${name}' is a ${owner.name}, and has no utilization of its own`;
  throw new CommandFailure({ kind: 'usage', what, fix: 'Name a resource in it' });
}

export type DefaultsSection = 'rsc_defaults' | 'op_defaults';

/** Defaults of meta-attributes of all resources, or of attributes of all operations. `NAME=` takes away. */
export function defaultsEdits(cib: XmlElement, section: DefaultsSection, pairs: ReadonlyMap<string, string>): Edit[] {
  const known = section === 'rsc_defaults' ? Object.keys(metaAttributeTypes) : operationAttributes;
  const what = section === 'rsc_defaults' ? 'meta-attribute of resources' : 'attribute of operations';
  for (const name of pairs.keys()) {
    if (!known.includes(name)) throw unknownName(`'${name}' is no ${what}`, name, known);
  }
  const present = childAt(cib, 'configuration', section);
  const holder = defaultsHolder(present ?? xmlElement(section), section);
  const edits = pairEdits(holder, emptyAway(pairs));
  if (present !== undefined || edits.length === 0) return edits;
  return [{ kind: 'create', section: 'configuration', xml: serialiseXml(xmlElement(section)) }, ...edits];
}

export function defaultsHolder(owner: XmlElement, section: DefaultsSection): PairHolder {
  return { owner, set: 'meta_attributes', setId: `${section}-meta_attributes` };
}

/** The pairs that are set on an object itself. */
export function pairsIn({ owner, set }: PairHolder): Map<string, string> {
  const pairs = owner.childrenNamed(set).flatMap((each) => each.childrenNamed('nvpair'));
  return new Map(pairs.map((pair) => [pair.get('name') ?? '', pair.get('value') ?? '']));
}

function parameterHolder(resource: XmlElement): PairHolder {
  return { owner: resource, set: 'instance_attributes', setId: `${resource.id}-instance_attributes` };
}

function remaining(resource: XmlElement, changes: ReadonlyMap<string, string | undefined>): Map<string, string> {
  const pairs = new Map<string, string | undefined>([...pairsIn(parameterHolder(resource)), ...changes]);
  return new Map([...pairs].flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

function emptyAway(pairs: ReadonlyMap<string, string>): Map<string, string | undefined> {
  return new Map([...pairs].map(([name, value]) => [name, value === '' ? undefined : value]));
}

function withoutParameters({ name, id }: XmlElement): CommandFailure {
  const what = `'${id}' is a ${name}, and has no parameters of its own`;
  return new CommandFailure({ kind: 'usage', what, fix: `Name a resource in it, or write: meta NAME=VALUE` });
}
