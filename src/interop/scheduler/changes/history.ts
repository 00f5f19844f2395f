// Changes of what was recorded about single operations: failures in every form, old and new, what is under way, what
// nobody configured, what ran with something else than is configured now.
import { childAt, type XmlElement, xmlElement } from '../../../cib/index.ts';
import type { Random } from '../../../kit/index.ts';
import {
  type Attributes,
  appended,
  type Change,
  type Changed,
  choice,
  named,
  newId,
  nvset,
  replaced,
  section,
  withAttributes,
  withPairFirst,
} from './editing.ts';
import { resultCodes } from './vocabulary.ts';

export const historyChanges: readonly Change[] = [
  failureRecorded,
  failureRecorded,
  failureRecorded,
  failureTimedOut,
  pendingRecorded,
  pendingRecorded,
  unconfiguredRecorded,
  unconfiguredRecorded,
  recurrenceRecorded,
  stopRecorded,
  probeRecorded,
  probeRecorded,
  agentOfRecordChanged,
  lockRecorded,
  unfencingAsked,
  connectionLost,
];

const cluster = 'a1b2c3d4-0000-4000-8000-000000000001';

type Recorded = { readonly state: XmlElement; readonly record: XmlElement };

/** What is known of a resource on a node. */
function recorded(cib: XmlElement, random: Random): Recorded | undefined {
  const pairs = named(cib, 'node_state').flatMap((state) =>
    named(state, 'lrm_resource').map((record) => ({ state, record })),
  );
  return random.pick(pairs);
}

type Operation = {
  readonly name: string;
  readonly task: string;
  readonly interval?: string;
  readonly expected?: string;
  readonly code: string;
  readonly status: string;
  readonly call?: string;
  readonly changed?: string;
};

function entryOf(id: string, operation: Operation): XmlElement {
  const { name, task, interval = '0', expected = '0', code, status, call = '900', changed = '1699999000' } = operation;
  const key = `3:${status === '-1' ? '2' : '1'}:${expected}:${cluster}`;
  return xmlElement('lrm_rsc_op', {
    id: `${id}_${name}`,
    operation_key: `${id}_${task}_${interval}`,
    operation: task,
    'transition-key': key,
    'transition-magic': `${status}:${code};${key}`,
    'call-id': status === '-1' ? '-1' : call,
    'rc-code': code,
    'op-status': status,
    interval,
    'last-rc-change': changed,
    'op-digest': 'f2317cad3d54cec5d7d7aa7d0bf35cf8',
  });
}

/** The entry in place of one of the same id, with as much about its node as the others say. */
function withEntry(cib: XmlElement, { record }: Recorded, added: XmlElement): Changed {
  const entry = added.with({ on_node: record.children.find((each) => each.has('on_node'))?.get('on_node') });
  const others = record.nodes.filter((each) => each.kind !== 'element' || each.id !== entry.id);
  const what = `${entry.get('operation_key')} ${entry.get('op-status')}:${entry.get('rc-code')} as ${entry.id}`;
  return replaced(cib, record, record.withNodes([...others, entry]), what);
}

const failing: readonly (readonly [task: string, interval: string, expected: string])[] = [
  ['monitor', '10000', '0'],
  ['monitor', '10000', '0'],
  ['monitor', '11000', '8'],
  ['monitor', '0', '7'],
  ['start', '0', '0'],
  ['stop', '0', '0'],
  ['promote', '0', '0'],
  ['demote', '0', '0'],
];

function failureRecorded(cib: XmlElement, random: Random): Changed | undefined {
  const place = recorded(cib, random);
  const [task, interval, expected] = random.pick(failing) ?? ['monitor', '10000', '0'];
  if (place?.record.id === undefined) return undefined;
  const { id } = place.record;
  const changed = choice(random, '1699999000', '1699999999', '1600000000');
  const code = choice(random, ...resultCodes.filter((each) => each !== expected && !['190', '191'].includes(each)));
  const call = choice(random, '900', '3');
  const failure = { name: 'last_failure_0', task, interval, expected, code, status: '4', call, changed };
  const done = withEntry(cib, place, entryOf(id, failure));
  if (random.chance(0.3)) return done;
  const counted = withCount(done.cib, random, { uname: place.state.get('uname'), id, changed, task, interval });
  return { cib: counted, what: `${done.what}, counted` };
}

