// Rules decide whether a location preference or a set of values applies now, on this node, for this resource or
// operation. Source: Pacemaker Explained, "Rules". What is invalid in a rule (an unknown operation, a missing id, a
// value that does not parse) makes its condition fail, never the program: the validator reports it.
//
// Besides the verdict, a rule tells when time alone may change it, so that the cluster looks again then. Conditions that
// were not reached (after the first failure of an `and`, the first success of an `or`) say nothing.

import type { Instant } from '../values/date-time.ts';
import { intervalMsOf } from '../values/interval.ts';
import type { XmlElement } from '../xml/element.ts';
import type { XmlIndex } from '../xml/navigation.ts';
import { evaluateDateExpression } from './date-expression.ts';
import { evaluateNodeExpression } from './node-expression.ts';

export type ResourceAgent = {
  readonly class: string | undefined;
  readonly provider: string | undefined;
  readonly type: string | undefined;
};

/** What a rule may ask. A question whose answer is absent here finds "no value"; an operation expression then fails. */
export type RuleContext = {
  readonly now: Instant;
  readonly nodeAttribute?: (name: string) => string | undefined;
  readonly resource?: ResourceAgent;
  readonly operation?: { readonly name: string; readonly intervalMs: number };
  /** What the resource pattern of a location constraint matched: whole match, then its groups, for `%1` in attribute names. */
  readonly submatches?: readonly (string | undefined)[];
  /** The resource's parameter, for `value-source="param"`. */
  readonly parameter?: (name: string) => string | undefined;
  /** The resource's meta-attribute, for `value-source="meta"`. */
  readonly metaAttribute?: (name: string) => string | undefined;
};

/** `changesAt`: the earliest moment (epoch seconds) at which a condition that was looked at turns out differently. */
export type RuleVerdict = { readonly passes: boolean; readonly changesAt: number | undefined };

export const failing: RuleVerdict = { passes: false, changesAt: undefined };
export const passing: RuleVerdict = { passes: true, changesAt: undefined };

/** Nested references are followed so far; a rule that refers to itself fails. */
const nestingMax = 64;

/** Evaluates a `<rule>` of the document that `index` indexes. */
export function evaluateRule(rule: XmlElement, index: XmlIndex, context: RuleContext): RuleVerdict {
  return evaluateNested(rule, index, context, 0);
}

/** The earlier of two moments, either of which may not exist. */
export function earlier(left: number | undefined, right: number | undefined): number | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  return Math.min(left, right);
}

function evaluateNested(written: XmlElement, index: XmlIndex, context: RuleContext, depth: number): RuleVerdict {
  const reference = written.get('id-ref');
  const rule = reference === undefined ? written : index.only('rule', reference);
  if (rule === undefined || rule.id === undefined || depth > nestingMax) return failing;
  const how = (rule.get('boolean-op') ?? 'and').toLowerCase();
  if (how !== 'and' && how !== 'or') return failing;
  const decides = how === 'or';
  let changesAt: number | undefined;
  for (const condition of rule.children) {
    const verdict = evaluateCondition(condition, index, context, depth);
    changesAt = earlier(changesAt, verdict.changesAt);
    if (verdict.passes === decides) return { passes: decides, changesAt };
  }
  return { passes: !decides || rule.children.length === 0, changesAt };
}

function evaluateCondition(condition: XmlElement, index: XmlIndex, context: RuleContext, depth: number): RuleVerdict {
  if (condition.name === 'rule') return evaluateNested(condition, index, context, depth + 1);
  if (condition.id === undefined) return failing;
  switch (condition.name) {
    case 'expression':
      return evaluateNodeExpression(condition, context) ? passing : failing;
    case 'date_expression':
      return evaluateDateExpression(condition, context.now);
    case 'rsc_expression':
      return agentMatches(condition, context.resource) ? passing : failing;
    case 'op_expression':
      return operationMatches(condition, context.operation) ? passing : failing;
    default:
      return failing;
  }
}

function agentMatches(condition: XmlElement, resource: ResourceAgent | undefined): boolean {
  return (['class', 'provider', 'type'] as const).every((part) => {
    const wanted = condition.get(part);
    return wanted === undefined || wanted === resource?.[part];
  });
}

function operationMatches(condition: XmlElement, operation: RuleContext['operation']): boolean {
  if (operation === undefined || condition.get('name') !== operation.name) return false;
  const interval = condition.get('interval');
  return interval === undefined || intervalMsOf(interval) === operation.intervalMs;
}
