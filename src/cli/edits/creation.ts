// A new resource: what was typed, judged by what its agent says of itself, as an element of the document. Ids, and the
// operations that are made when none are asked for, are those of pcs(8).
import type { AgentAction, AgentMetadata } from '../../agents/index.ts';
import { serialiseXml, type XmlElement, xmlElement } from '../../cib/index.ts';
import type { Edit } from '../../controller/index.ts';
import { CommandFailure, formatDuration } from '../../kit/index.ts';
import { assertMetaName } from './meta.ts';
import { assertFreeId, assertIdForm, resourcesIn, sanitizedId, unknownName } from './names.ts';
import { durationMs, pairsOf, scoreText } from './values.ts';

export type OperationWords = { readonly name: string; readonly pairs: ReadonlyMap<string, string> };

/** `param=value … [op NAME key=value …] … [meta key=value …]` */
export type ResourceWords = {
  readonly parameters: ReadonlyMap<string, string>;
  readonly operations: readonly OperationWords[];
  readonly meta: ReadonlyMap<string, string>;
};

export type CreationRequest = ResourceWords & {
  readonly id: string;
  readonly agent: { readonly class: string; readonly provider: string | undefined; readonly type: string };
  readonly group: string | undefined;
  readonly wrapper: 'none' | 'clone' | 'promotable';
};

/** Takes apart what follows NAME and AGENT. @throws CommandFailure `usage` */
export function resourceWords(words: readonly string[]): ResourceWords {
  const parameters: string[] = [];
  const meta: string[] = [];
  const operations: { name: string; words: string[] }[] = [];
  let target = parameters;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === 'meta') target = meta;
    else if (word === 'op') {
      const name = words[++at];
      if (name === undefined || name.includes('=')) {
        const fix = 'For example: op monitor interval=10s timeout=20s';
        throw new CommandFailure({ kind: 'usage', what: "'op' needs the name of an operation after it", fix });
      }
      const operation = { name, words: [] };
      operations.push(operation);
      target = operation.words;
    } else target.push(word);
  }
  return {
    parameters: pairsOf(parameters),
    meta: pairsOf(meta),
    operations: operations.map((each) => ({ name: each.name, pairs: pairsOf(each.words) })),
  };
}

/** @throws CommandFailure for unknown, missing or ill-valued parts, and for a name that is taken */
export function creationEdit(cib: XmlElement, request: CreationRequest, metadata: AgentMetadata): Edit {
  const { id, group, wrapper } = request;
  assertIdForm(id);
  assertFreeId(cib, id);
  checkParameters(request, metadata);
  checkOperations(request, metadata);
  checkMeta(request.meta);
  const primitive = primitiveOf(request, metadata);
  if (group !== undefined && wrapper !== 'none') {
    const why = 'a member of a group is not cloned by itself';
    throw new CommandFailure({ kind: 'usage', what: '--group and --clone or --promotable exclude each other', why });
  }
  if (group !== undefined) return groupEdit(cib, group, primitive);
  const resource = wrapper === 'none' ? primitive : cloneOf(cib, primitive, wrapper);
  return { kind: 'create', section: 'resources', xml: serialiseXml(resource) };
}

function checkParameters({ parameters, agent }: CreationRequest, metadata: AgentMetadata): void {
  // Fence devices take the executor's own parameters (pcmk_…) beside the agent's.
  const isOurs = (name: string) => agent.class === 'stonith' && (name.startsWith('pcmk_') || name === 'provides');
  const names = metadata.parameters.map(({ name }) => name);
  for (const [name, value] of parameters) {
    const known = metadata.parameters.find((parameter) => parameter.name === name);
    if (known === undefined && !isOurs(name)) {
      throw unknownName(`${metadata.name} has no parameter '${name}'`, name, names);
    }
    const problem = known === undefined ? undefined : valueProblem(known.type, value);
    if (problem !== undefined) {
      throw new CommandFailure({
        kind: 'usage',
        what: `${name}='${value}' is not valid for ${metadata.name}`,
        why: problem,
      });
    }
  }
  const missing = metadata.parameters.filter(
    (each) => each.required && !each.deprecated && (each.default ?? '') === '' && !parameters.has(each.name),
  );
  // A fence agent is told the action by whoever runs it.
  const needed = missing.filter(
    ({ name }) => !(agent.class === 'stonith' && ['action', 'port', 'plug'].includes(name)),
  );
  if (needed.length === 0) return;
  const list = needed.map(({ name, short }) => (short === '' ? name : `${name} (${short})`)).join(', ');
  const fix = `Add ${needed.map(({ name }) => `${name}=VALUE`).join(' ')}`;
  throw new CommandFailure({ kind: 'usage', what: `${metadata.name} needs ${list}`, fix });
}