type Count = {
  readonly uname: string | undefined;
  readonly id: string;
  readonly changed: string;
  readonly task: string;
  readonly interval: string;
};

function withCount(cib: XmlElement, random: Random, count: Count): XmlElement {
  const state = named(cib, 'node_state').find((each) => each.get('uname') === count.uname);
  if (state === undefined) return cib;
  const operation = `${count.id}#${count.task}_${count.interval}`;
  const values: Attributes = {
    [`fail-count-${operation}`]: choice(random, '1', '3', 'INFINITY'),
    [`last-failure-${operation}`]: count.changed,
  };
  const set = nvset('instance_attributes', newId(random), values);
  const present = state.child('transient_attributes');
  if (present !== undefined) return replaced(cib, present, present.append(set), '').cib;
  return replaced(cib, state, state.append(xmlElement('transient_attributes', { id: state.id }, [set])), '').cib;
}

/** A failure of a resource whose failures expire. */
function failureTimedOut(cib: XmlElement, random: Random): Changed | undefined {
  const failed = failureRecorded(cib, random);
  const id = failed?.what.split(' ')[1]?.replace(/:$/, '');
  const resource = named(section(cib, 'resources') ?? cib, 'primitive').find((each) => each.id === id);
  if (failed === undefined || resource === undefined) return failed;
  const timeout = choice(random, '10s', '10min', '2000h');
  const pair = ['failure-timeout', timeout] as const;
  const done = replaced(failed.cib, resource, withPairFirst(resource, 'meta_attributes', pair, random), '');
  return { cib: done.cib, what: `${failed.what}, failure-timeout=${timeout}` };
}

function pendingRecorded(cib: XmlElement, random: Random): Changed | undefined {
  const place = recorded(cib, random);
  const [task, interval] = random.pick(failing) ?? ['start', '0'];
  if (place?.record.id === undefined) return undefined;
  const name = interval === '0' ? 'last_0' : `${task}_${interval}`;
  return withEntry(cib, place, entryOf(place.record.id, { name, task, interval, code: '193', status: '-1' }));
}

const unconfigured: readonly Attributes[] = [
  { id: 'gone', class: 'ocf', provider: 'pacemaker', type: 'Dummy' },
  { id: 'gone:1', class: 'ocf', provider: 'pacemaker', type: 'Dummy' },
  { id: 'goneremote', class: 'ocf', provider: 'pacemaker', type: 'remote' },
  { id: 'gonefencing', class: 'stonith', type: 'fence_dummy' },
  { id: 'goneinside', class: 'ocf', provider: 'pacemaker', type: 'Dummy', container: 'r1' },
];

/** Of a resource nobody configured, or of an instance that is one too many. */
function unconfiguredRecorded(cib: XmlElement, random: Random): Changed | undefined {
  const state = random.pick(named(cib, 'node_state'));
  const list = state === undefined ? undefined : childAt(state, 'lrm', 'lrm_resources');
  const instance = random.pick(named(section(cib, 'resources') ?? cib, 'clone'))?.child('primitive')?.id;
  const surplus = instance === undefined ? [] : [{ ...unconfigured[0], id: `${instance}:9` }];
  const attributes = random.pick([...unconfigured, ...surplus]);
  const id = attributes?.id;
  if (list === undefined || attributes === undefined || id === undefined) return undefined;
  const start = entryOf(id, {
    name: 'last_0',
    task: choice(random, 'start', 'stop'),
    code: '0',
    status: '0',
    call: '5',
  });
  const monitor = { name: 'monitor_10000', task: 'monitor', interval: '10000', code: '0', status: '0', call: '6' };
  const entries = random.chance(0.5) ? [start, entryOf(id, monitor)] : [start];
  return appended(cib, list, xmlElement('lrm_resource', attributes, entries));
}

/** A recurring operation, mostly one that is not configured (any more). */
function recurrenceRecorded(cib: XmlElement, random: Random): Changed | undefined {
  const place = recorded(cib, random);
  if (place?.record.id === undefined) return undefined;
  const interval = choice(random, '10000', '20000', '11000');
  const recurring = { name: `monitor_${interval}`, task: 'monitor', interval, code: '0', status: '0' };
  return withEntry(cib, place, entryOf(place.record.id, recurring));
}

