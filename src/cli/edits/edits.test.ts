import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentMetadata } from '../../agents/index.ts';
import {
  parseXml,
  sameXml,
  serialiseXml,
  upgradeCib,
  validateCib,
  type XmlElement,
  xmlIndexOf,
} from '../../cib/index.ts';
import { applyEdit, type Edit } from '../../controller/index.ts';
import { CommandFailure } from '../../kit/index.ts';
import { webCluster } from '../testing/web-cluster.ts';
import { checkedEdit, together } from './check.ts';
import { cloneEdits, groupEdits, uncloneEdits, ungroupEdits } from './collective.ts';
import {
  colocationEdit,
  constraintDeletions,
  constraintsIn,
  locationEdits,
  locationRuleEdit,
  orderEdit,
  setEdit,
  ticketEdit,
} from './constraint.ts';
import { setWords } from './constraint-set.ts';
import { constraintText } from './constraint-text.ts';
import { type CreationRequest, creationEdit, resourceWords } from './creation.ts';
import { manageEdits, startEdits, stopEdits, unmanageEdits } from './meta.ts';
import { banEdits, clearEdits, moveEdits } from './move.ts';
import { nodeNamed, resourceNamed, resourcesIn } from './names.ts';
import { nodeAttributeEdits } from './node.ts';
import { operationAddition, operationRemoval } from './operation.ts';
import { propertyEdits } from './property.ts';
import { removalEdits } from './removal.ts';
import { parseCondition } from './rule/condition.ts';
import { defaultsEdits, updateEdits, utilizationEdits } from './update.ts';

const cib = parsed(webCluster);

const dummy: AgentMetadata = {
  name: 'Dummy',
  version: '1.1',
  short: '',
  long: '',
  parameters: [parameter('state', false), parameter('ip', true), { ...parameter('count', false), type: 'integer' }],
  actions: [action('start', 0), action('stop', 0), action('monitor', 10_000), action('meta-data', 0)],
};

const request: CreationRequest = {
  ...resourceWords(['ip=192.0.2.9', 'op', 'monitor', 'interval=5s', 'meta', 'priority=3']),
  id: 'new',
  agent: { class: 'ocf', provider: 'pacemaker', type: 'Dummy' },
  group: undefined,
  wrapper: 'none',
};

const every: Readonly<Record<string, (document: XmlElement) => readonly Edit[]>> = {
  standby: (document) => nodeAttributeEdits(document, 'n2', new Map([['standby', 'on']])),
  property: (document) => propertyEdits(document, new Map([['maintenance-mode', 'true']])),
  move: (document) => moveEdits(document, 'web', 'n2'),
  ban: (document) => banEdits(document, 'web', ['n1']),
  stop: (document) => stopEdits(document, 'web'),
  start: (document) => startEdits(document, 'db'),
  unmanage: (document) => unmanageEdits(document, 'vip'),
  location: (document) => locationEdits(document, { ...located, node: 'n1', score: '50' }),
  'location by rule': (document) => [
    locationRuleEdit(document, { ...located, condition: parseCondition(['pingd gt 0']), score: { value: '5' } }),
  ],
  'ordering of sets': (document) => [setEdit(document, 'rsc_order', setWords(inSets), { kind: 'optional' })],
  'colocation of sets': (document) => [setEdit(document, 'rsc_colocation', setWords(inSets), {})],
  'ticket of a set': (document) => [
    setEdit(document, 'rsc_ticket', setWords(['set', 'web', 'db']), { ticket: 'T', 'loss-policy': 'fence' }),
  ],
  colocation: (document) => [colocationEdit(document, { ...pair, role: undefined, primaryRole: undefined })],
  order: (document) => [orderEdit(document, { ...sequence, kind: 'optional' })],
  ticket: (document) => [
    ticketEdit(document, { ticket: 'T', resource: 'db', role: undefined, lossPolicy: 'stop', id: undefined }),
  ],
  create: (document) => [creationEdit(document, request, dummy)],
  'create in a group': (document) => [creationEdit(document, { ...request, group: 'web' }, dummy)],
  'create in a new group': (document) => [creationEdit(document, { ...request, group: 'fresh' }, dummy)],
  'create promotable': (document) => [creationEdit(document, { ...request, wrapper: 'promotable' }, dummy)],
  'move for a while': (document) =>
    moveEdits(document, 'web', 'n2', { role: 'promoted', until: '2030-01-01 00:00:00Z' }),
  update: (document) => updateEdits(document, 'vip', resourceWords(changes), undefined),
  'operation added': (document) => [operationAddition(document, 'site', { name: 'monitor', pairs: every20s })],
  'group of two': (document) => groupEdits(document, 'both', ['db', 'site'], { before: undefined, after: undefined }),
  'into a group': (document) => groupEdits(document, 'web', ['db'], { before: 'site', after: undefined }),
  'group dissolved': (document) => ungroupEdits(document, 'web', []),
  clone: (document) => cloneEdits(document, 'web', { meta: new Map([['clone-max', '2']]), promotable: 'plain' }),
  'resource utilization': (document) => utilizationEdits(resourceNamed(document, 'db'), new Map([['cpu', '2']])),
  'node utilization': (document) => utilizationEdits(nodeNamed(document, 'n1'), new Map([['cpu', '4']])),
  defaults: (document) => defaultsEdits(document, 'rsc_defaults', new Map([['resource-stickiness', '100']])),
  'operation defaults': (document) => defaultsEdits(document, 'op_defaults', new Map([['timeout', '40s']])),
  delete: (document) => removalEdits(document, 'vip'),
  'delete a group': (document) => removalEdits(document, 'web'),
};

