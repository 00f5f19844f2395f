import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseXml, queryXml } from '../index.ts';

const document = parseXml(`<cib>
  <configuration><resources>
    <primitive id="a" class="ocf"><meta_attributes id="am"><nvpair id="n1" name="target-role" value="Stopped"/></meta_attributes></primitive>
    <group id="g"><primitive id="b" class="ocf"/><primitive id="c" class="lsb"><op id="o" interval="10"/></primitive></group>
  </resources><tags><tag id="t"><obj_ref id="a"/></tag></tags></configuration>
  <status><node_state id="1"><x id="s1"/></node_state><node_state id="2"><x id="s2"/></node_state></status>
</cib>`);
assert.ok(document.ok);
const root = document.value;

function idsOf(xpath: string): (string | undefined)[] {
  const result = queryXml(root, xpath);
  assert.ok(result.ok, JSON.stringify(result));
  return result.value.map((element) => element.id ?? element.name);
}

test('the queries that tools and people write', () => {
  const cases: [string, string[]][] = [
    ['//primitive', ['a', 'b', 'c']],
    ['/cib/configuration/resources/primitive', ['a']],
    ['/cib', ['cib']],
    ['//*[@id="b"]', ['b']],
    ["//nvpair[@name='target-role']", ['n1']],
    ["//nvpair[@name='target-role']/../..", ['a']],
    ["//primitive[@class='ocf' and not(@id='a')]", ['b']],
    ["//primitive[@class='lsb' or @id='a']", ['a', 'c']],
    ['//group/primitive[2]', ['c']],
    ['//primitive[1]', ['a', 'b']],
    ['(//primitive)[2]', ['b']],
    ['//group/primitive[last()]', ['c']],
    ['//group/primitive[position() < 2]', ['b']],
    ["id('a')", ['a']],
    ["id('c a')/op", ['o']],
    ['//primitive[op]', ['c']],
    ['//primitive[op/@interval > 5]', ['c']],
    ['//primitive[meta_attributes/nvpair[@value="Stopped"]]', ['a']],
    ['//primitive/@class', ['a', 'b', 'c']],
    ['//group | //primitive[@id="a"]', ['a', 'g']],
    ["//primitive[starts-with(@id,'c')]/ancestor::group", ['g']],
    ['//node_state[@id!="1"]//x', ['s2']],
    ["//*[contains(@id,'n1')]", ['n1']],
    ['//primitive[count(op)=1]', ['c']],
    ["//*[name()='group']", ['g']],
    ['//nothing', []],
    ['//@interval', ['o']],
    ['descendant::op', ['o']],
  ];
  for (const [xpath, ids] of cases) assert.deepEqual(idsOf(xpath), ids, xpath);
});

test('the document itself is above its first element, and no element', () => {
  assert.deepEqual(idsOf('/*/../cib'), ['cib']);
  assert.deepEqual(idsOf('/cib/..'), []);
  assert.deepEqual(idsOf('//primitive/../../..'), ['cib', 'configuration']);
  assert.deepEqual(idsOf('//../cib'), ['cib']);
  assert.deepEqual(idsOf('//tag/ancestor::*'), ['cib', 'configuration', 'tags']);
  assert.deepEqual(idsOf('/descendant-or-self::*[1]'), ['cib']);
  assert.deepEqual(idsOf('//op/@id/..'), ['o']);
});

test('a text that is no query is a diagnostic that says where', () => {
  for (const xpath of [
    '',
    '//',
    '//a[',
    '//a[@b=',
    'a b',
    '//a]',
    "//a[@b='c]",
    'frob(1)',
    'following::a',
    '///a',
    '//a[$x]',
    `${'('.repeat(99)}1`,
  ]) {
    const result = queryXml(root, xpath);
    assert.ok(!result.ok && result.error.what !== '' && (result.error.place.column ?? 0) >= 1, xpath);
  }
});

test('no text makes a query throw', () => {
  const words = fc.constantFrom(
    '//',
    '/',
    'primitive',
    '*',
    '[',
    ']',
    '@id',
    '=',
    "'a'",
    '1',
    ' and ',
    ' or ',
    'not(',
    ')',
    '..',
    '.',
    '|',
    'last()',
    'count(',
    'ancestor::',
  );
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ arbitrary: words, weight: 9 }, fc.string({ maxLength: 2 })), { maxLength: 12 }),
      (parts) => {
        queryXml(root, parts.join(''));
      },
    ),
    { numRuns: 2000 },
  );
});
