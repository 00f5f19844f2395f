// What the document keeps for agents: transient and permanent attributes, options. Loaded only by tools that read it or
// change the configuration.
import type { ApiClient } from '../../api/index.ts';
import { childAt, parseScore, parseXml, type XmlElement, xmlElement } from '../../cib/index.ts';
import { addScores, CommandFailure, formatDiagnostic, formatScore } from '../../kit/index.ts';
import type { PairHolder } from '../edits/nvset.ts';
import type { AttributeRequest, Scope } from './request.ts';

type Query = Extract<AttributeRequest['action'], { kind: 'query' }>;

/** The lines to print. @throws CommandFailure `not-found` */
export async function query(
  client: ApiClient,
  request: AttributeRequest,
  { fallback, format }: Query,
): Promise<readonly string[]> {
  const { scope, name } = request;
  const value = presentValue(await documentOf(client), request) ?? fallback;
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

/** A line for each node that has the attribute. @throws CommandFailure `not-found` */
export async function queryAll(client: ApiClient, name: string): Promise<readonly string[]> {
  const cib = await documentOf(client);
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

/** What the counting value (`value++`, `value+=N`) comes to: it adds to the value there is, as to a score. */
export async function counted(client: ApiClient, request: AttributeRequest, text: string): Promise<string> {
  const added = parseScore(/^value\+=(.+)$/.exec(text)?.[1] ?? '1');
  if (added === undefined) return text;
  const present = parseScore(presentValue(await documentOf(client), request) ?? '0') ?? 0;
  return formatScore(addScores(present, added));
}

/** Sets or, with no value, removes what the configuration keeps; the lines to print. @throws CommandFailure */
export async function configure(
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

async function documentOf(client: ApiClient): Promise<XmlElement> {
  const parsed = parseXml(await client.document());
  if (parsed.ok) return parsed.value;
  throw new CommandFailure({ kind: 'failed', what: `the daemon's document: ${formatDiagnostic(parsed.error)}` });
}
