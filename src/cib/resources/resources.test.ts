import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effectiveDefinition, parseXml, serialiseXml, tagsOf, xmlIndexOf } from '../index.ts';

function documentOf(text: string) {
  const parsed = parseXml(text);
  assert.ok(parsed.ok);
  return parsed.value;
}

test('a primitive from a template: agent and sets of the template first, own settings last, operations merged by name and role', () => {
  const root = documentOf(`<resources>
    <template id="t" class="ocf" type="Dummy"><meta_attributes id="tm"/><operations><op id="t1" name="monitor" interval="9"/><op id="t2" name="monitor" role="Promoted"/><op id="t3" name="stop"/></operations></template>
    <primitive id="p" template="t" description="lost"><meta_attributes id="pm"/><operations><op id="p1" name="monitor" interval="5" role="Started"/></operations></primitive>
    <primitive id="q" template="t"/><primitive id="x" template="y"/><primitive id="z" template="z"/></resources>`);
  const index = xmlIndexOf(root);
  const [, p, q, x, z] = root.children.map((resource) => effectiveDefinition(resource, index));
  assert.ok(typeof p === 'object' && typeof q === 'object');
  assert.equal(
    serialiseXml(p, 'compact'),
    '<primitive id="p" class="ocf" type="Dummy"><meta_attributes id="tm"/><meta_attributes id="pm"/>' +
      '<operations><op id="p1" name="monitor" interval="5" role="Started"/><op id="t2" name="monitor" role="Promoted"/><op id="t3" name="stop"/></operations></primitive>',
  );
  assert.equal(q.child('operations')?.children.length, 3);
  assert.deepEqual([x, z], ['unknown', 'itself']);
});

test('tags of one id add up, members once', () => {
  const root = documentOf(
    '<cib><tags><tag id="a"><obj_ref id="1"/><obj_ref id="2"/></tag><tag id="b"/><tag id="a"><obj_ref id="2"/><obj_ref id="3"/></tag></tags></cib>',
  );
  assert.deepEqual(
    [...tagsOf(xmlIndexOf(root))],
    [
      ['a', ['1', '2', '3']],
      ['b', []],
    ],
  );
});