const located = { resource: 'db', role: undefined, discovery: undefined, id: undefined };
const every20s = new Map([['interval', '20s']]);
const changes = ['ip=192.0.2.11', 'nic=eth0', 'op', 'monitor', 'interval=7s', 'meta', 'priority=4'];
const pair = { dependent: 'db', primary: 'web', score: '-INFINITY', id: undefined };
const inSets = ['set', 'web', 'vip', 'sequential=false', 'set', 'db'];
const sequence = {
  first: 'web',
  second: 'db',
  firstAction: 'start',
  secondAction: 'stop',
  symmetrical: 'false',
  id: 'o',
};

test('every edit changes the document, and leaves it acceptable', () => {
  for (const [name, edits] of Object.entries(every)) {
    const { after } = checkedEdit(cib, together(edits(cib)));
    assert.ok(!sameXml(after, cib), name);
    assert.deepEqual(errorsOf(after), [], name);
  }
});

test('setting what is set already is no edit', () => {
  for (const name of ['standby', 'property', 'stop', 'start', 'unmanage'] as const) {
    const { after } = checkedEdit(cib, together(every[name]?.(cib) ?? []));
    assert.deepEqual(every[name]?.(after), [], name);
  }
});

test('clear takes back what move and ban made, and nothing else', () => {
  const brief = { role: 'started', until: '2030-01-01 00:00:00Z' } as const;
  const moves = [moveEdits(cib, 'web', 'n2'), banEdits(cib, 'web', ['n1', 'n2']), banEdits(cib, 'web', ['n1'], brief)];
  for (const edits of moves) {
    const moved = edited(cib, edits);
    const cleared = edited(moved, clearEdits(moved, 'web', undefined));
    assert.ok(sameConfiguration(cleared, cib), serialiseXml(cleared));
  }
});

test('a second move replaces the first', () => {
  const moved = edited(cib, moveEdits(cib, 'web', 'n1'));
  const again = edited(moved, moveEdits(moved, 'web', 'n2'));
  const found = xmlIndexOf(again).allById('cli-prefer-web');
  assert.deepEqual(
    found.map((each) => each.get('node')),
    ['n2'],
  );
});

test('ungrouping takes back grouping, and uncloning cloning', () => {
  const there = (document: XmlElement) => resourcesIn(document).map(({ id }) => id);
  const cloned = edited(cib, every.clone?.(cib) ?? []);
  assert.deepEqual(there(edited(cloned, uncloneEdits(cloned, 'web'))), ['db', 'web', 'vip', 'site']);
  const joined = edited(cib, every['into a group']?.(cib) ?? []);
  assert.deepEqual(there(joined), ['web', 'vip', 'db', 'site']);
  assert.deepEqual(there(edited(joined, ungroupEdits(joined, 'web', ['db']))), ['web', 'vip', 'site', 'db']);
  const dissolved = edited(cib, every['group dissolved']?.(cib) ?? []);
  assert.deepEqual(there(dissolved), ['db', 'vip', 'site']);
  assert.deepEqual(constraintsIn(dissolved), []);
});

