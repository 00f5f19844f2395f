// Constraints between resources, nodes and tickets, with the ids that pcs(8) gives them.
import { childAt, serialiseXml, type XmlElement, xmlElement } from '../../cib/index.ts';
import type { Edit } from '../../controller/index.ts';
import { CommandFailure } from '../../kit/index.ts';
import { assertFreeId, assertIdForm, nodeNamed, resourceNamed, sanitizedId, unknownName } from './names.ts';
import { scoreText } from './values.ts';

/** One node that a resource prefers (score above 0) or avoids. */
export type LocationRequest = {
  readonly resource: string;
  readonly node: string;
  readonly score: string;
  readonly id: string | undefined;
};

export function locationEdit(cib: XmlElement, { resource, node, score, id }: LocationRequest): Edit {
  resourceNamed(cib, resource);
  nodeNamed(cib, node);
  const given = scoreText(score);
  const chosen = id ?? sanitizedId(`location-${resource}-${node}-${given}`);
  return creation(cib, xmlElement('rsc_location', { id: chosen, rsc: resource, node, score: given }));
}

/** `dependent` runs where `primary` does (or, with a negative score, does not). */
export type ColocationRequest = {
  readonly dependent: string;
  readonly primary: string;
  readonly score: string;
  readonly role: string | undefined;
  readonly primaryRole: string | undefined;
  readonly id: string | undefined;
};

export function colocationEdit(cib: XmlElement, request: ColocationRequest): Edit {
  const { dependent, primary, role, primaryRole, id } = request;
  assertDifferent(cib, dependent, primary);
  const score = scoreText(request.score);
  const attributes = {
    id: id ?? sanitizedId(`colocation-${dependent}-${primary}-${score}`),
    rsc: dependent,
    'rsc-role': roleText(role),
    'with-rsc': primary,
    'with-rsc-role': roleText(primaryRole),
    score,
  };
  return creation(cib, xmlElement('rsc_colocation', attributes));
}

export type OrderRequest = {
  readonly first: string;
  readonly second: string;
  readonly firstAction: string | undefined;
  readonly secondAction: string | undefined;
  readonly kind: string | undefined;
  readonly symmetrical: string | undefined;
  readonly id: string | undefined;
};

const orderKinds = ['Mandatory', 'Optional', 'Serialize'];
const orderActions = ['start', 'promote', 'demote', 'stop'];

export function orderEdit(cib: XmlElement, request: OrderRequest): Edit {
  const { first, second: then, firstAction, secondAction, symmetrical, id } = request;
  assertDifferent(cib, first, then);
  const kind = request.kind === undefined ? undefined : oneOf('kind of order', request.kind, orderKinds);
  for (const action of [firstAction, secondAction]) if (action !== undefined) oneOf('action', action, orderActions);
  const attributes = {
    id: id ?? sanitizedId(`order-${first}-${then}-${kind ?? 'mandatory'}`),
    first,
    'first-action': firstAction,
    then,
    'then-action': secondAction,
    kind,
    symmetrical,
  };
  return creation(cib, xmlElement('rsc_order', attributes));
}

export type TicketRequest = {
  readonly ticket: string;
  readonly resource: string;
  readonly role: string | undefined;
  readonly lossPolicy: string | undefined;
  readonly id: string | undefined;
};

const lossPolicies = ['fence', 'stop', 'freeze', 'demote'];

export function ticketEdit(cib: XmlElement, request: TicketRequest): Edit {
  const { ticket, resource, lossPolicy, id } = request;
  resourceNamed(cib, resource);
  const role = roleText(request.role);
  const attributes = {
    id: id ?? sanitizedId(['ticket', ticket, resource, ...(role === undefined ? [] : [role])].join('-')),
    rsc: resource,
    'rsc-role': role,
    ticket,
    'loss-policy': lossPolicy === undefined ? undefined : oneOf('loss policy', lossPolicy, lossPolicies),
  };
  return creation(cib, xmlElement('rsc_ticket', attributes));
}

