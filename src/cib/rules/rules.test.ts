import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  collectValues,
  evaluateRule,
  nvsetsOf,
  overrideValues,
  parseInstant,
  parseXml,
  type RuleContext,
  xmlIndexOf,
} from '../index.ts';

const epoch = { epochSeconds: 0, offsetSeconds: 0 };
const now = parseInstant('2024-05-15 12:30:00Z', epoch) ?? epoch;

function verdictOf(rule: string, context: Partial<RuleContext> = {}, elsewhere = '') {
  const parsed = parseXml(`<cib>${elsewhere}<x>${rule}</x></cib>`);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const element = parsed.value.child('x')?.child('rule');
  assert.ok(element);
  return evaluateRule(element, xmlIndexOf(parsed.value), { now, ...context });
}

function passes(conditions: string, context: Partial<RuleContext> = {}, attributes = ''): boolean {
  return verdictOf(`<rule id="r" ${attributes}>${conditions}</rule>`, context).passes;
}

const yes = '<expression id="y" attribute="a" operation="defined"/>';
const no = '<expression id="n" attribute="a" operation="not_defined"/>';
const a = (value: string) => ({ nodeAttribute: (name: string) => (name === 'a' ? value : undefined) });

test('and needs all, or needs one, empty passes, nonsense fails', () => {
  assert.deepEqual(
    [
      passes(yes + no, a('')),
      passes(yes + no, a(''), 'boolean-op="or"'),
      passes('', {}),
      passes('', {}, 'boolean-op="or"'),
    ],
    [false, true, true, true],
  );
  assert.equal(passes(yes, a(''), 'boolean-op="xor"'), false);
  assert.equal(passes('<riddle id="x"/>'), false);
  assert.equal(passes('<expression attribute="a" operation="defined"/>', a('1')), false, 'no id');
  assert.equal(passes(`<rule id="inner" boolean-op="or">${no}${yes}</rule>${yes}`, a('')), true);
});

test('references to rules are followed; a dangling or circular one fails', () => {
  const there = `<y><rule id="there">${yes}</rule></y>`;
  assert.equal(verdictOf('<rule id-ref="there"/>', a(''), there).passes, true);
  assert.equal(verdictOf('<rule id-ref="nowhere"/>', a(''), there).passes, false);
  assert.equal(verdictOf('<rule id="self"><rule id-ref="self"/></rule>').passes, false);
});

test('node attributes compare by type', () => {
  const compared = (operation: string, actual: string, value: string, type?: string) =>
    passes(
      `<expression id="e" attribute="a" operation="${operation}" value="${value}"${type === undefined ? '' : ` type="${type}"`}/>`,
      a(actual),
    );
  assert.equal(compared('eq', 'ABC', 'abc'), true);
  assert.equal(compared('lt', '9', '10'), true);
  assert.equal(compared('lt', '9', '10', 'string'), false);
  assert.equal(compared('gt', '1.5', '1.25'), true);
  assert.equal(compared('gte', '1.10', '1.9', 'version'), true);
  assert.equal(compared('eq', '1.0', '1', 'number'), true);
  assert.equal(compared('lt', 'x', 'y', 'integer'), true, 'no numbers: compared as text');
  assert.equal(passes('<expression id="e" attribute="b" operation="ne" value="1"/>', a('1')), true, 'absent differs');
  assert.equal(
    passes('<expression id="e" attribute="b" operation="lt" value="1"/>', a('1')),
    false,
    'absent is not less',
  );
  assert.equal(passes('<expression id="e" attribute="a" operation="defined" value="1"/>', a('1')), false);
  assert.equal(
    passes('<expression id="e" attribute="a" operation="eq" value="p" value-source="param"/>', {
      ...a('7'),
      parameter: (name) => (name === 'p' ? '7' : undefined),
    }),
    true,
  );
  assert.equal(
    passes('<expression id="e" attribute="%1" operation="defined"/>', { ...a('x'), submatches: ['whole', 'a'] }),
    true,
  );
});

