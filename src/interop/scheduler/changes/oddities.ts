// Values that nobody means, as typing errors and old tools leave them: where a name is known, what counts for nothing?
import { type XmlElement, xmlElement } from '../../../cib/index.ts';
import type { Random } from '../../../kit/index.ts';
import {
  type Change,
  type Changed,
  choice,
  memberNodes,
  named,
  newId,
  nvset,
  replaced,
  resourceNames,
  section,
  withAttributes,
  withPairFirst,
} from './editing.ts';
import { clusterOptions, metaAttributes } from './vocabulary.ts';

export const oddities: readonly Change[] = [
  oddMetaAttribute,
  oddMetaAttribute,
  oddMetaAttribute,
  oddOption,
  oddOption,
  oddNodeAttribute,
  oddReport,
  oddReport,
  oddOperation,
  oddOperationPair,
  oddParameter,
  oddUtilization,
];

/** What generations are known to read differently is left out: `+1`, `P1D`, an operation's timeout of 0. */
const numbers = ['-1', '0', '1.5', '2x', ' 1', '99999999999', 'INFINITY', '-INFINITY', '+INFINITY', 'infinity'];
const words = ['', 'bogus', 'TRUE', 'Yes', 'off', 'default', '#default', 'STOPPED', 'stopped', 'Slave', 'MASTER'];
const durations = ['10', '90000ms', '1min', '2h', '1.9', '10 s', '-5s', 's'];

function oddValue(random: Random): string {
  return choice(random, ...(random.pick([numbers, words, durations]) ?? words));
}

const fewerMeta = [
  'target-role',
  'is-managed',
  'container',
  'migration-threshold',
  'reconnect_interval',
  'description',
];

function oddMetaAttribute(cib: XmlElement, random: Random): Changed | undefined {
  const resource = random.pick(named(section(cib, 'resources') ?? cib, ...resourceNames));
  if (resource === undefined) return undefined;
  const names = [...metaAttributes.map(([name]) => name), ...fewerMeta];
  const pair = [choice(random, ...names), oddValue(random)] as const;
  return replaced(cib, resource, withPairFirst(resource, 'meta_attributes', pair, random), pair.join('='));
}

function oddOption(cib: XmlElement, random: Random): Changed | undefined {
  const set = random.pick(named(cib, 'cluster_property_set').slice(0, 1));
  const name = choice(random, ...clusterOptions.map(([option]) => option));
  if (set === undefined) return undefined;
  const value = oddValue(random);
  const others = set.nodes.filter((each) => each.kind !== 'element' || each.get('name') !== name);
  const nvpair = xmlElement('nvpair', { id: newId(random), name, value });
  return replaced(cib, set, set.withNodes([...others, nvpair]), `${name}=${value}`);
}

const nodeAttributeNames = [
  'standby',
  'maintenance',
  '#health-x',
  'resource-discovery-enabled',
  'terminate',
  'shutdown',
];

function oddNodeAttribute(cib: XmlElement, random: Random): Changed | undefined {
  const node = random.pick(memberNodes(cib));
  if (node === undefined) return undefined;
  const pair = [choice(random, ...nodeAttributeNames), oddValue(random)] as const;
  return replaced(cib, node, withPairFirst(node, 'instance_attributes', pair, random), pair.join('='));
}

function oddReport(cib: XmlElement, random: Random): Changed | undefined {
  const state = random.pick(
    named(cib, 'node_state').filter((each) => each.child('transient_attributes') !== undefined),
  );
  const present = state?.child('transient_attributes');
  const id = random.pick(named(section(cib, 'resources') ?? cib, 'primitive'))?.id ?? 'x';
  if (present === undefined) return undefined;
  const counts = [`fail-count-${id}#monitor_10000`, `fail-count-${id}#start_0`, `last-failure-${id}#monitor_10000`];
  const name = choice(random, ...nodeAttributeNames, `master-${id}`, `master-${id}`, ...counts);
  const set = nvset('instance_attributes', newId(random), { [name]: oddValue(random) });
  const what = set.children.map((each) => `${name}=${each.get('value')}`).join();
  return replaced(cib, present, present.withNodes([set, ...present.nodes]), what);
}

function oddOperation(cib: XmlElement, random: Random): Changed | undefined {
  const name = choice(random, 'interval', 'timeout', 'start-delay');
  const value = choice(random, ...durations, '2x', ' 1', '99999999999');
  return withAttributes(cib, random.pick(named(cib, 'op')), { [name]: value });
}

function oddOperationPair(cib: XmlElement, random: Random): Changed | undefined {
  const op = random.pick(named(cib, 'op'));
  if (op === undefined) return undefined;
  const name = choice(random, 'timeout', 'on-fail', 'start-delay', 'enabled', 'role', 'interval');
  const pair = [name, choice(random, ...durations, 'TRUE', 'off', 'bogus')] as const;
  return replaced(cib, op, withPairFirst(op, 'meta_attributes', pair, random), pair.join('='));
}

function oddParameter(cib: XmlElement, random: Random): Changed | undefined {
  const primitive = random.pick(named(section(cib, 'resources') ?? cib, 'primitive'));
  if (primitive === undefined) return undefined;
  const name = choice(
    random,
    'id',
    'crm_feature_set',
    'CRM_meta_timeout',
    'on_node',
    '1st',
    'a b',
    'pcmk_monitor_timeout',
  );
  const pair = [name, choice(random, 'x', '20', '<&">', 'ä\u00a0', 'a&#10;b')] as const;
  return replaced(cib, primitive, withPairFirst(primitive, 'instance_attributes', pair, random), pair.join('='));
}

function oddUtilization(cib: XmlElement, random: Random): Changed | undefined {
  const targets = [...named(section(cib, 'resources') ?? cib, 'primitive'), ...memberNodes(cib)];
  const target = random.pick(targets);
  if (target === undefined) return undefined;
  const pair = [choice(random, 'cpu', 'memory'), choice(random, ...numbers, 'bogus')] as const;
  return replaced(cib, target, withPairFirst(target, 'utilization', pair, random), pair.join('='));
}
