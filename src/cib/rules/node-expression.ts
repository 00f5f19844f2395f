// `<expression>`: compares a node attribute with a value written there, a parameter or a meta-attribute.

import { compareVersions, parseInteger } from '../values/scalar.ts';
import type { XmlElement } from '../xml/element.ts';
import type { RuleContext } from './rule.ts';

/** Whether the condition holds; false for a condition that is not well formed. */
export function evaluateNodeExpression(condition: XmlElement, context: RuleContext): boolean {
  const attribute = condition.get('attribute');
  const operation = condition.get('operation')?.toLowerCase();
  const written = condition.get('value');
  if (attribute === undefined || operation === undefined) return false;
  const actual = context.nodeAttribute?.(withSubmatches(attribute, context.submatches));
  if (operation === 'defined' || operation === 'not_defined') {
    return written === undefined && (actual !== undefined) === (operation === 'defined');
  }
  if (written === undefined) return false;
  const source = (condition.get('value-source') ?? 'literal').toLowerCase();
  const type = condition.get('type')?.toLowerCase();
  if (!['literal', 'param', 'meta'].includes(source)) return false;
  if (type !== undefined && !['string', 'integer', 'number', 'version'].includes(type)) return false;
  return holds(operation, type, actual, referenceValue(written, source, context));
}

function referenceValue(written: string, source: string, context: RuleContext): string | undefined {
  if (source === 'param') return context.parameter?.(written);
  if (source === 'meta') return context.metaAttribute?.(written);
  return written;
}

function holds(
  operation: string,
  type: string | undefined,
  actual: string | undefined,
  reference: string | undefined,
): boolean {
  const bothThere = actual !== undefined && reference !== undefined;
  switch (operation) {
    case 'eq':
      return bothThere ? compareTyped(type ?? 'string', actual, reference) === 0 : actual === reference;
    case 'ne':
      return bothThere ? compareTyped(type ?? 'string', actual, reference) !== 0 : actual !== reference;
    case 'lt':
      return bothThere && compareTyped(type ?? orderedType(actual, reference), actual, reference) < 0;
    case 'lte':
      return bothThere && compareTyped(type ?? orderedType(actual, reference), actual, reference) <= 0;
    case 'gt':
      return bothThere && compareTyped(type ?? orderedType(actual, reference), actual, reference) > 0;
    case 'gte':
      return bothThere && compareTyped(type ?? orderedType(actual, reference), actual, reference) >= 0;
    default:
      return false;
  }
}

function orderedType(actual: string, reference: string): string {
  return actual.includes('.') || reference.includes('.') ? 'number' : 'integer';
}

function compareTyped(type: string, left: string, right: string): number {
  if (type === 'version') return compareVersions(left, right);
  if (type === 'integer' || type === 'number') {
    const parse = type === 'integer' ? parseInteger : parseNumber;
    const [first, second] = [parse(left), parse(right)];
    if (first !== undefined && second !== undefined) return first - second;
  }
  const [first, second] = [left.toLowerCase(), right.toLowerCase()];
  return first === second ? 0 : first < second ? -1 : 1;
}

function parseNumber(text: string): number | undefined {
  const match = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/.exec(text);
  return match === null ? undefined : Number(match[0]);
}

/** `%1` … `%9` stand for what the resource pattern's groups matched. */
function withSubmatches(attribute: string, submatches: RuleContext['submatches']): string {
  if (submatches === undefined) return attribute;
  return attribute.replace(/%(\d)/g, (_, group) => submatches[Number(group)] ?? '');
}
