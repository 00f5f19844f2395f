// Rules as administrators write them, and some that are never true.
import { type XmlElement, xmlElement } from '../../../cib/index.ts';
import type { Random } from '../../../kit/index.ts';
import { choice, elements, memberNodes, newId } from './editing.ts';

/** What the rule may ask about beside the time. */
export type RuleSubject = 'node' | 'resource' | 'operation' | 'time';

export function randomRule(
  cib: XmlElement,
  random: Random,
  options: { readonly subject: RuleSubject; readonly attributes?: Readonly<Record<string, string>> },
): XmlElement {
  const conditions = Array.from({ length: random.between(1, 2) }, () => condition(cib, random, options.subject));
  const operator = random.chance(0.5) ? { 'boolean-op': choice(random, 'and', 'or') } : {};
  return xmlElement('rule', { id: newId(random), ...options.attributes, ...operator }, conditions);
}

function condition(cib: XmlElement, random: Random, subject: RuleSubject): XmlElement {
  if (random.chance(0.3)) return dateExpression(random);
  switch (subject) {
    case 'node':
      return nodeExpression(cib, random);
    case 'resource': {
      const agent = random.pick(elements(cib, ({ name }) => name === 'primitive'));
      const [name, ...others] = random.shuffled(['class', 'type']);
      // 2.1.5 takes a rule without a provider to be about agents without one.
      const parts = ['provider', name, ...(random.chance(0.5) ? others : [])];
      const attributes = Object.fromEntries(parts.map((part) => [part ?? '', agent?.get(part ?? '')]));
      return xmlElement('rsc_expression', { id: newId(random), ...attributes });
    }
    case 'operation': {
      const interval = random.chance(0.5) ? { interval: choice(random, '0', '10s', '15000ms', '1min') } : {};
      return xmlElement('op_expression', { id: newId(random), name: choice(random, 'monitor', 'start'), ...interval });
    }
    case 'time':
      return dateExpression(random);
  }
}

function nodeExpression(cib: XmlElement, random: Random): XmlElement {
  const id = newId(random);
  const operation = choice(random, 'eq', 'ne', 'lt', 'gte', 'lte', 'gt', 'defined', 'not_defined');
  const isUnary = operation.endsWith('defined');
  const pairs = elements(cib, (each) => each.name === 'nvpair' && each.has('name') && each.has('value'));
  const pair = random.pick(pairs);
  const node = random.pick(memberNodes(cib))?.get('uname') ?? 'node1';
  const [attribute, value] =
    random.chance(0.5) || pair === undefined
      ? [
          choice(random, '#uname', '#kind', '#is_dc', '#id', '#cluster-name', '#site-name'),
          choice(random, node, 'cluster', 'true', '1'),
        ]
      : [pair.get('name') ?? '', choice(random, pair.get('value') ?? '', '1', '2.5', 'x')];
  if (isUnary) return xmlElement('expression', { id, attribute, operation });
  const type = random.chance(0.4) ? { type: choice(random, 'string', 'integer', 'number', 'version') } : {};
  return xmlElement('expression', { id, attribute, operation, value, ...type });
}

/** Around the time at which documents without one are taken to be looked at (2023-11-14 22:13:20 UTC). */
function dateExpression(random: Random): XmlElement {
  const id = newId(random);
  const [early, late] = [
    '2023-01-01',
    choice(random, '2023-11-14 22:13:20Z', '2024-02-29T10:00:00+02:00', '2030-W05-3'),
  ];
  switch (random.below(5)) {
    case 0:
      return xmlElement('date_expression', { id, operation: 'gt', start: choice(random, early, late) });
    case 1:
      return xmlElement('date_expression', { id, operation: 'lt', end: choice(random, early, late) });
    case 2:
      return xmlElement('date_expression', {
        id,
        operation: 'in_range',
        start: early,
        end: choice(random, late, '2023-06-01'),
      });
    case 3: {
      const length = {
        [choice(random, 'months', 'years', 'weeks', 'days', 'hours')]: choice(random, '1', '10', '400'),
      };
      const duration = xmlElement('duration', { id: newId(random), ...length });
      return xmlElement('date_expression', { id, operation: 'in_range', start: early }, [duration]);
    }
    default: {
      const unit = choice(
        random,
        'years',
        'months',
        'monthdays',
        'weekdays',
        'hours',
        'yeardays',
        'weeks',
        'weekyears',
      );
      const range = choice(random, '1-5', '2023', '2', '10-', '-300', '22', '2020-2024');
      const spec = xmlElement('date_spec', { id: newId(random), [unit]: range });
      return xmlElement('date_expression', { id, operation: 'date_spec' }, [spec]);
    }
  }
}
