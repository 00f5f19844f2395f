// What Pacemaker 2.1.5 takes otherwise, written so that it takes it as Haven does.
import { childAt, replaceElement, rewriteElements, type XmlElement, xmlElement } from '../../cib/index.ts';

/** The document as 2.1.5 takes it in the same way. */
export function older(cib: XmlElement): XmlElement {
  const config = childAt(cib, 'configuration', 'crm_config');
  const empty = config !== undefined && config.children.length === 0 ? config : undefined;
  const options = empty?.append(xmlElement('cluster_property_set', { id: 'cib-bootstrap-options' }));
  const complete = empty === undefined || options === undefined ? cib : replaceElement(cib, empty, options);
  return rewriteElements(complete, olderElement) ?? cib;
}

function olderElement(element: XmlElement): XmlElement {
  switch (element.name) {
    case 'rsc_location':
      return withPlainRules(withoutStarted(element));
    case 'lrm_resource':
      return withOperationKeys(element);
    case 'cluster_property_set':
      return withConcurrentFencing(element);
    case 'date_expression':
      return withOffsetsApart(element);
    default:
      return element;
  }
}

/** A location for the role Started is for every role; in 2.1.5 it is for nothing that can be promoted (1 §12.2). */
function withoutStarted(location: XmlElement): XmlElement {
  const forAny = (element: XmlElement) =>
    element.get('role')?.toLowerCase() === 'started' ? element.with({ role: undefined }) : element;
  return forAny(location).withNodes(
    location.nodes.map((node) => (node.kind === 'element' && node.name !== 'resource_ref' ? forAny(node) : node)),
  );
}

/** To what a rule with `or` gives its nodes, 2.1.5 adds what they are worth themselves (1 §12.3). */
function withPlainRules(location: XmlElement): XmlElement {
  return location.withNodes(
    location.nodes.map((node) => {
      if (node.kind !== 'element' || node.name !== 'rule' || node.get('boolean-op') !== 'or') return node;
      const inner = xmlElement('rule', { id: `${node.id}-or`, 'boolean-op': 'or', score: '0' }).withNodes(node.nodes);
      return node.with({ 'boolean-op': undefined }).withNodes([inner]);
    }),
  );
}

/** An offset from UTC that follows the time at once is none in 2.1.5 (1 §4.5). */
function withOffsetsApart(expression: XmlElement): XmlElement {
  const apart = (text: string | undefined) => text?.replace(/^(.+[T ][\d:]+)([+-][\d:]+)$/, '$1 $2');
  return expression.with({ start: apart(expression.get('start')), end: apart(expression.get('end')) });
}

/** Nodes are fenced one after the other in 2.1.5 unless the option says otherwise (1 §5.1). */
function withConcurrentFencing(set: XmlElement): XmlElement {
  const name = 'concurrent-fencing';
  if (set.children.some((each) => each.get('name') === name || each.name === 'rule')) return set;
  return set.append(xmlElement('nvpair', { id: `${set.id}-${name}`, name, value: 'true' }));
}

/** 2.1.5 looks for the configuration of a recorded operation by its key, Haven by its name and interval (1 §10.7). */
function withOperationKeys(record: XmlElement): XmlElement {
  return record.withNodes(
    record.children.map((entry) => {
      const key = `${record.id}_${entry.get('operation')}_${entry.get('interval') ?? '0'}`;
      return entry.has('operation_key') ? entry : entry.with({ operation_key: key });
    }),
  );
}