/** @throws CommandFailure `not-found`, with the nearest id */
export function constraintDeletions(cib: XmlElement, ids: readonly string[]): Edit[] {
  const constraints = constraintsIn(cib);
  return ids.map((id) => {
    const found = constraints.find((constraint) => constraint.id === id);
    if (found === undefined) {
      const known = constraints.flatMap((constraint) => constraint.id ?? []);
      throw unknownName(`there is no constraint '${id}'`, id, known);
    }
    return { kind: 'delete', xml: serialiseXml(xmlElement(found.name, { id })) };
  });
}

export function constraintsIn(cib: XmlElement): readonly XmlElement[] {
  return childAt(cib, 'configuration', 'constraints')?.children ?? [];
}

/** A constraint in words: what is kept where, with what, after what. */
export function constraintText(constraint: XmlElement): string {
  const at = (name: string) => constraint.get(name) ?? '';
  if (constraint.children.length > 0) return `${membersText(constraint)}${scoreNote(constraint)}`;
  switch (constraint.name) {
    case 'rsc_location': {
      const verb = at('score').startsWith('-') ? 'avoids' : 'prefers';
      return `${at('rsc') || at('rsc-pattern')} ${verb} ${at('node')}${scoreNote(constraint)}`;
    }
    case 'rsc_colocation': {
      const [role, withRole] = [roleNote(at('rsc-role')), roleNote(at('with-rsc-role'))];
      return `${role}${at('rsc')} with ${withRole}${at('with-rsc')}${scoreNote(constraint)}`;
    }
    case 'rsc_order': {
      const [first, then] = [at('first-action') || 'start', at('then-action') || at('first-action') || 'start'];
      const kind = at('kind') === '' ? 'Mandatory' : at('kind');
      return `${first} ${at('first')} then ${then} ${at('then')} (${kind})`;
    }
    default:
      return `${roleNote(at('rsc-role'))}${at('rsc')} needs ticket ${at('ticket')}, without it: ${at('loss-policy') || 'stop'}`;
  }
}

function membersText(constraint: XmlElement): string {
  const sets = constraint.childrenNamed('resource_set');
  if (sets.length === 0) return `${constraint.get('rsc') ?? constraint.get('rsc-pattern') ?? ''} by rule`;
  const members = sets.map((set) => set.children.flatMap((member) => member.id ?? []).join(' '));
  return `sets: ${members.map((each) => `(${each})`).join(' ')}`;
}

function scoreNote(constraint: XmlElement): string {
  const score = constraint.get('score');
  return score === undefined ? '' : ` (${score})`;
}

function roleNote(role: string): string {
  return role === '' ? '' : `${role.toLowerCase()} `;
}

function creation(cib: XmlElement, constraint: XmlElement): Edit {
  assertIdForm(constraint.id ?? '');
  assertFreeId(cib, constraint.id ?? '');
  return { kind: 'create', section: 'constraints', xml: serialiseXml(constraint) };
}

function assertDifferent(cib: XmlElement, left: string, right: string): void {
  resourceNamed(cib, left);
  resourceNamed(cib, right);
  if (left !== right) return;
  throw new CommandFailure({ kind: 'usage', what: `${left} cannot be constrained by itself` });
}

function roleText(role: string | undefined): string | undefined {
  if (role === undefined) return undefined;
  return oneOf('role', role, ['Started', 'Stopped', 'Promoted', 'Unpromoted']);
}

/** The choice that is meant, whatever its case. */
function oneOf(what: string, text: string, choices: readonly string[]): string {
  const found = choices.find((choice) => choice.toLowerCase() === text.toLowerCase());
  if (found !== undefined) return found;
  const fix = `There is: ${choices.join(', ')}`;
  throw new CommandFailure({ kind: 'usage', what: `'${text}' is no ${what}`, fix });
}