function valueProblem(type: string, value: string): string | undefined {
  if (type === 'integer' && !/^[+-]?\d+$/.test(value)) return 'it must be a whole number';
  if (type === 'boolean' && !/^(true|false|yes|no|on|off|y|n|0|1)$/i.test(value)) return 'it must be true or false';
  return undefined;
}

const operationAttributes = [
  'interval',
  'timeout',
  'on-fail',
  'role',
  'start-delay',
  'interval-origin',
  'record-pending',
  'enabled',
  'description',
];

function checkOperations({ operations }: CreationRequest, metadata: AgentMetadata): void {
  const names = [...new Set(metadata.actions.map(({ name }) => name))];
  for (const { name, pairs } of operations) {
    if (!names.includes(name)) throw unknownName(`${metadata.name} has no operation '${name}'`, name, names);
    for (const [key, value] of pairs) {
      if (!operationAttributes.includes(key) && key !== 'OCF_CHECK_LEVEL') {
        throw unknownName(`operations have no '${key}'`, key, operationAttributes);
      }
      if (['interval', 'timeout', 'start-delay'].includes(key)) durationMs(value, `${key} of ${name}`);
    }
  }
}

function checkMeta(meta: ReadonlyMap<string, string>): void {
  for (const [name, value] of meta) {
    assertMetaName(name);
    if (['priority', 'resource-stickiness', 'migration-threshold'].includes(name)) scoreText(value);
  }
}

function primitiveOf(request: CreationRequest, metadata: AgentMetadata): XmlElement {
  const { id, agent, parameters, meta } = request;
  const sets = [
    ...pairSet('instance_attributes', `${id}-instance_attributes`, parameters),
    ...pairSet('meta_attributes', `${id}-meta_attributes`, meta),
    xmlElement('operations', {}, distinctOperations(request, metadata)),
  ];
  return xmlElement('primitive', { id, class: agent.class, provider: agent.provider, type: agent.type }, sets);
}

function pairSet(name: string, id: string, pairs: ReadonlyMap<string, string>): XmlElement[] {
  if (pairs.size === 0) return [];
  const nvpairs = [...pairs].map(([key, value]) =>
    xmlElement('nvpair', { id: sanitizedId(`${id}-${key}`), name: key, value }),
  );
  return [xmlElement(name, { id }, nvpairs)];
}

/** Two recurring operations of one name must differ in interval: a later one is moved up by a second. */
function distinctOperations(request: CreationRequest, metadata: AgentMetadata): XmlElement[] {
  const asked = request.operations;
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
      return operationElement(request.id, name, { ...attributes, interval });
    })
    .sort((a, b) => ((a.id ?? '') < (b.id ?? '') ? -1 : 1));
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

function cloneOf(cib: XmlElement, primitive: XmlElement, wrapper: 'clone' | 'promotable'): XmlElement {
  const id = `${primitive.id}-clone`;
  assertFreeId(cib, id);
  const meta = wrapper === 'promotable' ? new Map([['promotable', 'true']]) : new Map<string, string>();
  return xmlElement('clone', { id }, [...pairSet('meta_attributes', `${id}-meta_attributes`, meta), primitive]);
}

/** At the end of the group, which is made when there is none of this name. */
function groupEdit(cib: XmlElement, group: string, primitive: XmlElement): Edit {
  assertIdForm(group);
  const known = resourcesIn(cib).find(({ id }) => id === group);
  const holder = serialiseXml(xmlElement('group', { id: group }, [primitive]));
  if (known === undefined) {
    assertFreeId(cib, group);
    return { kind: 'create', section: 'resources', xml: holder };
  }
  if (known.name === 'group') return { kind: 'modify', xml: holder };
  throw new CommandFailure({ kind: 'exists', what: `'${group}' is a ${known.name}, not a group` });
}
