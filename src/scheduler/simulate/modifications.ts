// What was asked for before the document was looked at, as `crm_simulate` repeats it: a line or an element for each.
import { childAt, type XmlElement, xmlElement } from '../../cib/index.ts';
import { Outline } from '../render/outline.ts';
import type { Injection, OperationResult } from './injection.ts';

/** `Performing Requested Modifications`; empty when there were none. */
export function renderModifications(injections: readonly Injection[], cib: XmlElement): string {
  if (injections.length === 0) return '';
  const out = new Outline();
  out.heading(0, 'Performing Requested Modifications');
  for (const line of injections.flatMap((each) => modificationLines(each, cib))) out.item(1, line);
  return out.toString();
}

/** `<modifications>`; undefined when there were none. */
export function modificationsXml(injections: readonly Injection[], cib: XmlElement): XmlElement | undefined {
  if (injections.length === 0) return undefined;
  const given = (kind: 'quorum' | 'watchdog') =>
    injections.flatMap((each) => (each.kind === kind ? [each.given] : [])).at(-1);
  const attributes = { quorum: given('quorum'), watchdog: given('watchdog') };
  return xmlElement(
    'modifications',
    attributes,
    injections.flatMap((each) => modificationXml(each, cib)),
  );
}

/** The attributes that count a failure on its node. */
export function failureLines(failure: OperationResult, nodeId: string, nowSeconds: number): string[] {
  return countersOf(failure, nowSeconds).map(
    ({ name, value }) => `Injecting attribute ${name}=${value} into /node_state '${nodeId}'`,
  );
}

export function failureXml(failure: OperationResult, nodeId: string, nowSeconds: number): XmlElement[] {
  return countersOf(failure, nowSeconds).map(({ name, value }) =>
    xmlElement('inject_attr', { name, value, node_path: '/node_state', cib_node: nodeId }),
  );
}

/** Of a node of the document; a remote one is its own id. */
function nodeIdOf(cib: XmlElement, name: string): string {
  const nodes = childAt(cib, 'configuration', 'nodes')?.children ?? [];
  return nodes.find((node) => node.get('uname') === name)?.id ?? name;
}

const nodeVerbs = {
  up: { line: (name: string) => `Bringing node ${name} online`, action: 'Online' },
  down: { line: (name: string) => `Taking node ${name} offline`, action: 'Offline' },
  failed: { line: (name: string) => `Failing node ${name}`, action: 'Failing' },
} as const;

const ticketVerbs = {
  grant: { line: (id: string) => `Granting ticket ${id}`, action: 'Granting' },
  revoke: { line: (id: string) => `Revoking ticket ${id}`, action: 'Revoking' },
  standby: { line: (id: string) => `Making ticket ${id} standby`, action: 'Standby' },
  activate: { line: (id: string) => `Activating ticket ${id}`, action: 'Activating' },
} as const;

function modificationLines(injection: Injection, cib: XmlElement): string[] {
  switch (injection.kind) {
    case 'quorum':
      return [`Setting quorum: ${injection.given}`];
    case 'watchdog':
      return [`Setting watchdog: ${injection.given}`];
    case 'node':
      return [nodeVerbs[injection.becomes].line(injection.name)];
    case 'ticket':
      return [ticketVerbs[injection.change].line(injection.id)];
    case 'operation':
      return [`Injecting ${specification(injection.result)} into the configuration`];
    case 'failure':
      return failureLines(injection.result, nodeIdOf(cib, injection.result.node), injection.nowSeconds);
  }
}

function modificationXml(injection: Injection, cib: XmlElement): XmlElement[] {
  switch (injection.kind) {
    case 'quorum':
    case 'watchdog':
      return [];
    case 'node':
      return [xmlElement('modify_node', { action: nodeVerbs[injection.becomes].action, node: injection.name })];
    case 'ticket':
      return [xmlElement('modify_ticket', { action: ticketVerbs[injection.change].action, ticket: injection.id })];
    case 'operation':
      return [xmlElement('inject_spec', { spec: specification(injection.result) })];
    case 'failure':
      return failureXml(injection.result, nodeIdOf(cib, injection.result.node), injection.nowSeconds);
  }
}

/** In the form in which results are given on the command line. */
function specification({ resource, task, intervalMs, node, exitCode, status }: OperationResult): string {
  return `${resource}_${task}_${intervalMs}@${node}=${exitCode}${status === 0 ? '' : `,${status}`}`;
}

function countersOf({ resource, task, intervalMs }: OperationResult, nowSeconds: number) {
  const operation = `${resource}#${task}_${intervalMs}`;
  return [
    { name: `fail-count-${operation}`, value: 'value++' },
    { name: `last-failure-${operation}`, value: String(nowSeconds) },
  ];
}
