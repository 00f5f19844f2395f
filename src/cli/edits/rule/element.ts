// Conditions as elements of a rule in the document, and back. Ids are those that pcs(8) gives.
import { parseInstant, type XmlElement, xmlElement } from '../../../cib/index.ts';
import { CommandFailure } from '../../../kit/index.ts';
import type { Condition } from './condition.ts';

/** A `<rule>` of this id; `attributes` are its score and role. @throws CommandFailure `usage` for what is no date */
export function ruleElement(
  id: string,
  condition: Condition,
  attributes: Readonly<Record<string, string | undefined>> = {},
): XmlElement {
  const parts = isJoined(condition) ? condition.of : [condition];
  const operator = condition.kind === 'any' ? 'or' : 'and';
  const counts = { expr: 0, rule: 0 };
  const children = parts.map((part) => {
    const word = isJoined(part) ? 'rule' : 'expr';
    const number = counts[word]++;
    const childId = `${id}-${word}${number === 0 ? '' : `-${number}`}`;
    return isJoined(part) ? ruleElement(childId, part) : expression(childId, part);
  });
  return xmlElement('rule', { id, 'boolean-op': operator, ...attributes }, children);
}

/** The rule in the words that make it. */
export function ruleText(rule: XmlElement): string {
  const joint = rule.get('boolean-op')?.toLowerCase() === 'or' ? ' or ' : ' and ';
  const parts = rule.children.map((child) => {
    const text = conditionText(child);
    return child.name === 'rule' && child.children.length > 1 ? `(${text})` : text;
  });
  return parts.join(joint);
}

type Joined = Extract<Condition, { kind: 'all' | 'any' }>;

function isJoined(condition: Condition): condition is Joined {
  return condition.kind === 'all' || condition.kind === 'any';
}

function expression(id: string, part: Exclude<Condition, Joined>): XmlElement {
  switch (part.kind) {
    case 'defined':
    case 'not_defined':
      return xmlElement('expression', { id, operation: part.kind, attribute: part.attribute });
    case 'compared': {
      const { attribute, operation, type, value } = part;
      return xmlElement('expression', { id, operation, attribute, type, value });
    }
    case 'before':
      return xmlElement('date_expression', { id, operation: 'lt', end: dated(part.date) });
    case 'after':
      return xmlElement('date_expression', { id, operation: 'gt', start: dated(part.date) });
    case 'span': {
      const [start, end] = [part.start, part.end].map((date) => (date === undefined ? undefined : dated(date)));
      return xmlElement('date_expression', { id, operation: 'in_range', start, end });
    }
    case 'period': {
      const duration = xmlElement('duration', { id: `${id}-duration`, ...Object.fromEntries(part.parts) });
      return xmlElement('date_expression', { id, operation: 'in_range', start: dated(part.start) }, [duration]);
    }
    case 'calendar': {
      const spec = xmlElement('date_spec', { id: `${id}-datespec`, ...Object.fromEntries(part.parts) });
      return xmlElement('date_expression', { id, operation: 'date_spec' }, [spec]);
    }
  }
}

function dated(text: string): string {
  if (parseInstant(text, { epochSeconds: 0, offsetSeconds: 0 }) !== undefined) return text;
  const fix = 'Write it as in 2030-12-31 or 2030-12-31T18:00Z';
  throw new CommandFailure({ kind: 'usage', what: `'${text}' is no date`, fix });
}

function conditionText(element: XmlElement): string {
  const at = (name: string) => element.get(name) ?? '';
  switch (element.name) {
    case 'rule':
      return ruleText(element);
    case 'expression': {
      const operation = at('operation');
      if (operation === 'defined' || operation === 'not_defined') return `${operation} ${quoted(at('attribute'))}`;
      return words([at('attribute'), operation, at('type'), at('value')]);
    }
    case 'date_expression':
      return dateText(element);
    case 'rsc_expression':
      return words(['resource', at('class'), at('provider'), at('type')]);
    case 'op_expression':
      return words(['op', at('name'), at('interval')]);
    default:
      return element.name;
  }
}

function dateText(element: XmlElement): string {
  const [start = '', end = ''] = [element.get('start'), element.get('end')];
  const parts = (name: string) =>
    [...(element.child(name)?.attributes() ?? [])]
      .filter(([key]) => key !== 'id')
      .map(([key, value]) => `${key}=${value}`);
  switch (element.get('operation')) {
    case 'lt':
      return words(['date', 'lt', end]);
    case 'gt':
      return words(['date', 'gt', start]);
    case 'date_spec':
      return ['date-spec', ...parts('date_spec')].join(' ');
    default:
      if (element.child('duration') === undefined) return words(['date', 'in_range', start, 'to', end]);
      return [words(['date', 'in_range', start, 'to', 'duration']), ...parts('duration')].join(' ');
  }
}

function words(texts: readonly string[]): string {
  return texts
    .filter((text) => text !== '')
    .map(quoted)
    .join(' ');
}

function quoted(text: string): string {
  return /[\s()]/.test(text) ? `"${text}"` : text;
}
