import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDiagnostic } from '../../kit/index.ts';
import {
  decodeXml,
  parsePlainPieces,
  parseXml,
  removeElement,
  replaceElement,
  sameXml,
  serialiseXml,
  type XmlElement,
  type XmlNode,
  xmlElement,
  xmlIndexOf,
  xmlLimits,
} from '../index.ts';
import { parseStrictly } from './parse.ts';
import { scanPlainPieces, scanPlainXml } from './scan.ts';

const nameArbitrary = fc.stringMatching(/^[a-z_][a-z0-9_.-]{0,8}$/);
const valueArbitrary = fc.string({
  unit: fc.oneof(fc.constantFrom('<', '&', '"', "'", '>', '\t', '\n', '\r'), fc.stringMatching(/^[ -~é☃𝄞]$/u)),
});
const wordsArbitrary = fc.stringMatching(/^[a-z<>&]{1,8}$/);

export const treeArbitrary: fc.Arbitrary<XmlElement> = fc.letrec<{ tree: XmlElement; node: XmlNode }>((tie) => ({
  tree: fc
    .tuple(
      nameArbitrary,
      fc.dictionary(nameArbitrary, valueArbitrary, { maxKeys: 4 }),
      fc.array(tie('node'), { maxLength: 4, depthIdentifier: 'xml' }),
    )
    .map(([name, attributes, nodes]) => xmlElement(name, attributes, withoutNeighbouringText(nodes))),
  node: fc.oneof(
    { depthSize: 'small', depthIdentifier: 'xml' },
    wordsArbitrary.map((text): XmlNode => ({ kind: 'comment', text })),
    wordsArbitrary.map((text): XmlNode => ({ kind: 'text', text })),
    { arbitrary: tie('tree'), weight: 5 },
  ),
})).tree;

function withoutNeighbouringText(nodes: XmlNode[]): XmlNode[] {
  return nodes.filter((node, index) => node.kind !== 'text' || nodes[index - 1]?.kind !== 'text');
}

function parsed(text: string): XmlElement {
  const result = parseXml(text);
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
}

test('reading what was written gives the same tree, in either layout', () => {
  fc.assert(
    fc.property(treeArbitrary, fc.constantFrom('indented' as const, 'compact' as const), (tree, layout) => {
      assert.ok(sameXml(parsed(serialiseXml(tree, layout)), tree), serialiseXml(tree, layout));
    }),
  );
});

test('no text makes the parser throw or lose its way: a tree, or one diagnostic with a place', () => {
  const fragments = fc.constantFrom(
    '<a',
    '>',
    '/>',
    '</a>',
    ' b="',
    '"',
    '<!--',
    '-->',
    '&',
    ';',
    '<![CDATA[',
    ']]>',
    '<?',
    'x',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(fragments, fc.string({ maxLength: 3 })), { maxLength: 20 }), (parts) => {
      const result = parseXml(parts.join(''));
      if (!result.ok) assert.ok((result.error.place.line ?? 0) >= 1 && result.error.what !== '');
    }),
  );
});

test('the quick scanner and the full parser agree: same tree, same places, and neither accepts what the other refuses', () => {
  const fragments = fc.constantFrom(
    '<',
    'a',
    '>',
    '/',
    ' ',
    '=',
    '"',
    "'",
    '&#1',
    '&#xa;',
    ';',
    '-',
    ']]>',
    '\n',
    '\r',
    '!',
    '?',
    '\u0001',
    '\uffff',
  );
  const mutation = fc.record({
    at: fc.nat(),
    remove: fc.nat({ max: 3 }),
    insert: fc.oneof(fc.constant(''), fragments),
  });
  fc.assert(
    fc.property(treeArbitrary, fc.array(mutation, { maxLength: 2 }), (tree, mutations) => {
      let text = serialiseXml(tree);
      for (const { at, remove, insert } of mutations) {
        const place = at % (text.length + 1);
        text = text.slice(0, place) + insert + text.slice(place + remove);
      }
      const quick = scanPlainXml(text, xmlLimits);
      if (quick === undefined) return;
      const strict = parseStrictly(text, xmlLimits, {});
      assert.ok(strict.ok, `only the scanner accepts ${JSON.stringify(text)}`);
      assert.deepEqual(quick, strict.value);
    }),
    { numRuns: 2000 },
  );
});

test('a text that comes in pieces is read as it is whole, wherever it is cut', () => {
  const insert = fc.constantFrom(
    '',
    '',
    '<!-- - -->',
    '\n',
    '\r',
    '<',
    '&',
    '&amp;',
    '\u0001',
    '<?xml version="1.0"?>',
  );
  fc.assert(
    fc.property(treeArbitrary, insert, fc.nat(), fc.array(fc.nat(), { maxLength: 8 }), (tree, inserted, at, cuts) => {
      const plain = `${cuts.length % 2 === 0 ? '' : '<?xml version="1.0"?>\n'}<r>\n${serialiseXml(tree).repeat(2)}</r>\n`;
      const place = at % (plain.length + 1);
      const text = plain.slice(0, place) + inserted + plain.slice(place);
      assert.deepEqual(scanPlainPieces(piecesOf(text, cuts), xmlLimits), scanPlainXml(text, xmlLimits), text);
    }),
    { numRuns: 1500 },
  );
});

