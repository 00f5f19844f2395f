// Whether ids are unique, references lead somewhere, and nothing depends on itself.
import { nearest } from '../../kit/index.ts';
import type { XmlElement } from '../xml/element.ts';
import { childAt, walkXml, type XmlIndex } from '../xml/navigation.ts';
import type { Findings } from './findings.ts';

const resourceNames = ['primitive', 'group', 'clone', 'master', 'bundle'];
const constraintTargets = [...resourceNames, 'template', 'tag'];

type Reference = { readonly of: readonly string[]; readonly attribute: string; readonly to: readonly string[] };

/** Attributes that name something: of which elements, and what they name. */
const references: readonly Reference[] = [
  { of: ['primitive'], attribute: 'template', to: ['template'] },
  { of: ['rsc_location', 'rsc_colocation', 'rsc_ticket'], attribute: 'rsc', to: constraintTargets },
  { of: ['rsc_colocation'], attribute: 'with-rsc', to: constraintTargets },
  { of: ['rsc_order'], attribute: 'first', to: constraintTargets },
  { of: ['rsc_order'], attribute: 'then', to: constraintTargets },
  { of: ['resource_ref'], attribute: 'id', to: constraintTargets },
  { of: ['role'], attribute: 'id', to: ['acl_role'] },
  { of: ['obj_ref'], attribute: 'id', to: [] },
  { of: ['acl_permission'], attribute: 'reference', to: [] },
];

const noReferences: readonly Reference[] = [];
const referencesOf: ReadonlyMap<string, readonly Reference[]> = new Map(
  references.flatMap(({ of }) => of).map((element) => [element, references.filter(({ of }) => of.includes(element))]),
);

/** Elements whose `id` is a reference, or that live under rules of their own. */
const withoutOwnId: ReadonlySet<string> = new Set([
  'resource_ref',
  'obj_ref',
  'role',
  'role_ref',
  'node',
  'acl_target',
  'acl_group',
]);

export function checkReferences(cib: XmlElement, index: XmlIndex, findings: Findings): void {
  const configuration = cib.child('configuration');
  if (configuration === undefined) return;
  const byId = new Map<string, XmlElement[]>();
  walkXml(configuration, (element) => {
    const { id } = element;
    if (id === undefined || withoutOwnId.has(element.name)) return;
    const holders = byId.get(id);
    if (holders === undefined) byId.set(id, [element]);
    else holders.push(element);
  });
  checkUniqueness(byId, findings);
  walkXml(configuration, (element) => checkElementReferences(element, byId, index, findings));
  checkNodes(configuration, findings);
}

function checkUniqueness(byId: ReadonlyMap<string, readonly XmlElement[]>, findings: Findings): void {
  for (const [id, elements] of byId) {
    if (elements.length < 2) continue;
    const [first, ...others] = elements;
    for (const other of others) {
      const where = first === undefined || first.line === 0 ? '' : ` in line ${first.line}`;
      findings.add('error', other, {
        what: `the id '${id}' is taken`,
        why: `a <${first?.name}>${where} has it`,
        fix: 'Give one of them another id',
      });
    }
  }
}

function checkElementReferences(
  element: XmlElement,
  byId: ReadonlyMap<string, readonly XmlElement[]>,
  index: XmlIndex,
  findings: Findings,
): void {
  const reference = element.get('id-ref');
  if (reference !== undefined) checkTarget(element, 'id-ref', reference, [element.name], byId, findings);
  if (reference !== undefined && isInside(element, reference, index)) {
    findings.add('error', element, {
      what: `id-ref="${reference}" refers to what it is part of`,
      why: 'that would never end',
    });
  }
  if (element.name === 'primitive' && element.get('template') === element.id && element.has('template')) {
    findings.add('error', element, { what: `the primitive '${element.id}' is its own template` });
  }
  for (const { attribute, to } of referencesOf.get(element.name) ?? noReferences) {
    const value = element.get(attribute);
    if (value !== undefined) checkTarget(element, attribute, value, to, byId, findings);
  }
}

function checkTarget(
  element: XmlElement,
  attribute: string,
  value: string,
  to: readonly string[],
  byId: ReadonlyMap<string, readonly XmlElement[]>,
  findings: Findings,
): void {
  const holders = byId.get(value) ?? [];
  if (holders.some(({ name }) => to.length === 0 || to.includes(name))) return;
  const suitable = [...byId].filter(([, held]) => held.some(({ name }) => to.length === 0 || to.includes(name)));
  const meant = nearest(
    value,
    suitable.map(([id]) => id),
  );
  const [holder] = holders;
  findings.add('error', element, {
    what: `${attribute}="${value}" refers to ${holder === undefined ? 'nothing' : `a <${holder.name}>`}`,
    why: to.length === 0 ? 'nothing has that id' : `it must be the id of ${to.map((name) => `<${name}>`).join(' or ')}`,
    ...(meant === undefined ? {} : { fix: `Did you mean '${meant}'?` }),
  });
}

function isInside(element: XmlElement, id: string, index: XmlIndex): boolean {
  let above = index.parentOf(element);
  while (above !== undefined && above.id !== id) above = index.parentOf(above);
  return above !== undefined && above.name === element.name;
}

function checkNodes(configuration: XmlElement, findings: Findings): void {
  const seen = new Map<string, XmlElement>();
  for (const node of childAt(configuration, 'nodes')?.childrenNamed('node') ?? []) {
    for (const [attribute, value] of [
      ['id', node.id],
      ['uname', node.get('uname')],
    ] as const) {
      if (value === undefined) continue;
      const key = `${attribute} ${value.toLowerCase()}`;
      if (seen.has(key))
        findings.add('error', node, { what: `the node ${attribute} '${value}' is taken`, why: 'another node has it' });
      else seen.set(key, node);
    }
  }
}