test('an operation is changed where it stands, told from others by its interval, and taken away', () => {
  const ids = (document: XmlElement) =>
    xmlIndexOf(document)
      .allNamed('op')
      .map(({ id }) => id);
  const updated = (document: XmlElement, ...words: string[]) =>
    edited(document, updateEdits(document, 'site', resourceWords(words), undefined));
  const one = updated(cib, 'op', 'monitor', 'interval=10s', 'timeout=20s');
  const moved = updated(one, 'op', 'monitor', 'interval=30s');
  assert.deepEqual(ids(moved), ['site-monitor-interval-30s']);
  assert.equal(xmlIndexOf(moved).allNamed('op')[0]?.get('timeout'), '20s');
  const two = edited(moved, [operationAddition(moved, 'site', { name: 'monitor', pairs: every20s })]);
  refuses(() => operationRemoval(two, 'site', { name: 'monitor', pairs: new Map() }), /site has 2 operations monitor/);
  const left = edited(
    two,
    operationRemoval(two, 'site', { name: 'monitor', pairs: new Map([['interval', '30000ms']]) }),
  );
  assert.deepEqual(ids(left), ['site-monitor-interval-20s']);
});

test('manage takes back unmanage; deleting a constraint takes back making it', () => {
  const unmanaged = edited(cib, unmanageEdits(cib, 'vip'));
  const managed = edited(unmanaged, manageEdits(unmanaged, 'vip'));
  assert.equal(xmlIndexOf(managed).allById('vip-meta_attributes-is-managed').length, 0);
  const ordered = edited(cib, every.order?.(cib) ?? []);
  assert.ok(sameConfiguration(edited(ordered, constraintDeletions(ordered, ['o'])), cib));
});

test('nothing of the document speaks of a deleted resource any more', () => {
  const located = edited(cib, every.location?.(cib) ?? []);
  const without = edited(located, removalEdits(located, 'db'));
  assert.doesNotMatch(serialiseXml(xmlIndexOf(without).only('configuration') ?? without), /"db"/);
});

test('a group goes with its last member, and what is left of a larger one stays', () => {
  const one = edited(cib, removalEdits(cib, 'vip'));
  assert.notEqual(xmlIndexOf(one).only('group', 'web'), undefined);
  const none = edited(one, removalEdits(one, 'site'));
  assert.equal(xmlIndexOf(none).only('group', 'web'), undefined);
  assert.deepEqual(errorsOf(none), []);
});

test('a constraint that is there already is not made again, and is named', () => {
  for (const name of ['location', 'location by rule', 'colocation', 'order', 'ticket', 'ordering of sets']) {
    const after = edited(cib, every[name]?.(cib) ?? []);
    refuses(() => every[name]?.(after), /^the same constraint is there already: /);
  }
});

test('another score for a node takes the place of the first', () => {
  const at = (score: string) => ({ ...located, node: 'n1', score });
  const before = edited(cib, locationEdits(cib, at('50')));
  const after = edited(before, locationEdits(before, at('-70')));
  const scores = constraintsIn(after).flatMap((each) => (each.name === 'rsc_location' ? [each.get('score')] : []));
  assert.deepEqual(scores, ['-70']);
});

test('constraints are said in plain words', () => {
  const said = (name: string) => {
    const [constraint] = constraintsIn(edited(cib, every[name]?.(cib) ?? [])).slice(-1);
    return constraint === undefined ? undefined : constraintText(constraint);
  };
  assert.deepEqual(['location', 'location by rule', 'colocation', 'order', 'ticket'].map(said), [
    'db prefers n1 (50)',
    'db prefers nodes where pingd gt 0 (5)',
    'db away from web (-INFINITY)',
    'start web then stop db (Optional, not the other way round)',
    'db needs the ticket T, without it: stop',
  ]);
  assert.deepEqual(['ordering of sets', 'colocation of sets', 'ticket of a set'].map(said), [
    'start (web, vip), then start db (Optional)',
    '(web, vip) with db (INFINITY)',
    'web, db need the ticket T, without it: fence',
  ]);
});

test('a created resource has the operations that its agent advises, and what was asked for in their place', () => {
  const after = edited(cib, every.create?.(cib) ?? []);
  const ids = xmlIndexOf(after)
    .allNamed('op')
    .map(({ id }) => id);
  assert.deepEqual(ids, ['new-monitor-interval-5s', 'new-start-interval-0s', 'new-stop-interval-0s']);
});