test('agents and operations are matched part by part', () => {
  const resource = { class: 'ocf', provider: 'heartbeat', type: 'IPaddr2' };
  assert.equal(passes('<rsc_expression id="e" class="ocf" type="IPaddr2"/>', { resource }), true);
  assert.equal(passes('<rsc_expression id="e" class="OCF"/>', { resource }), false);
  const operation = { name: 'monitor', intervalMs: 10_000 };
  assert.equal(passes('<op_expression id="e" name="monitor" interval="10s"/>', { operation }), true);
  assert.equal(passes('<op_expression id="e" name="monitor" interval="11s"/>', { operation }), false);
  assert.equal(passes('<op_expression id="e" name="monitor"/>'), false);
});

test('dates tell whether, and until when', () => {
  const dated = (attributes: string, inner = '') =>
    verdictOf(`<rule id="r"><date_expression id="d" ${attributes}>${inner}</date_expression></rule>`);
  const at = now.epochSeconds;
  assert.deepEqual(dated('operation="lt" end="2024-05-15 13:00:00Z"'), { passes: true, changesAt: at + 1800 });
  assert.deepEqual(dated('operation="gt" start="2024-05-15 13:00:00Z"'), { passes: false, changesAt: at + 1801 });
  assert.deepEqual(dated('start="2024-05-15 12:30:00Z" end="2024-05-15 12:30:00Z"'), {
    passes: true,
    changesAt: at + 1,
  });
  assert.deepEqual(dated('start="2024-05-15 12:00:00Z"', '<duration id="h" hours="1"/>'), {
    passes: true,
    changesAt: at + 1801,
  });
  assert.deepEqual(dated('start="2025-01-01"'), { passes: false, changesAt: 1_735_689_600 });
  assert.deepEqual(dated('start="yesterday"'), { passes: false, changesAt: undefined });
  const spec = (attributes: string) => dated('operation="date_spec"', `<date_spec id="s" ${attributes}/>`).passes;
  assert.deepEqual(
    ['hours="12"', 'hours="9-16" weekdays="1-5"', 'weekdays="6-"', 'years="2024" yeardays="136"', 'months="x"'].map(
      spec,
    ),
    [true, true, false, true, false],
  );
});

test('sets: score, then the last; within a set the first; #default takes back; a failing rule skips the set', () => {
  const parsed = parseXml(`<cib><p>
    <m id="1"><nvpair id="11" name="a" value="first"/><nvpair id="12" name="b" value="one"/><nvpair id="13" name="c" value="low"/></m>
    <m id="2"><nvpair id="21" name="a" value="last"/><nvpair id="22" name="a" value="again"/><nvpair id-ref="elsewhere"/><nvpair id-ref="elsewhere" name="e"/></m>
    <m id="3" score="5"><rule id="r"><expression id="e" attribute="x" operation="defined"/></rule><nvpair id="31" name="b" value="five"/></m>
    <m id="4" score="-1"><attributes><nvpair id="41" name="c" value="#Default"/><nvpair id="42" name="z" value="26"/></attributes></m>
    </p><q><nvpair id="elsewhere" name="d" value="referred"/></q></cib>`);
  assert.ok(parsed.ok);
  const parent = parsed.value.child('p');
  assert.ok(parent);
  const index = xmlIndexOf(parsed.value);
  const collect = (context: RuleContext, firstId?: string) => {
    const values = new Map<string, string>();
    collectValues(values, nvsetsOf(parent, 'm', index, firstId), index, context);
    return Object.fromEntries(values);
  };
  assert.deepEqual(collect({ now }), { a: 'last', d: 'referred', e: 'referred', b: 'one', z: '26' });
  assert.deepEqual(collect({ now, nodeAttribute: () => '1' }), {
    b: 'five',
    a: 'last',
    d: 'referred',
    e: 'referred',
    z: '26',
  });
  assert.equal(collect({ now }, '1').a, 'first');
  const replaced = new Map([['b', 'older']]);
  overrideValues(replaced, nvsetsOf(parent, 'm', index), index, { now });
  assert.deepEqual(Object.fromEntries(replaced), { a: 'first', d: 'referred', e: 'referred', b: 'one', z: '26' });
});
