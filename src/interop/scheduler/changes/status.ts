// Changes of what was reported: nodes, results, failures, tickets, the time.
import { childAt, type XmlElement, xmlElement } from '../../../cib/index.ts';
import type { Random } from '../../../kit/index.ts';
import {
  type Attributes,
  addedTo,
  appended,
  type Change,
  type Changed,
  choice,
  dropped,
  named,
  newId,
  nvset,
  replaced,
  section,
  topResources,
  withAttributes,
} from './editing.ts';
import { executionStates, resultCodes, states } from './vocabulary.ts';

export const statusChanges: readonly Change[] = [
  nodeStateChanged,
  nodeStateChanged,
  nodeFieldChanged,
  historyDropped,
  resultChanged,
  resultChanged,
  executionChanged,
  resultPending,
  resultDated,
  resultRenumbered,
  digestChanged,
  historyCopied,
  failureCounted,
  transientSet,
  migrationRecorded,
  ticketSet,
  quorumChanged,
  coordinatorChanged,
];

function entries(cib: XmlElement): XmlElement[] {
  return named(cib, 'lrm_rsc_op');
}

function nodeStateChanged(cib: XmlElement, random: Random): Changed | undefined {
  return withAttributes(cib, random.pick(named(cib, 'node_state')), random.pick(states));
}

const nodeFields: Readonly<Record<string, readonly string[]>> = {
  in_ccm: ['true', 'false', '1699990000', '0'],
  crmd: ['online', 'offline', '1699990000', '0'],
  join: ['member', 'down', 'pending', 'banned'],
  expected: ['member', 'down'],
  node_fenced: ['0', '1699990000'],
  node_in_maintenance: ['0', '1'],
};

function nodeFieldChanged(cib: XmlElement, random: Random): Changed | undefined {
  const [name, values] = random.pick(Object.entries(nodeFields)) ?? ['in_ccm', ['true']];
  const value = random.chance(0.1) ? undefined : random.pick(values);
  return withAttributes(cib, random.pick(named(cib, 'node_state')), { [name]: value });
}

function historyDropped(cib: XmlElement, random: Random): Changed | undefined {
  const kind = choice(random, 'node_state', 'lrm_resource', 'lrm_resource', 'lrm_rsc_op', 'lrm_rsc_op', 'lrm_rsc_op');
  return dropped(cib, random.pick(named(cib, kind)));
}

function keyOf(entry: XmlElement | undefined): string {
  return entry?.get('transition-key') ?? '1:1:0:x';
}

function resultChanged(cib: XmlElement, random: Random): Changed | undefined {
  const entry = random.pick(entries(cib));
  const code = random.pick(resultCodes) ?? '1';
  const key = keyOf(entry);
  // transition:action:expected result:cluster
  const status = code === key.split(':')[2] ? '0' : (random.pick(['0', '4']) ?? '0');
  return withAttributes(cib, entry, {
    'rc-code': code,
    'op-status': status,
    'transition-magic': `${status}:${code};${key}`,
  });
}

function executionChanged(cib: XmlElement, random: Random): Changed | undefined {
  const entry = random.pick(entries(cib));
  const status = choice(random, ...executionStates);
  const code = status === '0' ? '0' : '1';
  return withAttributes(cib, entry, {
    'rc-code': code,
    'op-status': status,
    'transition-magic': `${status}:${code};${keyOf(entry)}`,
  });
}

function resultPending(cib: XmlElement, random: Random): Changed | undefined {
  const entry = random.pick(entries(cib));
  return withAttributes(cib, entry, {
    'rc-code': '193',
    'op-status': '-1',
    'call-id': '-1',
    'transition-magic': `-1:193;${keyOf(entry)}`,
  });
}

function resultDated(cib: XmlElement, random: Random): Changed | undefined {
  const when = choice(random, '1699999999', '1699999000', '1600000000', '1');
  return withAttributes(cib, random.pick(entries(cib)), { 'last-rc-change': when, 'last-run': when });
}

function resultRenumbered(cib: XmlElement, random: Random): Changed | undefined {
  return withAttributes(cib, random.pick(entries(cib)), { 'call-id': choice(random, '1', '2', '500', '0') });
}

function digestChanged(cib: XmlElement, random: Random): Changed | undefined {
  const digest = choice(random, 'f2317cad3d54cec5d7d7aa7d0bf35cf8', '00000000000000000000000000000000');
  const more = random.chance(0.4)
    ? { 'op-force-restart': ' depth state ', 'op-restart-digest': 'f2317cad3d54cec5d7d7aa7d0bf35cf8' }
    : {};
  return withAttributes(cib, random.pick(entries(cib)), { 'op-digest': digest, ...more });
}

/** The history of a resource appears on another node too. */
function historyCopied(cib: XmlElement, random: Random): Changed | undefined {
  const record = random.pick(named(cib, 'lrm_resource'));
  const state = random.pick(named(cib, 'node_state'));
  const list = state === undefined ? undefined : childAt(state, 'lrm', 'lrm_resources');
  if (record === undefined || list?.children.some(({ id }) => id === record.id) === true) return undefined;
  return appended(
    cib,
    list,
    record.withNodes(record.children.map((entry) => entry.with({ on_node: state?.get('uname') }))),
  );
}

function failureCounted(cib: XmlElement, random: Random): Changed | undefined {
  const id = random.pick(named(section(cib, 'resources') ?? cib, 'primitive'))?.id;
  if (id === undefined) return undefined;
  const operation = choice(random, 'monitor_10000', 'start_0', 'stop_0', 'monitor_0');
  const values: Attributes = {
    [`fail-count-${id}#${operation}`]: choice(random, '1', '3', 'INFINITY'),
    [`last-failure-${id}#${operation}`]: choice(random, '1699999999', '1600000000'),
  };
  return withTransient(cib, random, values);
}

