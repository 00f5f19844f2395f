// A transition graph as text that two programs can be compared by: each action with its attributes and what it waits
// for, without the numbers that programs give to actions, in no order.
import { parseXml, type XmlElement } from '../../cib/index.ts';

/** A line for each thing that is said of an action; undefined for what is no graph. */
export function graphText(xml: string): string | undefined {
  const parsed = parseXml(xml);
  if (!parsed.ok) return undefined;
  return parsed.value.childrenNamed('synapse').flatMap(synapseLines).toSorted().join('\n');
}

function synapseLines(synapse: XmlElement): string[] {
  const actions = synapse.child('action_set')?.children ?? [];
  const inputs = (synapse.child('inputs')?.children ?? []).flatMap(({ children }) => children.map(nameOf));
  return actions.flatMap((action) => [
    `${nameOf(action)} is ${elementText(action.withNodes([]))} priority ${synapse.get('priority') ?? '0'}`,
    ...action.children.map((child) => `${nameOf(action)} has ${elementText(child)}`),
    ...inputs.map((input) => `${nameOf(action)} after ${input}`),
  ]);
}

function nameOf(action: XmlElement): string {
  return `${action.get('operation_key')} ${action.get('operation')} ${action.get('on_node') ?? ''}`.trimEnd();
}

/** Numbers of actions and of instances are left out, and what only says how the configuration was read. */
function elementText(element: XmlElement): string {
  const isFencing = element.has('CRM_meta_stonith_action');
  const pairs = [...element.attributes()].filter(([name]) => !unnamed.has(name) && (!isFencing || fencing.has(name)));
  const inside = element.children.map((child) => `${elementText(child)};`);
  return [element.name, ...pairs.map(([name, value]) => `${name}=${value}`), ...inside].join(' ');
}

const unnamed = new Set([
  'CRM_meta_on_fail',
  'id',
  'crm_feature_set',
  'CRM_meta_clone',
  'long-id',
  'internal_operation_key',
]);

/** The older generation also puts the attributes of the node there. */
const fencing = new Set([
  'CRM_meta_on_node',
  'CRM_meta_on_node_uuid',
  'CRM_meta_priority_fencing_delay',
  'CRM_meta_stonith_action',
]);
