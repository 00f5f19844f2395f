// The graph in the XML that controllers carry out.

import { escapeAttribute } from '../../cib/index.ts';
import type { Action } from '../actions/action.ts';
import { type Cluster, type ClusterNode, isGuestOrBundleNode, type Primitive } from '../model/index.ts';
import { AttributeTexts } from './attribute-text.ts';
import { attributesOf } from './attributes.ts';
import { elementOf, hasNodeInformation, type Synapse, type TransitionGraph } from './graph.ts';
import { operationKeyOf } from './operation-key.ts';
import { routerOf } from './router.ts';

type Scheduled = { readonly cluster: Cluster; readonly graph: TransitionGraph };

/** One element a line, two spaces a level. */
export function formatGraph(scheduled: Scheduled): string {
  return [...graphTexts(scheduled)].join('');
}

/** The same, synapse by synapse: the text of a large cluster may be more than a string can hold. */
export function* graphTexts({ cluster, graph }: Scheduled): Generator<string> {
  const header = [...graph.attributes].map(([name, value]) => attribute(name, value)).join('');
  if (graph.synapses.length === 0) {
    yield `<transition_graph${header}/>\n`;
    return;
  }
  yield `<transition_graph${header}>\n`;
  const context = { cluster, graph, names: new Map(), nodes: new Map(), texts: new AttributeTexts(cluster) };
  for (const synapse of graph.synapses) {
    const out: string[] = [];
    writeSynapse(out, context, synapse);
    yield out.join('');
  }
  yield '</transition_graph>\n';
}

type Context = {
  readonly cluster: Cluster;
  readonly graph: TransitionGraph;
  /** What names an operation, by its key: the probes of a resource differ in nothing but their nodes. */
  readonly names: Map<string, { readonly task: string; readonly text: string }>;
  readonly nodes: Map<ClusterNode, string>;
  readonly texts: AttributeTexts;
};

function attribute(name: string, value: string | number): string {
  return ` ${name}="${typeof value === 'string' ? escapeAttribute(value) : value}"`;
}

function writeSynapse(out: string[], context: Context, synapse: Synapse): void {
  const priority = synapse.priority > 0 ? attribute('priority', synapse.priority) : '';
  out.push(`  <synapse id="${synapse.id}"${priority}>\n    <action_set>\n`);
  writeAction(out, context, synapse);
  out.push('    </action_set>\n');
  if (synapse.inputs.length === 0) out.push('    <inputs/>\n');
  else {
    out.push('    <inputs>\n');
    for (const input of synapse.inputs) {
      out.push(`      <trigger>\n        <${startOf(context, input)}/>\n      </trigger>\n`);
    }
    out.push('    </inputs>\n');
  }
  out.push('  </synapse>\n');
}

/** Element name and the attributes that name the action. */
function startOf(context: Context, action: Action): string {
  const mode = action.task === 'lrm_delete' ? attribute('mode', 'cib') : '';
  const internal = action.resource?.historyId === undefined ? '' : attribute('internal_operation_key', action.key);
  const names = `${attribute('id', action.id)}${operationText(context, action)}`;
  return `${elementOf(action)}${mode}${names}${internal}${nodeText(context, action)}`;
}

function operationText({ names }: Context, action: Action): string {
  const { task, key, resource } = action;
  const isPlain = resource?.historyId === undefined;
  const known = isPlain ? names.get(key) : undefined;
  if (known?.task === task) return known.text;
  const text = `${attribute('operation', task)}${attribute('operation_key', operationKeyOf(action))}`;
  if (isPlain) names.set(key, { task, text });
  return text;
}

function nodeText({ nodes }: Context, action: Action): string {
  const { node } = action;
  if (node === undefined || !hasNodeInformation(action)) return '';
  let named = nodes.get(node);
  if (named === undefined) {
    named = `${attribute('on_node', node.name)}${attribute('on_node_uuid', node.id)}`;
    nodes.set(node, named);
  }
  const router = routerOf(action);
  return router === undefined ? named : `${named}${attribute('router_node', router.name)}`;
}

