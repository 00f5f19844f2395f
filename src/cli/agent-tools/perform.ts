// Does what an agent asked, through its node's API, and answers what the tool prints.
import type { ApiClient, NodeView } from '../../api/index.ts';
import { childAt, parseScore, parseXml, type XmlElement, xmlElement } from '../../cib/index.ts';
import { addScores, CommandFailure, formatDiagnostic, formatScore } from '../../kit/index.ts';
import type { PairHolder } from '../edits/nvset.ts';
import type { AttributeRequest, NodeRequest, Scope, ToolRequest } from './request.ts';

/** The lines to print. @throws CommandFailure; `not-found` for an attribute or a node that there is not */
export async function perform(client: ApiClient, request: ToolRequest, self: string): Promise<readonly string[]> {
  switch (request.kind) {
    case 'nothing':
      return [];
    case 'attribute':
      return attribute(client, request);
    case 'query-all':
      return queryAll(await documentOf(client), request.name);
    // Agents ask for it at each run, and it cannot change while they run.
    case 'node-name':
      return [self];
    default:
      return aboutNodes(client, request);
  }
}

async function attribute(client: ApiClient, request: AttributeRequest): Promise<readonly string[]> {
  const { scope, name, action } = request;
  if (action.kind === 'query') return query(await documentOf(client), request, action);
  const value = action.kind === 'update' ? await wanted(client, request, action.value) : undefined;
  if (scope.kind !== 'status') return configure(client, request, value);
  const { dampenMs } = action;
  await client.command({ kind: 'attribute', node: scope.node, name, value, dampenMs });
  return [];
}

type Query = Extract<AttributeRequest['action'], { kind: 'query' }>;

function query(cib: XmlElement, request: AttributeRequest, { fallback, format }: Query): readonly string[] {
  const { scope, name } = request;
  const value = presentValue(cib, request) ?? fallback;
  if (value === undefined) throw new CommandFailure({ kind: 'not-found', what: `there is no attribute '${name}'` });
  switch (format) {
    case 'value':
      return [value];
    case 'scoped':
      return [`scope=${scope.kind}  name=${name} value=${value}`];
    case 'attrd':
      return [attrdLine(name, 'node' in scope ? scope.node : '', value)];
  }
}

function queryAll(cib: XmlElement, name: string): readonly string[] {
  const nodes = nodesOf(cib).flatMap((node) => node.get('uname') ?? []);
  const lines = nodes.flatMap((node) => {
    const value = pairsOf(holderOf(cib, { kind: 'status', node }, undefined)).get(name);
    return value === undefined ? [] : [attrdLine(name, node, value)];
  });
  if (lines.length === 0) throw new CommandFailure({ kind: 'not-found', what: `there is no attribute '${name}'` });
  return lines;
}

function attrdLine(name: string, node: string, value: string): string {
  return `name="${name}" host="${node}" value="${value}"`;
}

/** `value++` and `value+=N` add to the value there is, as to a score. */
async function wanted(client: ApiClient, request: AttributeRequest, text: string): Promise<string> {
  const [, counted, by = '1'] = /^value(\+\+|\+=(.+))$/.exec(text) ?? [];
  const added = counted === undefined ? undefined : parseScore(by);
  if (added === undefined) return text;
  const present = parseScore(presentValue(await documentOf(client), request) ?? '0') ?? 0;
  return formatScore(addScores(present, added));
}

async function configure(
  client: ApiClient,
  { scope, name, setId }: AttributeRequest,
  value: string | undefined,
): Promise<readonly string[]> {
  const { pairEdits } = await import('../edits/nvset.ts');
  const holder = holderOf(await documentOf(client), scope, setId);
  const [edit] = pairEdits(holder, new Map([[name, value]]));
  if (edit === undefined) return [];
  await client.edit(edit);
  return value === undefined ? [`Deleted ${scope.kind} attribute: name=${name}`] : [];
}

function presentValue(cib: XmlElement, { scope, name, setId }: AttributeRequest): string | undefined {
  return pairsOf(holderOf(cib, scope, setId)).get(name);
}