function piecesOf(text: string, cuts: readonly number[]): () => string | undefined {
  const places = cuts.map((cut) => cut % (text.length + 1)).sort((left, right) => left - right);
  const pieces = [...places, text.length].map((end, index) => text.slice(places[index - 1] ?? 0, end));
  return () => pieces.shift();
}

test('siblings that are like those of the parent before, or not quite, are read as they would be alone', () => {
  const item = fc.constantFrom(
    '<a id="1" x="1"/>',
    '<a id="2" x="1"/>',
    '<a id="2" x="2"/>',
    '<a id="3" x="1" y="1"/>',
    '<a id="3"/>',
    '<a id="&amp;" x="&amp;"/>',
    '<a id="&amp;amp;" x="&amp;"/>',
    "<a id='1' x='\"'/>",
    '<ab id="1"/>',
    '<a/>',
    '<a><b id="1"/></a>',
    '<a><b id="2"/></a>',
    '<a id="1"><b id="1" x="1"/><b id="2"/></a>',
  );
  fc.assert(
    fc.property(fc.array(fc.array(item, { maxLength: 6 }), { minLength: 2, maxLength: 4 }), (lists) => {
      const text = `<r>${lists.map((items) => `<l>\n${items.join('\n')}</l>`).join('')}</r>`;
      const strict = parseStrictly(text, xmlLimits, {});
      assert.ok(strict.ok);
      assert.deepEqual(scanPlainXml(text, xmlLimits), strict.value, text);
    }),
    { numRuns: 1500 },
  );
});

test('a file is read in pieces when it is plain UTF-8; what is not is left to who sees all of it', () => {
  const readerOf = (bytes: Uint8Array) => {
    let at = 0;
    return (into: Uint8Array) => {
      const part = bytes.subarray(at, at + Math.min(into.length, 10_007));
      into.set(part);
      at += part.length;
      return part.length;
    };
  };
  const long = `<r>${'<a b="é☃ is more than a character" c="2"/>\n'.repeat(9000)}</r>`;
  const read = (text: string) => parsePlainPieces(readerOf(Buffer.from(text)));
  assert.deepEqual(read(long), parsed(long));
  assert.deepEqual(read(`\ufeff${long}`), parsed(long));
  assert.deepEqual(read(`<r><!--${'x'.repeat(100_000)}--></r>`), undefined, 'no end of a tag within a piece');
  assert.deepEqual(
    [read(`${long}\ufeff`), read(`${long}<b/>`), read(long.slice(0, -1)), read('')],
    Array(4).fill(undefined),
  );
  assert.equal(parsePlainPieces(readerOf(Buffer.from(long, 'utf16le'))), undefined);
  assert.equal(parsePlainPieces(readerOf(Buffer.from(long, 'latin1'))), undefined);
});

test('attributes need not be those of the last element of the name, and none may stand twice', () => {
  const after = (next: string) => `<r><a x="1" y="2"/>${next}</r>`;
  const others = [
    '<a x="3" y="4"/>',
    '<a y="3" x="4"/>',
    '<a x="3"/>',
    '<a/>',
    '<a x="1" y="2" z="3"/>',
    '<a xy="3"/>',
  ];
  for (const next of others) {
    const strict = parseStrictly(after(next), xmlLimits, {});
    assert.ok(strict.ok);
    assert.deepEqual(scanPlainXml(after(next), xmlLimits), strict.value, next);
  }
  for (const next of ['<a x="3" x="4"/>', '<a x="3" y="4" x="5"/>', '<a y="3" y="4"/>']) {
    assert.equal(scanPlainXml(after(next), xmlLimits), undefined, next);
  }
});

test('a value that stands there again is read as it would be alone', () => {
  const raw = fc.constantFrom(
    '1',
    '12',
    '',
    'a b',
    'a\tb',
    '&lt;',
    '<',
    '&amp;',
    '&',
    '&#50;',
    '2',
    '&quot;2',
    '"2',
    "'",
    '>',
  );
  const mark = fc.constantFrom('"', '"', '"', "'");
  const element = fc
    .array(fc.tuple(fc.constantFrom('x', 'y', 'z'), mark, raw), { maxLength: 3 })
    .map((attributes) => `<a${attributes.map(([name, by, value]) => ` ${name}=${by}${value}${by}`).join('')}/>`);
  fc.assert(
    fc.property(fc.array(element, { minLength: 2, maxLength: 5 }), (elements) => {
      const text = `<r>${elements.join('')}</r>`;
      const quick = scanPlainXml(text, xmlLimits);
      if (quick === undefined) return;
      const strict = parseStrictly(text, xmlLimits, {});
      assert.ok(strict.ok, `only the scanner accepts ${text}`);
      assert.deepEqual(quick, strict.value);
    }),
    { numRuns: 20_000 },
  );
});

