// Constraints between resources, nodes and tickets, with the ids that pcs(8) gives them.
import { childAt, removeElement, sameXml, serialiseXml, type XmlElement, xmlElement } from '../../cib/index.ts';
import type { Edit } from '../../controller/index.ts';
import { CommandFailure } from '../../kit/index.ts';
import {
  assertWholeOptions,
  type SetConstraint,
  type SetWords,
  setConstraintId,
  setElements,
} from './constraint-set.ts';
import { isMoveConstraint } from './move.ts';
import { assertFreeId, assertIdForm, constrainedNamed, freeId, nodeNamed, sanitizedId, unknownName } from './names.ts';
import type { Condition } from './rule/condition.ts';
import { ruleElement } from './rule/element.ts';
import { scoreText } from './values.ts';

/** What a location constraint is about: a resource, or with `regexp%` before it a pattern of ids. */
type Located = {
  readonly resource: string;
  readonly role: string | undefined;
  /** Whether nodes that it may not run on are asked, too. */
  readonly discovery: string | undefined;
  readonly id: string | undefined;
};

/** One node that a resource prefers (score above 0) or avoids. */
export type LocationRequest = Located & { readonly node: string; readonly score: string };

/** A score for a node takes the place of an earlier one: two would be added up. */
export function locationEdits(cib: XmlElement, request: LocationRequest): Edit[] {
  const { resource, node, id } = request;
  const located = locatedOf(cib, request);
  nodeNamed(cib, node);
  const score = scoreText(request.score);
  const chosen = id ?? sanitizedId(`location-${resource}-${node}-${score}`);
  const constraint = xmlElement('rsc_location', { id: chosen, ...located, node, score });
  const earlier = constraintsIn(cib).filter(
    (each) =>
      sameBut(each, constraint, ['id', 'score']) && !isMoveConstraint(each) && !sameBut(each, constraint, ['id']),
  );
  const freed = earlier.some((each) => each.id === chosen) ? without(cib, earlier) : cib;
  return [...earlier.map(deletion), creation(freed, constraint)];
}

/** Every node of which the rule is true. */
export type LocationRuleRequest = Located & {
  readonly condition: Condition;
  /** Or a node attribute that holds it. */
  readonly score: { readonly value: string } | { readonly attribute: string };
};

export function locationRuleEdit(cib: XmlElement, request: LocationRuleRequest): Edit {
  const { resource, condition, score, id } = request;
  const { role, ...located } = locatedOf(cib, request);
  const chosen = id ?? freeId(cib, sanitizedId(`location-${resource}`));
  const preference = 'value' in score ? { score: scoreText(score.value) } : { 'score-attribute': score.attribute };
  const rule = ruleElement(`${chosen}-rule`, condition, { role, ...preference });
  return creation(cib, xmlElement('rsc_location', { id: chosen, ...located }, [rule]));
}

function locatedOf(cib: XmlElement, { resource, role, discovery }: Located) {
  const pattern = /^regexp%(.+)$/.exec(resource)?.[1];
  if (pattern === undefined) constrainedNamed(cib, resource);
  const modes = ['always', 'never', 'exclusive'];
  return {
    ...(pattern === undefined ? { rsc: resource } : { 'rsc-pattern': pattern }),
    role: roleText(role),
    'resource-discovery': discovery === undefined ? undefined : oneOf('way of discovery', discovery, modes),
  };
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
  constrainedNamed(cib, resource);
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

/** A constraint of sets of resources. `attributes`: what the kind has besides, such as the ticket's name. */
export function setEdit(
  cib: XmlElement,
  kind: Exclude<SetConstraint, 'rsc_location'>,
  words: SetWords,
  given: Readonly<Record<string, string | undefined>>,
): Edit {
  assertWholeOptions(kind, words);
  const all: Readonly<Record<string, string | undefined>> = { ...Object.fromEntries(words.options), ...defined(given) };
  const id = all.id ?? freeId(cib, setConstraintId(kind, words));
  const known = {
    score: all.score === undefined ? undefined : scoreText(all.score),
    kind: all.kind === undefined ? undefined : oneOf('kind of order', all.kind, orderKinds),
    'loss-policy':
      all['loss-policy'] === undefined ? undefined : oneOf('loss policy', all['loss-policy'], lossPolicies),
  };
  const score = kind === 'rsc_colocation' ? { score: known.score ?? 'INFINITY' } : {};
  return creation(cib, xmlElement(kind, { ...all, ...known, ...score, id }, setElements(cib, kind, id, words)));
}

function defined(given: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
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
    return deletion(found);
  });
}

export function constraintsIn(cib: XmlElement): readonly XmlElement[] {
  return childAt(cib, 'configuration', 'constraints')?.children ?? [];
}

function creation(cib: XmlElement, constraint: XmlElement): Edit {
  const same = constraintsIn(cib).find((each) => sameBut(each, constraint, ['id']));
  if (same !== undefined) {
    const fix = `To make it anew, first: haven constraint delete ${same.id}`;
    throw new CommandFailure({ kind: 'exists', what: `the same constraint is there already: ${same.id}`, fix });
  }
  assertIdForm(constraint.id ?? '');
  assertFreeId(cib, constraint.id ?? '');
  return { kind: 'create', section: 'constraints', xml: serialiseXml(constraint) };
}

function deletion({ name, id }: XmlElement): Edit {
  return { kind: 'delete', xml: serialiseXml(xmlElement(name, { id })) };
}

function without(cib: XmlElement, elements: readonly XmlElement[]): XmlElement {
  return elements.reduce(removeElement, cib);
}

/** Whether they say the same but for these attributes; ids of what is inside do not count, but for the resources of sets. */
function sameBut(left: XmlElement, right: XmlElement, names: readonly string[]): boolean {
  const bare = (element: XmlElement) => element.with(Object.fromEntries(names.map((name) => [name, undefined])));
  return sameXml(withoutIds(bare(left)), withoutIds(bare(right)));
}

function withoutIds(element: XmlElement): XmlElement {
  const bare = element.name === 'resource_ref' ? element : element.with({ id: undefined });
  return bare.withNodes(element.children.map(withoutIds));
}

function assertDifferent(cib: XmlElement, left: string, right: string): void {
  constrainedNamed(cib, left);
  constrainedNamed(cib, right);
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
