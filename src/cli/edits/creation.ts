// A new resource: what was typed, judged by what its agent says of itself, as an element of the document. Ids, and the
// operations that are made when none are asked for, are those of pcs(8).
import type { Agent, AgentMetadata } from '../../agents/index.ts';
import { serialiseXml, type XmlElement, xmlElement } from '../../cib/index.ts';
import type { Edit } from '../../controller/index.ts';
import { CommandFailure } from '../../kit/index.ts';
import { checkOperations, checkParameters, checkRequired } from './agent-check.ts';
import { assertMetaName } from './meta.ts';
import { assertFreeId, assertIdForm, resourcesIn } from './names.ts';
import { pairSet } from './nvset.ts';
import { distinctOperations, type OperationWords } from './operation.ts';
import { pairsOf, scoreText } from './values.ts';

/** `param=value … [op NAME key=value …] … [meta key=value …]` */
export type ResourceWords = {
  readonly parameters: ReadonlyMap<string, string>;
  readonly operations: readonly OperationWords[];
  readonly meta: ReadonlyMap<string, string>;
};

export type CreationRequest = ResourceWords & {
  readonly id: string;
  readonly agent: Agent;
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
  const judge = { agent: request.agent, metadata };
  checkParameters(request.parameters, judge);
  checkRequired(request.parameters, judge);
  checkOperations(request.operations, judge);
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

export function checkMeta(meta: ReadonlyMap<string, string>): void {
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
    xmlElement('operations', {}, distinctOperations(id, request.operations, metadata)),
  ];
  const provider = agent.class === 'ocf' ? agent.provider : undefined;
  return xmlElement('primitive', { id, class: agent.class, provider, type: agent.type }, sets);
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
