import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  applyChanges,
  applyPatch,
  diffCibs,
  diffTrees,
  parseXml,
  patchFromXml,
  patchToXml,
  sameXml,
  serialiseXml,
  withDigest,
  XmlElement,
  type XmlNode,
  xmlElement,
} from '../index.ts';

function parsed(text: string): XmlElement {
  const result = parseXml(text);
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
}

/** Few names and ids, so that siblings collide, move and repeat; with and without ids, comments and text between. */
const ids = fc.constantFrom('1', '2', '3', '4', "it's", `"both'`);
const nodeArbitrary = fc.letrec<{ element: XmlElement; node: XmlNode }>((tie) => ({
  element: fc
    .record({
      name: fc.constantFrom('a', 'b', 'comment'),
      id: fc.option(ids, { nil: undefined }),
      x: fc.option(fc.constantFrom('1', '2'), { nil: undefined }),
      y: fc.option(fc.constantFrom('1', '2'), { nil: undefined }),
      swapped: fc.boolean(),
      nodes: fc.array(tie('node'), { maxLength: 6, depthIdentifier: 'tree' }),
    })
    .map(({ name, id, x, y, swapped, nodes }) =>
      xmlElement(name, swapped ? { y, id, x } : { id, x, y }, withoutNeighbouringText(nodes)),
    ),
  node: fc.oneof(
    { depthSize: 'small', depthIdentifier: 'tree' },
    fc.constantFrom<XmlNode>(
      { kind: 'comment', text: 'c' },
      { kind: 'comment', text: 'd' },
      { kind: 'text', text: 't' },
    ),
    { arbitrary: tie('element'), weight: 6 },
  ),
}));

function withoutNeighbouringText(nodes: XmlNode[]): XmlNode[] {
  return nodes.filter((node, index) => node.kind !== 'text' || nodes[index - 1]?.kind !== 'text');
}

/** The second tree is the first one shuffled, thinned and grown here and there, sharing what was left alone. */
function changedTree(element: XmlElement, random: fc.Stream<number>): XmlElement {
  const next = () => random.next().value as number;
  const kept = element.nodes.filter(() => next() % 8 !== 0);
  if (kept.length > 1 && next() % 2 === 0) kept.push(...kept.splice(next() % kept.length, 1));
  if (next() % 5 === 0) kept.reverse();
  if (next() % 3 === 0) kept.splice(next() % (kept.length + 1), 0, xmlElement('b', { id: String(next() % 5) }));
  const nodes = kept.map((node) => (node.kind === 'element' && next() % 2 === 0 ? changedTree(node, random) : node));
  const changed = element.withNodes(withoutNeighbouringText(nodes));
  return next() % 4 === 0 ? changed.with({ x: String(next() % 3) }) : changed;
}

const pairs = fc
  .tuple(nodeArbitrary.element, nodeArbitrary.element, fc.infiniteStream(fc.nat({ max: 1000 })), fc.boolean())
  .map(
    ([first, second, random, related]) =>
      [first.renamed('cib'), related ? changedTree(first.renamed('cib'), random) : second.renamed('cib')] as const,
  );

test('applying the patch between two documents to the first gives the second, also when the patch went through XML', () => {
  fc.assert(
    fc.property(pairs, ([before, after]) => {
      const patch = withDigest(diffCibs(before, after), after);
      const written = patchFromXml(parsed(serialiseXml(patchToXml(patch))));
      assert.ok(written.ok, JSON.stringify(written));
      for (const each of [patch, written.value]) {
        const applied = applyPatch(before, each);
        assert.ok(applied.ok, JSON.stringify(applied));
        assert.ok(
          sameXml(applied.value, after),
          `${serialiseXml(before)}\n${serialiseXml(patchToXml(patch))}\n${serialiseXml(applied.value)}\n${serialiseXml(after)}`,
        );
      }
    }),
    { numRuns: 300 },
  );
});

test('equal documents need no changes, and what a patch does not name stays shared', () => {
  fc.assert(
    fc.property(nodeArbitrary.element, (tree) => assert.deepEqual(diffTrees(tree, tree.withNodes(tree.nodes)), [])),
  );
  const before = parsed('<cib><a id="1"><b/></a><c id="2"/></cib>');
  const after = before.withNodes([before.children[0] as XmlElement, xmlElement('c', { id: '2', x: '1' })]);
  const applied = applyChanges(before, diffTrees(before, after));
  assert.ok(applied.ok);
  assert.equal(applied.value.children[0], before.children[0]);
});