/** Of a name that is set twice the first counts. */
function pairsOf({ owner, set }: PairHolder): ReadonlyMap<string, string> {
  const pairs = owner.childrenNamed(set).flatMap((each) => each.childrenNamed('nvpair'));
  return new Map(pairs.reverse().map((pair) => [pair.get('name') ?? '', pair.get('value') ?? '']));
}

/** With the id of a set: the object as if it had no other. @throws CommandFailure `not-found` for no node */
function holderOf(cib: XmlElement, scope: Scope, setId: string | undefined): PairHolder {
  const holder = wholeHolderOf(cib, scope);
  if (setId === undefined) return holder;
  const { name, id } = holder.owner;
  const sets = holder.owner.childrenNamed(holder.set).filter((each) => each.id === setId);
  return { ...holder, owner: xmlElement(name, id === undefined ? {} : { id }, sets), setId };
}

function wholeHolderOf(cib: XmlElement, scope: Scope): PairHolder {
  switch (scope.kind) {
    case 'status': {
      const { id } = nodeNamed(cib, scope.node);
      const state = childAt(cib, 'status')?.children.find((each) => each.id === id);
      const owner = state?.child('transient_attributes') ?? xmlElement('transient_attributes');
      return { owner, set: 'instance_attributes', setId: `status-${id}` };
    }
    case 'nodes': {
      const owner = nodeNamed(cib, scope.node);
      const { set } = scope;
      const setId = set === 'utilization' ? `nodes-${owner.id}-utilization` : `nodes-${owner.id}`;
      return { owner, set, setId };
    }
    case 'crm_config':
      return { owner: sectionOf(cib, scope.kind), set: 'cluster_property_set', setId: 'cib-bootstrap-options' };
    case 'rsc_defaults':
      return { owner: sectionOf(cib, scope.kind), set: 'meta_attributes', setId: 'rsc_defaults-options' };
    case 'op_defaults':
      return { owner: sectionOf(cib, scope.kind), set: 'meta_attributes', setId: 'op_defaults-options' };
  }
}

function sectionOf(cib: XmlElement, section: string): XmlElement {
  return childAt(cib, 'configuration', section) ?? xmlElement(section);
}

function nodesOf(cib: XmlElement): readonly XmlElement[] {
  return childAt(cib, 'configuration', 'nodes')?.childrenNamed('node') ?? [];
}

function nodeNamed(cib: XmlElement, name: string): XmlElement {
  const found = nodesOf(cib).find((node) => node.get('uname') === name);
  if (found === undefined) throw new CommandFailure({ kind: 'not-found', what: `there is no node '${name}'` });
  return found;
}

async function aboutNodes(client: ApiClient, request: Exclude<NodeRequest, { kind: 'node-name' }>) {
  const { nodes, quorum } = await client.status();
  switch (request.kind) {
    case 'node-id':
      return nodes.filter(({ self }) => self).map(({ id }) => id);
    case 'node-list':
      return nodes.map((node) => `${node.id} ${node.name} ${isMember(node) ? 'member' : 'lost'}`);
    case 'partition':
      return [
        nodes
          .filter(isMember)
          .map(({ name }) => name)
          .join(' '),
      ];
    case 'quorum':
      return [quorum.quorate ? '1' : '0'];
    case 'name-of-id': {
      const found = nodes.find(({ id }) => id === request.id);
      if (found !== undefined) return [found.name];
      throw new CommandFailure({ kind: 'not-found', what: `no node has the id ${request.id}` });
    }
  }
}

function isMember({ state }: NodeView): boolean {
  return state !== 'offline' && state !== 'lost';
}

async function documentOf(client: ApiClient): Promise<XmlElement> {
  const parsed = parseXml(await client.document());
  if (parsed.ok) return parsed.value;
  throw new CommandFailure({ kind: 'failed', what: `the daemon's document: ${formatDiagnostic(parsed.error)}` });
}
