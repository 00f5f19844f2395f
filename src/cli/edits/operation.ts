// The operations of a resource: those that its agent advises, those that were asked for; adding, changing and taking away.
// Ids are those of pcs(8).
import type { AgentAction, AgentMetadata } from '../../agents/index.ts';
import { serialiseXml, type XmlElement, xmlElement } from '../../cib/index.ts';
import type { Edit } from '../../controller/index.ts';
import { CommandFailure, formatDuration } from '../../kit/index.ts';
import { resourceNamed, sanitizedId, unknownName } from './names.ts';
import { pairSet } from './nvset.ts';
import { durationMs } from './values.ts';

export type OperationWords = { readonly name: string; readonly pairs: ReadonlyMap<string, string> };

/** Two recurring operations of one name must differ in interval: a later one is moved up by a second. */
export function distinctOperations(
  resource: string,
  asked: readonly OperationWords[],
  metadata: AgentMetadata,
): XmlElement[] {
  const advised = metadata.actions.filter(
    (action) => isMade(action) && !asked.some(({ name }) => name === action.name),
  );
  const taken = new Set<string>();
  const all = [
    ...asked.map(({ name, pairs }) => ({ name, attributes: Object.fromEntries(pairs) })),
    ...advised.map(advice),
  ];
  return all
    .map(({ name, attributes }) => {
      let interval = attributes.interval ?? '0s';
      for (let ms = durationMs(interval, name); taken.has(`${name} ${ms}`); ms = durationMs(interval, name)) {
        interval = `${Math.floor(ms / 1000) + 1}s`;
      }
      taken.add(`${name} ${durationMs(interval, name)}`);
      return operationElement(resource, name, { ...attributes, interval });
    })
    .sort((a, b) => ((a.id ?? '') < (b.id ?? '') ? -1 : 1));
}

/** A further operation. @throws CommandFailure `exists` when there is one of this name, interval and role */
export function operationAddition(cib: XmlElement, id: string, { name, pairs }: OperationWords): Edit {
  const primitive = primitiveNamed(cib, id);
  const wanted = operationElement(id, name, Object.fromEntries(pairs));
  const same = operationsOf(primitive).find((each) => isSame(each, wanted));
  if (same === undefined) return addition(primitive, wanted);
  const what = `${id} has an operation ${name} of that interval already: ${same.id}`;
  const fix = `Change it with: haven resource update ${id} op ${name} NAME=VALUE`;
  throw new CommandFailure({ kind: 'exists', what, fix });
}

/** Changes the operation that is meant, or adds it when there is none of its name. `NAME=` takes an attribute away. */
export function operationUpdates(cib: XmlElement, id: string, { name, pairs }: OperationWords): Edit[] {
  const primitive = primitiveNamed(cib, id);
  const present = operationsOf(primitive).filter((each) => each.get('name') === name);
  const meant =
    present.length === 1
      ? present
      : present.filter((each) => isSame(each, operationElement(id, name, Object.fromEntries(pairs))));
  const [operation, ...others] = meant;
  if (operation === undefined && present.length > 1) throw ambiguous(id, name, present);
  if (operation === undefined || others.length > 0) return [operationAddition(cib, id, { name, pairs })];
  const { id: _id, name: _name, ...known } = Object.fromEntries(operation.attributes());
  const attributes = Object.entries({ ...known, ...Object.fromEntries(pairs) }).filter(([, value]) => value !== '');
  const changed = operationElement(id, name, Object.fromEntries(attributes));
  const inside = operation.children.filter((child) => !changed.children.some((each) => each.name === child.name));
  return [deletion(operation), addition(primitive, changed.withNodes([...changed.children, ...inside]))];
}

/** By its id, or by its name and what else tells it from others. @throws CommandFailure when none or several are meant */
export function operationRemoval(cib: XmlElement, id: string, { name, pairs }: OperationWords): Edit[] {
  const operations = operationsOf(primitiveNamed(cib, id));
  const meant = operations.filter(
    (each) =>
      each.id === name ||
      (each.get('name') === name && [...pairs].every(([key, value]) => sameValue(key, each.get(key), value))),
  );
  const [operation, ...others] = meant;
  if (operation === undefined) {
    const names = [...new Set(operations.flatMap((each) => each.get('name') ?? []))];
    throw unknownName(`${id} has no such operation '${[name, ...pairs.keys()].join(' ')}'`, name, names);
  }
  if (others.length > 0) throw ambiguous(id, name, meant);
  return [deletion(operation)];
}

function primitiveNamed(cib: XmlElement, id: string): XmlElement {
  const resource = resourceNamed(cib, id);
  if (resource.name === 'primitive') return resource;
  const what = `'${id}' is a ${resource.name}, and has no operations of its own`;
  throw new CommandFailure({ kind: 'usage', what, fix: 'Name a resource in it' });
}

function operationsOf(primitive: XmlElement): readonly XmlElement[] {
  return primitive.child('operations')?.childrenNamed('op') ?? [];
}

function isSame(left: XmlElement, right: XmlElement): boolean {
  return ['name', 'interval', 'role'].every((key) => sameValue(key, left.get(key), right.get(key)));
}

function sameValue(key: string, left: string | undefined, right: string | undefined): boolean {
  if (key !== 'interval') return left === right;
  return durationMs(left ?? '0', key) === durationMs(right ?? '0', key);
}

function ambiguous(id: string, name: string, operations: readonly XmlElement[]): CommandFailure {
  const ids = operations.flatMap((each) => each.id ?? []);
  const what = `${id} has ${operations.length} operations ${name}`;
  return new CommandFailure({ kind: 'usage', what, fix: `Say which by its interval: ${ids.join(', ')}` });
}

function addition(primitive: XmlElement, operation: XmlElement): Edit {
  const operations = xmlElement('operations', { id: primitive.child('operations')?.id }, [operation]);
  return { kind: 'modify', xml: serialiseXml(xmlElement('primitive', { id: primitive.id }, [operations])) };
}

function deletion({ name, id }: XmlElement): Edit {
  return { kind: 'delete', xml: serialiseXml(xmlElement(name, { id })) };
}

function operationElement(resource: string, name: string, attributes: Readonly<Record<string, string>>): XmlElement {
  const { interval = '0s', OCF_CHECK_LEVEL: level, ...rest } = attributes;
  const id = sanitizedId(`${resource}-${name}-interval-${interval}`);
  const inside =
    level === undefined
      ? []
      : pairSet('instance_attributes', `${id}-instance_attributes`, new Map([['OCF_CHECK_LEVEL', level]]));
  return xmlElement('op', { id, name, interval, ...rest }, inside);
}

/** Asked for by people and by the standard, not run by a cluster. */
const neverMade = new Set([
  'meta-data',
  'metadata',
  'validate-all',
  'status',
  'list',
  'list-status',
  'on',
  'off',
  'reboot',
]);

function isMade({ name, depth }: AgentAction): boolean {
  return !neverMade.has(name) && (depth === undefined || depth === '0');
}

function advice({ name, intervalMs, timeoutMs, role, startDelayMs }: AgentAction) {
  const roles: Readonly<Record<string, string>> = { master: 'Promoted', slave: 'Unpromoted' };
  const attributes: Record<string, string> = { interval: secondsText(intervalMs) };
  if (role !== undefined) attributes.role = roles[role.toLowerCase()] ?? role;
  if (startDelayMs > 0) attributes['start-delay'] = secondsText(startDelayMs);
  if (timeoutMs !== undefined) attributes.timeout = secondsText(timeoutMs);
  return { name, attributes };
}

function secondsText(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : formatDuration(ms).replace(' ', '');
}