const transients: readonly Attributes[] = [
  { standby: 'true' },
  { standby: 'false' },
  { maintenance: 'true' },
  { shutdown: '1699999000' },
  { terminate: 'true' },
  { '#health-cpu': 'red' },
  { '#health-disk': 'yellow' },
  { 'resource-discovery-enabled': 'false' },
  { '#node-unfenced': '1699990000' },
  { site: 'b' },
];

function transientSet(cib: XmlElement, random: Random): Changed | undefined {
  const primitive = random.pick(named(section(cib, 'resources') ?? cib, 'primitive'))?.id ?? 'x';
  const promotion = { [`master-${primitive}`]: choice(random, '5', '10', '-1', 'INFINITY') };
  return withTransient(cib, random, random.pick([...transients, promotion, promotion, promotion]) ?? {});
}

function withTransient(cib: XmlElement, random: Random, values: Attributes): Changed | undefined {
  const state = random.pick(named(cib, 'node_state'));
  if (state === undefined) return undefined;
  const present = state.child('transient_attributes');
  const set = nvset('instance_attributes', newId(random), values);
  if (present === undefined) return appended(cib, state, xmlElement('transient_attributes', { id: state.id }, [set]));
  return replaced(cib, present, present.withNodes([set, ...present.nodes]), JSON.stringify(values));
}

/** A live migration between two nodes that know the resource, in one of its stages. */
function migrationRecorded(cib: XmlElement, random: Random): Changed | undefined {
  const [source, target] = random.shuffled(named(cib, 'node_state'));
  const movable = new Set(topResources(cib).flatMap((each) => (each.name === 'clone' ? [] : [each, ...each.children])));
  const ids = new Set([...movable].map(({ id }) => id));
  const record = random.pick(named(source ?? cib, 'lrm_resource').filter(({ id }) => ids.has(id)));
  const [from, to] = [source?.get('uname'), target?.get('uname')];
  if (source === undefined || target === undefined || record?.id === undefined) return undefined;
  if (from === undefined || to === undefined) return undefined;
  const outcome = random.pick(migrationOutcomes) ?? ['0', '0'];
  const entry = (task: string, [status, code]: readonly [string, string]) =>
    xmlElement('lrm_rsc_op', {
      id: `${record.id}_${task}_0`,
      operation_key: `${record.id}_${task}_0`,
      operation: task,
      'transition-key': '3:1:0:a1b2c3d4-0000-4000-8000-000000000001',
      'transition-magic': `${status}:${code};3:1:0:a1b2c3d4-0000-4000-8000-000000000001`,
      'call-id': status === '-1' ? '-1' : '900',
      'rc-code': code,
      'op-status': status,
      interval: '0',
      'last-rc-change': '1699999990',
      on_node: task === 'migrate_to' ? from : to,
      migrate_source: from,
      migrate_target: to,
    });
  const [first, second] = outcome;
  const here = record.withNodes(record.children.map((each) => each.with({ on_node: from })));
  const left = here.append(entry('migrate_to', result(first)));
  const began = replaced(cib, record, left, `migrate_to ${first} to ${to}`);
  const there = childAt(target, 'lrm', 'lrm_resources');
  if (second === undefined || there === undefined) return began;
  const others = there.nodes.filter((each) => each.kind !== 'element' || each.id !== record.id);
  const arrived = record.withNodes([entry('migrate_from', result(second))]);
  const ended = replaced(began.cib, there, there.withNodes([...others, arrived]), `migrate_from ${second}`);
  return { cib: ended.cib, what: `${began.what}, ${ended.what}` };
}

/** What migrate_to and migrate_from came to: ok, failed, pending; undefined: not begun. */
const migrationOutcomes: readonly (readonly [string, string | undefined])[] = [
  ['ok', 'ok'],
  ['ok', undefined],
  ['ok', 'failed'],
  ['ok', 'pending'],
  ['failed', undefined],
  ['pending', undefined],
];

function result(outcome: string): readonly [string, string] {
  if (outcome === 'ok') return ['0', '0'];
  return outcome === 'pending' ? ['-1', '193'] : ['4', '1'];
}

function ticketSet(cib: XmlElement, random: Random): Changed | undefined {
  const ids = [...named(cib, 'rsc_ticket').map((each) => each.get('ticket') ?? ''), 'ticketA', 'ticketB'];
  const id = choice(random, ...ids);
  const state = xmlElement('ticket_state', {
    id,
    granted: choice(random, 'true', 'false'),
    ...(random.chance(0.3) ? { standby: 'true' } : {}),
  });
  const known = named(cib, 'ticket_state').find((each) => each.id === id);
  if (known !== undefined) return replaced(cib, known, state, `granted ${state.get('granted')}`);
  const tickets = random.pick(named(cib, 'tickets'));
  if (tickets !== undefined) return appended(cib, tickets, state);
  return addedTo(cib, 'status', xmlElement('tickets', {}, [state]));
}

function quorumChanged(cib: XmlElement, random: Random): Changed | undefined {
  const panic = random.chance(0.2) ? { 'no-quorum-panic': '1' } : {};
  return withAttributes(cib, cib, { 'have-quorum': random.pick(['0', '1']) ?? '0', ...panic });
}

function coordinatorChanged(cib: XmlElement, random: Random): Changed | undefined {
  return withAttributes(cib, cib, { 'dc-uuid': random.pick(named(cib, 'node'))?.id });
}
