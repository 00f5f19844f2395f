// Whether the configuration is made of known elements with known attributes and values of their types.
import { nearest } from '../../kit/index.ts';
import type { XmlElement } from '../xml/element.ts';
import type { Findings } from './findings.ts';
import { type ElementGrammar, grammar } from './grammar.ts';
import { lenientTypes, valueProblem } from './value-type.ts';

export function checkStructure(cib: XmlElement, findings: Findings): void {
  if (cib.name !== 'cib') {
    findings.add('error', cib, { what: `the document is a <${cib.name}>, not a <cib>` });
    return;
  }
  for (const section of ['configuration', 'status']) {
    if (cib.childrenNamed(section).length > 1)
      findings.add('error', cib, { what: `there is more than one <${section}>` });
  }
  if (cib.child('configuration') === undefined) findings.add('error', cib, { what: 'there is no <configuration>' });
  checkElement(cib, findings);
}

function checkElement(element: XmlElement, findings: Findings): void {
  const known = grammar.get(element.name);
  if (known === undefined) return;
  checkAttributes(element, known, findings);
  checkText(element, findings);
  for (const child of element.children) {
    if (child.name === 'status' && element.name === 'cib') continue;
    if (known.children.has(child.name)) {
      checkElement(child, findings);
      continue;
    }
    const elsewhere = grammar.has(child.name);
    const meant = nearest(child.name, known.children);
    findings.add('error', child, {
      what: elsewhere ? `<${child.name}> does not belong in <${element.name}>` : `there is no element <${child.name}>`,
      ...(meant === undefined || elsewhere ? {} : { fix: `Did you mean <${meant}>?` }),
    });
  }
  checkContents(element, findings);
}

function checkAttributes(element: XmlElement, known: ElementGrammar, findings: Findings): void {
  // Pairs, not `attributes()`: every attribute of the document comes by here.
  const pairs = element.attributePairs;
  for (let index = 0; index < pairs.length; index += 2) {
    const name = pairs[index] as string;
    const value = pairs[index + 1] as string;
    const attribute = known.attributes.get(name);
    // Names with a prefix belong to someone else's namespace.
    if (name.includes(':') || name === 'xmlns') continue;
    if (attribute === undefined) {
      const meant = nearest(name, known.attributes.keys());
      const what = `<${element.name}> has no attribute '${name}'`;
      findings.add('error', element, { what, ...(meant === undefined ? {} : { fix: `Did you mean '${meant}'?` }) });
      continue;
    }
    const problem = valueProblem(attribute.type, value);
    if (problem === undefined) continue;
    const { expects, ...fix } = problem;
    findings.add(lenientTypes.has(attribute.type) ? 'warning' : 'error', element, {
      what: `${name}="${shortened(value)}" is not valid`,
      why: `it must be ${expects}`,
      ...fix,
    });
  }
  if (element.has('id-ref')) return;
  for (const name of known.required) {
    if (!element.has(name)) findings.add('error', element, { what: `<${element.name}> needs '${name}'` });
  }
}

function checkText(element: XmlElement, findings: Findings): void {
  if (element.children === element.nodes) return;
  const text = element.nodes.find((node) => node.kind === 'text');
  if (text === undefined) return;
  findings.add('error', element, {
    what: `text '${shortened(text.text.trim())}' inside <${element.name}>`,
    why: 'it would be ignored',
  });
}

const requiredSections = ['crm_config', 'nodes', 'resources', 'constraints'];

/** What a table of names cannot say. */
function checkContents(element: XmlElement, findings: Findings): void {
  const needs = (what: string, fix?: string) =>
    findings.add('error', element, fix === undefined ? { what } : { what, fix });
  const count = (...names: string[]) => element.children.filter(({ name }) => names.includes(name)).length;
  const oneOf = (...names: string[]) => names.filter((name) => element.has(name)).length;
  switch (element.name) {
    case 'configuration':
      for (const section of requiredSections)
        if (count(section) === 0) needs(`there is no <${section}>`, `Add <${section}/>`);
      return;
    case 'rule':
      if (element.children.length === 0 && !element.has('id-ref')) needs('a rule needs at least one expression');
      return;
    case 'resource_set':
      if (count('resource_ref') === 0 && !element.has('id-ref'))
        needs('a resource set needs at least one <resource_ref>');
      return;
    case 'rsc_ticket':
      if (count('resource_set') === 0 && !element.has('rsc')) needs('a ticket constraint needs rsc or <resource_set>');
      return;
    case 'template':
      checkAgent(element, findings);
      return;
    case 'primitive':
      if (!element.has('template')) checkAgent(element, findings);
      return;
    case 'group':
      if (count('primitive') === 0) needs('a group needs at least one primitive');
      return;
    case 'clone':
    case 'master':
      if (count('primitive', 'group') !== 1) needs(`a ${element.name} needs exactly one primitive or group`);
      return;
    case 'bundle':
      if (count('docker', 'podman', 'rkt') !== 1) needs('a bundle needs exactly one of <podman> and <docker>');
      if (count('primitive') > 1) needs('a bundle holds at most one primitive');
      return;
    case 'nvpair':
      if (!element.has('id-ref') && !element.has('name')) needs('<nvpair> needs a name');
      return;
    case 'rsc_location':
      if (count('resource_set') === 0 && oneOf('rsc', 'rsc-pattern') !== 1)
        needs('a location constraint needs one of rsc, rsc-pattern and <resource_set>');
      if (count('rule', 'lifetime') === 0 && !element.has('node'))
        needs('a location constraint needs a node or a <rule>');
      if (element.has('node') && !element.has('score')) needs('a location constraint with a node needs a score');
      return;
    case 'rsc_colocation':
      if (count('resource_set') === 0 && oneOf('rsc', 'with-rsc') < 2)
        needs('a colocation needs rsc and with-rsc, or <resource_set>');
      return;
    case 'rsc_order':
      if (count('resource_set') === 0 && oneOf('first', 'then') < 2)
        needs('an order needs first and then, or <resource_set>');
      return;
    case 'acl_permission':
      if (oneOf('xpath', 'reference', 'object-type') !== 1)
        needs('a permission needs exactly one of xpath, reference and object-type');
      return;
    case 'fencing-level':
      if (oneOf('target', 'target-pattern', 'target-attribute') !== 1)
        needs('a fencing level needs exactly one of target, target-pattern and target-attribute');
  }
}

function checkAgent(resource: XmlElement, findings: Findings): void {
  if (!resource.has('class') || !resource.has('type')) {
    findings.add('error', resource, { what: `a ${resource.name} needs class and type`, fix: 'Or name a template' });
  }
  if (resource.get('class') === 'ocf' && !resource.has('provider')) {
    findings.add('error', resource, { what: 'an ocf resource needs a provider', fix: 'e.g. provider="heartbeat"' });
  }
}

function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