test('a patch is read by people: deletions, then changes in the order of the new document', () => {
  const cib = (epoch: number, resources: string) =>
    parsed(
      `<cib epoch="${epoch}" num_updates="0" admin_epoch="0"><configuration><resources>${resources}</resources></configuration></cib>`,
    );
  const before = cib(1, '<p id="p"/><p id="q" a="1"/><g id="g"><p id="r"/><p id="s" t="x"/><p id="t"/></g>');
  const after = cib(2, '<p id="n"/><p id="q" a="2" b="3"/><g id="g"><p id="t"/><p id="r"/><p id="s"/></g>');
  const patch = patchToXml(diffCibs(before, after));
  assert.equal(
    serialiseXml(patch),
    `<diff format="2">
  <version>
    <source admin_epoch="0" epoch="1" num_updates="0"/>
    <target admin_epoch="0" epoch="2" num_updates="0"/>
  </version>
  <change operation="delete" path="/cib/configuration/resources/p[@id='p']"/>
  <change operation="modify" path="/cib">
    <change-list>
      <change-attr name="epoch" operation="set" value="2"/>
    </change-list>
    <change-result>
      <cib epoch="2" num_updates="0" admin_epoch="0"/>
    </change-result>
  </change>
  <change operation="create" path="/cib/configuration/resources" position="0">
    <p id="n"/>
  </change>
  <change operation="modify" path="/cib/configuration/resources/p[@id='q']">
    <change-list>
      <change-attr name="a" operation="set" value="2"/>
      <change-attr name="b" operation="set" value="3"/>
    </change-list>
    <change-result>
      <p id="q" a="2" b="3"/>
    </change-result>
  </change>
  <change operation="move" path="/cib/configuration/resources/g[@id='g']/p[@id='t']" position="0"/>
  <change operation="modify" path="/cib/configuration/resources/g[@id='g']/p[@id='s']">
    <change-list>
      <change-attr name="t" operation="unset"/>
    </change-list>
    <change-result>
      <p id="s"/>
    </change-result>
  </change>
</diff>
`,
  );
});

test('a patch fits one version only, and its outcome is checked', () => {
  const at = (epoch: number, x: string) =>
    parsed(`<cib admin_epoch="0" epoch="${epoch}" num_updates="0"><a id="1" x="${x}"/><b id="2"/></cib>`);
  const patch = withDigest(diffCibs(at(4, 'old'), at(5, 'new')), at(5, 'new'));
  const reasonFor = (cib: XmlElement) => {
    const result = applyPatch(cib, patch);
    return result.ok ? 'applied' : result.error.reason;
  };
  assert.equal(reasonFor(at(4, 'old')), 'applied');
  assert.equal(reasonFor(at(3, 'old')), 'older');
  assert.equal(reasonFor(at(5, 'old')), 'newer');
  assert.equal(reasonFor(at(4, 'old').append(xmlElement('c'))), 'digest');
  assert.equal(reasonFor(at(4, 'old').withNodes([])), 'mismatch');
});

test('no patch, however damaged, makes applying throw', () => {
  const change = fc.record({
    operation: fc.constantFrom('create', 'delete', 'move', 'modify', 'frob'),
    path: fc.oneof(
      fc.constantFrom('/cib', '/cib/a', "/cib/a[@id='1']", '/cib/comment', '/x', '', '//', '/cib/a[0]'),
      fc.string({ maxLength: 8 }),
    ),
    position: fc.option(fc.constantFrom('0', '1', '99', '-1', 'x', '99999999999'), { nil: undefined }),
    nodes: fc.array(nodeArbitrary.element, { maxLength: 1, size: 'xsmall' }),
  });
  fc.assert(
    fc.property(nodeArbitrary.element, fc.array(change, { maxLength: 5 }), (tree, changes) => {
      const diff = xmlElement(
        'diff',
        { format: '2' },
        changes.map(({ operation, path, position, nodes }) =>
          xmlElement('change', { operation, path, position }, nodes),
        ),
      );
      const patch = patchFromXml(diff);
      if (patch.ok) applyPatch(new XmlElement('cib', tree.attributePairs, tree.nodes), patch.value);
    }),
  );
});
