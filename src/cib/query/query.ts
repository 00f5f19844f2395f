// Queries by XPath, as `cibadmin --query --xpath` and access control lists make them.
import { type Diagnostic, err, ok, type Result } from '../../kit/index.ts';
import type { XmlElement } from '../xml/element.ts';
import { xmlIndexOf } from '../xml/navigation.ts';
import { Evaluation, QueryTooCostly } from './evaluate.ts';
import type { Expression } from './expression.ts';
import { parseXPath } from './parser.ts';

/** Nodes that one query may look at: enough for any sensible one on a document of millions of elements. */
const visitsMax = 100_000_000;

/**
 * The elements that `xpath` selects in the tree, in document order; where it selects attributes, their elements. A
 * query that is none, or that would take too long, is a diagnostic.
 */
export function queryXml(root: XmlElement, xpath: string): Result<XmlElement[], Diagnostic> {
  const parsed = parseXPath(xpath);
  return parsed.ok ? runQuery(root, parsed.value, xpath) : parsed;
}

function runQuery(root: XmlElement, expression: Expression, xpath: string): Result<XmlElement[], Diagnostic> {
  try {
    const selected = new Evaluation(xmlIndexOf(root), visitsMax).select(expression);
    return ok([...new Set(selected.map((node) => (node.kind === 'element' ? node : node.owner)))]);
  } catch (problem) {
    if (!(problem instanceof QueryTooCostly)) throw problem;
    const fix = 'Begin it with a name rather than with *';
    return err({ severity: 'error', place: { path: xpath }, what: problem.message, fix });
  }
}