test('mistakes are refused in one sentence, with the nearest right name', () => {
  const create = (words: string[], more: Partial<CreationRequest> = {}) =>
    creationEdit(cib, { ...request, ...resourceWords(words), ...more }, dummy);
  refuses(() => create(['pi=1']), "ocf:pacemaker:Dummy has no parameter 'pi'. Did you mean 'ip'?");
  refuses(() => create([]), 'ocf:pacemaker:Dummy needs the parameter ip. Add ip=VALUE');
  refuses(
    () => create(['ip=1', 'count=many']),
    /count='many' is not valid for ocf:pacemaker:Dummy: it must be a whole number/,
  );
  refuses(() => create(['ip=1'], { id: 'vip' }), /the id 'vip' is taken/);
  refuses(() => create(['ip=1'], { id: '1st' }), /'1st' cannot be an id/);
  refuses(
    () => create(['ip=1', 'meta', 'prority=1']),
    /'prority' is no meta-attribute of resources. Did you mean 'priority'/,
  );
  refuses(() => create(['ip=1', 'op', 'monitro', 'interval=1s']), /has no operation 'monitro'. Did you mean 'monitor'/);
  refuses(() => create(['ip=1', 'op', 'monitor', 'interval=soon']), /interval of monitor: 'soon' is no duration/);
  refuses(() => create(['ip=1'], { group: 'db' }), "'db' is a primitive, not a group");
  refuses(() => cloneEdits(cib, 'vip', { meta: new Map(), promotable: 'plain' }), /vip is in the group web already/);
  refuses(() => ungroupEdits(cib, 'web', ['db']), 'db is not in the group web');
  refuses(() => updateEdits(cib, 'web', resourceWords(['ip=1']), undefined), /'web' is a group, and has no parameters/);
  refuses(() => utilizationEdits(nodeNamed(cib, 'n1'), new Map([['cpu', 'all']])), /cpu='all' is not valid/);
  refuses(() => moveEdits(cib, 'webb', 'n1'), "there is no resource 'webb'. Did you mean 'web'?");
  refuses(() => moveEdits(cib, 'web', 'n9'), "there is no node 'n9'. Did you mean 'n1'?");
  refuses(() => locationEdits(cib, { ...located, node: 'n1', score: 'lots' }), /'lots' is no score/);
  refuses(() => propertyEdits(cib, new Map([['stonith-enable', 'true']])), /Did you mean 'stonith-enabled'/);
  refuses(() => constraintDeletions(cib, ['order-db-web-Optinoal']), /Did you mean 'order-db-web-Optional'/);
  refuses(
    () =>
      checkedEdit(cib, {
        kind: 'create',
        section: 'constraints',
        xml: '<rsc_location id="l" rsc="nobody" node="n1" score="1"/>',
      }),
    /nobody/,
  );
});

function refuses(attempt: () => unknown, expected: string | RegExp): void {
  assert.throws(attempt, (thrown) => {
    assert.ok(thrown instanceof CommandFailure, String(thrown));
    if (typeof expected === 'string') assert.equal(thrown.message, expected);
    else assert.match(thrown.message, expected);
    return true;
  });
}

function edited(document: XmlElement, edits: readonly Edit[]): XmlElement {
  const result = applyEdit(document, together(edits));
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
}

function errorsOf(document: XmlElement): unknown[] {
  const upgraded = upgradeCib(document);
  assert.ok(upgraded.ok);
  return validateCib(upgraded.value.root).filter(({ severity }) => severity === 'error');
}

function sameConfiguration(left: XmlElement, right: XmlElement): boolean {
  const [a, b] = [left.child('configuration'), right.child('configuration')];
  return a !== undefined && b !== undefined && sameXml(a, b);
}

function parsed(text: string): XmlElement {
  const result = parseXml(text);
  assert.ok(result.ok);
  return result.value;
}

function parameter(name: string, required: boolean): AgentMetadata['parameters'][number] {
  const texts = { short: '', long: '', default: undefined, allowed: [] };
  const plain = { unique: false, deprecated: false, private: false, reloadable: false };
  return { name, required, type: 'string', ...plain, ...texts };
}

function action(name: string, intervalMs: number): AgentMetadata['actions'][number] {
  return { name, intervalMs, timeoutMs: 20_000, role: undefined, startDelayMs: 0, depth: undefined };
}
