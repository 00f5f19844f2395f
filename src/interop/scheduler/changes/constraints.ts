// Changes of constraints: added in every form, dropped, weighed differently.
import { type XmlElement, xmlElement } from '../../../cib/index.ts';
import type { Random } from '../../../kit/index.ts';
import {
  type Attributes,
  addedTo,
  type Change,
  type Changed,
  choice,
  dropped,
  elements,
  memberNodes,
  nameable,
  newId,
  section,
  someOf,
  withAttributes,
} from './editing.ts';
import { randomRule } from './rules.ts';
import { orderKinds, scores } from './vocabulary.ts';

export const constraintChanges: readonly Change[] = [
  otherScore,
  constraintDropped,
  attributeOfConstraint,
  locationAdded,
  ruledLocationAdded,
  patternLocationAdded,
  colocationAdded,
  colocatedSetsAdded,
  orderAdded,
  orderedSetsAdded,
  ticketAdded,
];

const roles = ['Started', 'Stopped', 'Promoted', 'Unpromoted', 'Master', 'Slave'];

function otherScore(cib: XmlElement, random: Random): Changed | undefined {
  const scored = elements(cib, (element) => element.has('score') && /^(rsc_|rule|resource_set)/.test(element.name));
  return withAttributes(cib, random.pick(scored), { score: scoreOf(random) });
}

function constraintDropped(cib: XmlElement, random: Random): Changed | undefined {
  return dropped(cib, random.pick(section(cib, 'constraints')?.children ?? []));
}

const attributeChoices: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  rsc_location: { role: roles, 'resource-discovery': ['always', 'never', 'exclusive'] },
  rsc_colocation: {
    'rsc-role': roles,
    'with-rsc-role': roles,
    influence: ['true', 'false'],
    'node-attribute': ['#uname', '#kind', 'site'],
  },
  rsc_order: {
    kind: ['Optional', 'Mandatory', 'Serialize'],
    symmetrical: ['true', 'false'],
    'require-all': ['true', 'false'],
    'first-action': ['start', 'stop', 'promote', 'demote'],
    'then-action': ['start', 'stop', 'promote', 'demote'],
  },
  rsc_ticket: { 'rsc-role': roles, 'loss-policy': ['stop', 'demote', 'fence', 'freeze'] },
  resource_set: {
    sequential: ['true', 'false'],
    'require-all': ['true', 'false'],
    role: roles,
    action: ['start', 'stop', 'promote', 'demote'],
  },
};

function attributeOfConstraint(cib: XmlElement, random: Random): Changed | undefined {
  const target = random.pick(elements(cib, ({ name }) => name in attributeChoices));
  const [name, values] = random.pick(Object.entries(attributeChoices[target?.name ?? ''] ?? {})) ?? ['', []];
  return withAttributes(cib, target, { [name]: random.pick(values) });
}

function scoreOf(random: Random): string {
  return choice(random, ...scores);
}

function constraint(
  cib: XmlElement,
  random: Random,
  added: { name: string; attributes: Attributes; inside?: XmlElement[] },
) {
  const { name, attributes, inside = [] } = added;
  return addedTo(cib, 'constraints', xmlElement(name, { id: newId(random), ...attributes }, inside));
}

function locationAdded(cib: XmlElement, random: Random): Changed | undefined {
  const [rsc, node] = [nameable(cib, random), random.pick(memberNodes(cib))?.get('uname')];
  if (rsc === undefined || node === undefined) return undefined;
  const more = someOf(random, attributeChoices.rsc_location ?? {}, 0.15);
  return constraint(cib, random, { name: 'rsc_location', attributes: { rsc, node, score: scoreOf(random), ...more } });
}

function ruledLocationAdded(cib: XmlElement, random: Random): Changed | undefined {
  const rsc = nameable(cib, random);
  if (rsc === undefined) return undefined;
  const more = someOf(random, attributeChoices.rsc_location ?? {}, 0.1);
  const role = random.chance(0.2) ? { role: choice(random, ...roles) } : {};
  const rule = randomRule(cib, random, { subject: 'node', attributes: { score: scoreOf(random), ...role } });
  return constraint(cib, random, { name: 'rsc_location', attributes: { rsc, ...more }, inside: [rule] });
}

