// Moving a resource by hand: the constraints that crm_resource(8) makes for --move, --ban and --clear, under its ids.
import { childAt, serialiseXml, type XmlElement, xmlElement } from '../../cib/index.ts';
import type { Edit } from '../../controller/index.ts';
import { CommandFailure } from '../../kit/index.ts';
import { nodeNamed, resourceNamed, sanitizedId } from './names.ts';

/** To the node, from wherever it is; earlier moves of it are forgotten. */
export function moveEdits(cib: XmlElement, resource: string, node: string): Edit[] {
  resourceNamed(cib, resource);
  nodeNamed(cib, node);
  const prefer = locationOf(`cli-prefer-${resource}`, { resource, node, score: 'INFINITY' });
  const superseded = new Set([`cli-prefer-${resource}`, banId(resource, node)]);
  return [...deletions(cib, (constraint) => superseded.has(constraint.id ?? '')), creation(prefer)];
}

/** Away from each of the nodes, to wherever it may run best. */
export function banEdits(cib: XmlElement, resource: string, nodes: readonly string[]): Edit[] {
  resourceNamed(cib, resource);
  if (nodes.length === 0) {
    const fix = `Say where to: haven resource move ${resource} NODE`;
    throw new CommandFailure({
      kind: 'usage',
      what: `${resource} runs nowhere, so there is nothing to move it from`,
      fix,
    });
  }
  const superseded = new Set([`cli-prefer-${resource}`, ...nodes.map((node) => banId(resource, node))]);
  const bans = nodes.map((node) => locationOf(banId(resource, node), { resource, node, score: '-INFINITY' }));
  return [...deletions(cib, (constraint) => superseded.has(constraint.id ?? '')), ...bans.map(creation)];
}

/** Forgets earlier moves: all, or those that name the node. No edits when there were none. */
export function clearEdits(cib: XmlElement, resource: string, node: string | undefined): Edit[] {
  resourceNamed(cib, resource);
  if (node !== undefined) nodeNamed(cib, node);
  return deletions(cib, (constraint) => {
    const isMove = constraint.id === `cli-prefer-${resource}` || constraint.id?.startsWith(`cli-ban-${resource}-on-`);
    return isMove === true && (node === undefined || constraint.get('node') === node);
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

function locationOf(id: string, { resource, node, score }: Move): XmlElement {
  return xmlElement('rsc_location', { id, rsc: resource, role: 'Started', node, score });
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