test('ordinary documents take the quick way', () => {
  const text = '<?xml version="1.0" encoding="UTF-8"?>\n<!-- c -->\n<cib a="1 &lt; &#x0A;2">\n\t<b é="x"/>\n</cib>\n';
  assert.equal(scanPlainXml(text, xmlLimits), undefined, 'names outside ASCII are for the full parser');
  assert.ok(parseXml(text).ok);
  assert.ok(scanPlainXml(text.replace('é', 'e'), xmlLimits));
});

test('an element knows the line and column of its <', () => {
  const root = parsed('<?xml version="1.0"?>\n<cib>\n  <a\n    id="1"/><b/>\n</cib>');
  const [a, b] = root.children;
  assert.deepEqual([root.line, root.column, a?.line, a?.column, b?.line, b?.column], [2, 1, 3, 3, 4, 13]);
});

test('a mistake is reported where it is', () => {
  const result = parseXml('<cib>\n  <a b=1/>\n</cib>', { file: 'cib.xml' });
  assert.ok(!result.ok);
  assert.deepEqual([result.error.place.file, result.error.place.line], ['cib.xml', 2]);
});

test('a mistake is told in words that help to mend it', () => {
  const told = (text: string) => {
    const result = parseXml(text);
    return result.ok ? 'fine' : formatDiagnostic(result.error);
  };
  assert.deepEqual(
    ['', '<a b="x &foo; y"/>', '<a>\n<b c="x & y"/>\n</a>', '<a>\n <b>\n</a>', '<a>\n<!-- & -->\n<b>'].map(told),
    [
      '1:1: error: the document is empty. It needs one root element, e.g. <cib>',
      '1:14: error: &foo; stands for nothing. XML knows &lt; &gt; &amp; &quot; &apos; and the numbers of characters; write &amp; for &',
      '2:9: error: & begins no reference. Write &amp; for &',
      '3:5: error: this end tag closes another element: <b> of line 2 is still open',
      '3:4: error: the document ends too early: <b> of line 3 is still open',
    ],
  );
});

test('a file is read in the encoding that it has; what is not of that encoding is refused with its line', () => {
  const latin = (text: string) => Buffer.from(text, 'latin1');
  const wide = Buffer.from('<é/>', 'utf16le');
  const files = [
    Buffer.from('\ufeff<é/>'),
    Buffer.concat([Buffer.from([0xff, 0xfe]), wide]),
    Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(wide).swap16()]),
    wide,
    latin('<?xml version="1.0" encoding="ISO-8859-1"?><é/>'),
  ];
  const texts = files.map((each) => decodeXml(each));
  for (const text of texts) assert.ok(text.ok && text.value.endsWith('<é/>'));
  const wrong = [latin('<a>\n<é/></a>'), latin('<?xml version="1.0" encoding="klingon"?><a/>')].map((each) => {
    const text = decodeXml(each);
    return text.ok ? 'fine' : `${text.error.place.line}: ${text.error.what}`;
  });
  assert.deepEqual(wrong, ['2: this is no UTF-8 text', "1: no encoding is known by the name of 'klingon'"]);
});

test('documents beyond the limits are refused, not read', () => {
  const deep = `${'<a>'.repeat(300)}${'</a>'.repeat(300)}`;
  const refused = [
    parseXml(deep),
    parseXml('<a><b/><b/></a>', { limits: { elementsMax: 2 } }),
    parseXml('<a b="1" c="2"/>', { limits: { attributesPerElementMax: 1 } }),
    parseXml('<a/>', { limits: { charactersMax: 3 } }),
    parseXml('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'),
  ];
  for (const result of refused) assert.equal(result.ok, false);
});

test('an edit shares everything beside its path', () => {
  const before = parsed('<a><b id="1"/><c id="2"><d/></c><e/></a>');
  const target = xmlIndexOf(before).allById('2')[0];
  assert.ok(target);
  const after = replaceElement(before, target, target.with({ id: '3', extra: 'x' }));
  assert.equal(after.children[0], before.children[0]);
  assert.equal(after.children[1]?.children[0], target.children[0]);
  assert.equal(serialiseXml(after, 'compact'), '<a><b id="1"/><c id="3" extra="x"><d/></c><e/></a>');
  assert.equal(serialiseXml(removeElement(after, before.children[0] as XmlElement), 'compact').includes('<b'), false);
  assert.equal(serialiseXml(before, 'compact'), '<a><b id="1"/><c id="2"><d/></c><e/></a>');
});

test('the path of an element names it by id, else by position among its like', () => {
  const root = parsed('<cib><nodes><node id="n1"/><x/><x/></nodes></cib>');
  const index = xmlIndexOf(root);
  const paths = root.children[0]?.children.map((element) => index.pathOf(element));
  assert.deepEqual(paths, ["/cib/nodes/node[@id='n1']", '/cib/nodes/x[1]', '/cib/nodes/x[2]']);
});
