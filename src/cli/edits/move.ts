// Moving a resource by hand: the constraints that crm_resource(8) makes for --move, --ban and --clear, under its ids.
import { childAt, serialiseXml, type XmlElement, xmlElement } from '../../cib/index.ts';
import type { Edit } from '../../controller/index.ts';
import { CommandFailure } from '../../kit/index.ts';
import { nodeNamed, resourceNamed, sanitizedId } from './names.ts';

/** For how long, and in which role. */
export type MoveTerms = {
  /** `promoted`: only where it is to be promoted. */
  readonly role: 'started' | 'promoted';
  /** When the move is over by itself, in ISO 8601; undefined: when it is cleared. */
  readonly until: string | undefined;
};

const always: MoveTerms = { role: 'started', until: undefined };

/** To the node, from wherever it is; earlier moves of it are forgotten. */
export function moveEdits(cib: XmlElement, resource: string, node: string, terms = always): Edit[] {
  resourceNamed(cib, resource);
  nodeNamed(cib, node);
  const prefer = locationOf(`cli-prefer-${resource}`, { resource, node, score: 'INFINITY' }, terms);
  const superseded = new Set([`cli-prefer-${resource}`, banId(resource, node)]);
  return [...deletions(cib, (constraint) => superseded.has(constraint.id ?? '')), creation(prefer)];
}

/** Away from each of the nodes, to wherever it may run best. */
export function banEdits(cib: XmlElement, resource: string, nodes: readonly string[], terms = always): Edit[] {
  resourceNamed(cib, resource);
  for (const node of nodes) nodeNamed(cib, node);
  if (nodes.length === 0) {
    const what = `${resource} runs nowhere, so there is nothing to move it from`;
    const fix = `Say where to: haven resource move ${resource} NODE`;
    throw new CommandFailure({ kind: 'usage', what, fix });
  }
  const superseded = new Set([`cli-prefer-${resource}`, ...nodes.map((node) => banId(resource, node))]);
  const bans = nodes.map((node) => locationOf(banId(resource, node), { resource, node, score: '-INFINITY' }, terms));
  return [...deletions(cib, (constraint) => superseded.has(constraint.id ?? '')), ...bans.map(creation)];
}

/** Forgets earlier moves: all, or those that name the node. No edits when there were none. */
export function clearEdits(cib: XmlElement, resource: string, node: string | undefined): Edit[] {
  resourceNamed(cib, resource);
  if (node !== undefined) nodeNamed(cib, node);
  return deletions(cib, (constraint) => {
    const isMove = constraint.id === `cli-prefer-${resource}` || constraint.id?.startsWith(`cli-ban-${resource}-on-`);
    return isMove === true && (node === undefined || nodeOf(constraint) === node);
  });
}

/** Preferences and bans of earlier moves, of any resource. */
export function isMoveConstraint({ id }: XmlElement): boolean {
  return id !== undefined && /^cli-(prefer|ban)-/.test(id);
}

function banId(resource: string, node: string): string {
  return sanitizedId(`cli-ban-${resource}-on-${node}`);
}

type Move = { readonly resource: string; readonly node: string; readonly score: string };

/** One that ends by itself is a rule of the node and the time. */
function locationOf(id: string, { resource, node, score }: Move, { role, until }: MoveTerms): XmlElement {
  const base = { id, rsc: resource, role: role === 'promoted' ? 'Promoted' : 'Started' };
  if (until === undefined) return xmlElement('rsc_location', { ...base, node, score });
  const [ruleId, expressionId, lifetimeId] = id.startsWith('cli-ban-')
    ? [`${id}-rule`, `${id}-expr`, `${id}-lifetime`]
    : [`cli-prefer-rule-${resource}`, `cli-prefer-expr-${resource}`, `cli-prefer-lifetime-end-${resource}`];
  const uname = { attribute: '#uname', operation: 'eq', value: node, type: 'string' };
  const rule = xmlElement('rule', { id: ruleId, score, 'boolean-op': 'and' }, [
    xmlElement('expression', { id: expressionId, ...uname }),
    xmlElement('date_expression', { id: lifetimeId, operation: 'lt', end: until }),
  ]);
  return xmlElement('rsc_location', base, [rule]);
}

function nodeOf(constraint: XmlElement): string | undefined {
  const expressions = constraint.child('rule')?.childrenNamed('expression') ?? [];
  return constraint.get('node') ?? expressions.find((each) => each.get('attribute') === '#uname')?.get('value');
}

function creation(constraint: XmlElement): Edit {
  return { kind: 'create', section: 'constraints', xml: serialiseXml(constraint) };
}

function deletions(cib: XmlElement, isMeant: (constraint: XmlElement) => boolean): Edit[] {
  const constraints = childAt(cib, 'configuration', 'constraints')?.childrenNamed('rsc_location') ?? [];
  return constraints
    .filter(isMeant)
    .map(({ name, id }) => ({ kind: 'delete', xml: serialiseXml(xmlElement(name, { id })) }));
}