function writeAction(out: string[], context: Context, { action }: Synapse): void {
  const indent = '        ';
  out.push(`      <${startOf(context, action)}${lockText(action)}>\n`);
  const resource = action.resource;
  if (resource?.variant === 'primitive' && !action.pseudo) out.push(`${indent}<primitive${agentText(resource)}/>\n`);
  writeAttributes(out, context, action);
  const downed = downedBy(context.cluster, action);
  if (downed.length > 0) {
    out.push(`${indent}<downed>\n`, ...downed.map((id) => `${indent}  <node${attribute('id', id)}/>\n`));
    out.push(`${indent}</downed>\n`);
  }
  if (action.task === 'maintenance_nodes') writeMaintenance(out, context.graph.maintenanceChanges);
  out.push(`      </${elementOf(action)}>\n`);
}

function lockText(action: Action): string {
  const { resource, node, task } = action;
  if (resource?.variant !== 'primitive' || resource.lock === undefined || resource.lock.node !== node) return '';
  if (!hasNodeInformation(action)) return '';
  return node.shuttingDown && task !== 'stop' ? '' : attribute('shutdown-lock', resource.lock.time);
}

/** Which agent acts, and under which names the resource is known. */
export function agentText(resource: Primitive): string {
  const { agent } = resource;
  const { id, longId } = agentNames(resource);
  const provider = agent.provider === undefined ? '' : attribute('provider', agent.provider);
  const long = longId === undefined ? '' : attribute('long-id', longId);
  return `${attribute('id', id)}${long}${attribute('class', agent.standard)}${provider}${attribute('type', agent.type)}`;
}

export function agentNames(resource: Primitive): { readonly id: string; readonly longId: string | undefined } {
  const { historyId } = resource;
  if (resource.removed && historyId !== undefined) return { id: historyId, longId: resource.id };
  if (resource.unique) return { id: resource.id, longId: undefined };
  const id = resource.xml.id ?? resource.id;
  return { id, longId: historyId !== undefined && historyId !== id ? historyId : resource.id };
}

function writeAttributes(out: string[], { cluster, texts }: Context, action: Action): void {
  const known = texts.of(action);
  if (known !== undefined) {
    out.push(`        <attributes${known}/>\n`);
    return;
  }
  const { values, numbered } = attributesOf(cluster, action);
  const text = values.map(([name, value]) => attribute(name, value)).join('');
  if (numbered.length === 0) {
    out.push(`        <attributes${text}/>\n`);
    return;
  }
  out.push(`        <attributes${text}>\n`);
  for (const [name, value] of numbered) {
    out.push(`          <param${attribute('name', name)}${attribute('value', value)}/>\n`);
  }
  out.push('        </attributes>\n');
}

/** Ids of the nodes that are gone once the action is done. */
function downedBy(cluster: Cluster, action: Action): string[] {
  const { node, resource } = action;
  if (node === undefined || !hasNodeInformation(action)) return [];
  if (action.task === 'do_shutdown') return [node.id];
  if (action.task === 'stonith')
    return action.meta('stonith_action') === 'on' ? [] : [node.id, ...guestsOn(cluster, node)];
  if (action.task !== 'stop' || resource?.variant !== 'primitive' || resource.connectionKind === 'none') return [];
  // Also where the migration turned out to be impossible: the node comes back all the same.
  const moves = action.befores.some(({ first }) => first.resource === resource && first.task === 'migrate_from');
  return moves ? [] : [resource.id];
}

function guestsOn(cluster: Cluster, host: ClusterNode): string[] {
  return host.running.flatMap((resource) => {
    const guest = cluster.nodes.find((node) => node.connection === resource && isGuestOrBundleNode(node));
    return guest === undefined ? [] : [guest.id];
  });
}

function writeMaintenance(out: string[], nodes: readonly ClusterNode[]): void {
  out.push('        <maintenance>\n');
  for (const node of nodes) {
    const state = attribute('node_in_maintenance', node.maintenance ? '1' : '0');
    out.push(`          <node${attribute('id', node.id)}${state}/>\n`);
  }
  out.push('        </maintenance>\n');
}