function patternLocationAdded(cib: XmlElement, random: Random): Changed | undefined {
  const [rsc, node] = [nameable(cib, random), random.pick(memberNodes(cib))?.get('uname')];
  if (rsc === undefined || node === undefined) return undefined;
  if (random.chance(0.5)) {
    const pattern = choice(random, `^${rsc.slice(0, 2)}`, `!${rsc.slice(0, 3)}`, '.*', '([a-z]+)[0-9]$');
    return constraint(cib, random, {
      name: 'rsc_location',
      attributes: { 'rsc-pattern': pattern, node, score: scoreOf(random) },
    });
  }
  const set = resourceSet(cib, random, { most: 3, more: someOf(random, { role: roles, score: scores }, 0.2) });
  return constraint(cib, random, { name: 'rsc_location', attributes: { node, score: scoreOf(random) }, inside: [set] });
}

function twoResources(cib: XmlElement, random: Random): readonly [string, string] | undefined {
  const [one, other] = [nameable(cib, random), nameable(cib, random)];
  return one === undefined || other === undefined || one === other ? undefined : [one, other];
}

function colocationAdded(cib: XmlElement, random: Random): Changed | undefined {
  const two = twoResources(cib, random);
  if (two === undefined) return undefined;
  const more = someOf(random, attributeChoices.rsc_colocation ?? {}, 0.15);
  const attributes = { rsc: two[0], 'with-rsc': two[1], score: scoreOf(random), ...more };
  return constraint(cib, random, { name: 'rsc_colocation', attributes });
}

function colocatedSetsAdded(cib: XmlElement, random: Random): Changed | undefined {
  const sets = Array.from({ length: random.between(1, 3) }, () =>
    resourceSet(cib, random, {
      most: 3,
      more: someOf(random, { sequential: ['true', 'false'], role: roles, score: scores }, 0.2),
    }),
  );
  return constraint(cib, random, { name: 'rsc_colocation', attributes: { score: scoreOf(random) }, inside: sets });
}

function orderAdded(cib: XmlElement, random: Random): Changed | undefined {
  const two = twoResources(cib, random);
  if (two === undefined) return undefined;
  const kind = random.pick(orderKinds) ?? [];
  const attributes = Object.fromEntries([['first', two[0]], ['then', two[1]], ...kind]);
  return constraint(cib, random, { name: 'rsc_order', attributes });
}

function orderedSetsAdded(cib: XmlElement, random: Random): Changed | undefined {
  const { action: actions = [], ...others } = attributeChoices.resource_set ?? {};
  const sets = Array.from({ length: random.between(1, 3) }, () => {
    const action = random.chance(0.2) ? { action: choice(random, ...actions) } : {};
    const { role: _, ...more } = someOf(random, others, 0.3);
    return resourceSet(cib, random, { most: 3, more: { ...more, ...action } });
  });
  const attributes = someOf(random, { kind: ['Optional', 'Mandatory', 'Serialize'], symmetrical: ['false'] }, 0.3);
  return constraint(cib, random, { name: 'rsc_order', attributes, inside: sets });
}

function resourceSet(cib: XmlElement, random: Random, { most, more }: { most: number; more: Attributes }): XmlElement {
  const ids = Array.from({ length: random.between(1, most) }, () => nameable(cib, random));
  const references = [...new Set(ids)].flatMap((id) => (id === undefined ? [] : [xmlElement('resource_ref', { id })]));
  return xmlElement('resource_set', { id: newId(random), ...more }, references);
}

function ticketAdded(cib: XmlElement, random: Random): Changed | undefined {
  const rsc = nameable(cib, random);
  if (rsc === undefined) return undefined;
  const more = someOf(random, attributeChoices.rsc_ticket ?? {}, 0.5);
  const ticket = choice(random, 'ticketA', 'ticketB');
  if (random.chance(0.8)) return constraint(cib, random, { name: 'rsc_ticket', attributes: { rsc, ticket, ...more } });
  const { 'rsc-role': role, ...rest } = more;
  const set = resourceSet(cib, random, { most: 3, more: role === undefined ? {} : { role } });
  return constraint(cib, random, { name: 'rsc_ticket', attributes: { ticket, ...rest }, inside: [set] });
}