function stopRecorded(cib: XmlElement, random: Random): Changed | undefined {
  const place = recorded(cib, random);
  if (place?.record.id === undefined) return undefined;
  const task = choice(random, 'stop', 'start', 'promote', 'demote');
  return withEntry(cib, place, entryOf(place.record.id, { name: 'last_0', task, code: '0', status: '0' }));
}

function probeRecorded(cib: XmlElement, random: Random): Changed | undefined {
  const place = recorded(cib, random);
  if (place?.record.id === undefined) return undefined;
  const code = choice(random, '7', '0', '8', '5', '2', '1', '190');
  const status = code === '7' ? '0' : choice(random, '0', '4', '7');
  const probe = { name: 'last_0', task: 'monitor', expected: '7', code, status };
  const entry = entryOf(place.record.id, probe);
  const alone = random.chance(0.6) ? place.record.withNodes([entry]) : undefined;
  if (alone === undefined) return withEntry(cib, place, entry);
  return replaced(cib, place.record, alone, `nothing but a probe ${status}:${code}`);
}

function agentOfRecordChanged(cib: XmlElement, random: Random): Changed | undefined {
  const changes = [{ type: 'Other' }, { provider: 'other' }, { class: 'lsb', provider: undefined }];
  return withAttributes(cib, recorded(cib, random)?.record, random.pick(changes));
}

function lockRecorded(cib: XmlElement, random: Random): Changed | undefined {
  const locked = withAttributes(cib, recorded(cib, random)?.record, {
    'shutdown-lock': choice(random, '1699999000', '1600000000'),
  });
  const set = named(locked?.cib ?? cib, 'cluster_property_set')[0];
  if (locked === undefined || set === undefined) return locked;
  const options = nvset('x', newId(random), { 'shutdown-lock': 'true' });
  return { cib: replaced(locked.cib, set, set.append(...options.children), '').cib, what: locked.what };
}

/** A device that has to unfence, a resource that asks for it, and sometimes a node that was unfenced. */
function unfencingAsked(cib: XmlElement, random: Random): Changed | undefined {
  const primitives = named(section(cib, 'resources') ?? cib, 'primitive');
  const device = random.pick(primitives.filter((each) => each.get('class') === 'stonith'));
  const resource = random.pick(primitives.filter((each) => each.get('class') !== 'stonith'));
  if (device === undefined) return undefined;
  const provides = ['provides', 'unfencing'] as const;
  let next = replaced(cib, device, withPairFirst(device, 'meta_attributes', provides, random), '').cib;
  if (resource !== undefined && random.chance(0.7)) {
    const requires = ['requires', 'unfencing'] as const;
    next = replaced(next, resource, withPairFirst(resource, 'meta_attributes', requires, random), '').cib;
  }
  for (const state of named(next, 'node_state')) {
    const present = state.child('transient_attributes');
    if (present === undefined || random.chance(0.5)) continue;
    const set = nvset('instance_attributes', newId(random), { '#node-unfenced': '1699990000' });
    next = replaced(next, present, present.append(set), '').cib;
  }
  return { cib: next, what: `${device.id} unfences` };
}

/** The connection to a remote or guest node failed. */
function connectionLost(cib: XmlElement, random: Random): Changed | undefined {
  const pairs = named(cib, 'node_state').flatMap((state) =>
    named(state, 'lrm_resource').map((record) => ({ state, record })),
  );
  const place = random.pick(pairs.filter(({ record }) => record.get('type') === 'remote'));
  if (place?.record.id === undefined) return undefined;
  const [task = 'monitor', interval = '30000'] =
    random.pick([
      ['monitor', '10000'],
      ['monitor', '30000'],
      ['start', '0'],
    ]) ?? [];
  const name = choice(random, 'last_failure_0', interval === '0' ? 'last_0' : `${task}_${interval}`);
  const code = choice(random, '1', '7');
  return withEntry(
    cib,
    place,
    entryOf(place.record.id, { name, task, interval, code, status: choice(random, '4', '2', '8') }),
  );
}
