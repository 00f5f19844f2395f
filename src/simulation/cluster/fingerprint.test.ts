import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseXml, versionedDigest, type XmlElement } from '../../cib/index.ts';
import { fingerprint } from './fingerprint.ts';

const document = (text: string): XmlElement => {
  const parsed = parseXml(text);
  assert.ok(parsed.ok);
  return parsed.value;
};

test('documents have the same fingerprint when they have the same digest, and another one for any difference', () => {
  const same = [
    '<cib epoch="1"><a id="x"><b/></a><c/></cib>',
    '<cib epoch="1" update-client="crmd"> <a id="x"> <b/> </a> <c/> </cib>',
  ].map(document);
  const different = [
    '<cib epoch="2"><a id="x"><b/></a><c/></cib>',
    '<cib epoch="1"><a id="x"/><b/><c/></cib>',
    '<cib epoch="1"><c/><a id="x"><b/></a></cib>',
    '<cib epoch="1"><a id="xb"/><c/></cib>',
    '<cib epoch="1"><a i="dx"><b/></a><c/></cib>',
  ].map(document);
  assert.equal(new Set(same.map(versionedDigest)).size, 1);
  assert.equal(new Set(same.map(fingerprint)).size, 1);
  assert.equal(new Set([...same.slice(0, 1), ...different].map(fingerprint)).size, 1 + different.length);
});

test('a change far down changes the fingerprint, and its undoing changes it back', () => {
  const before = document('<cib><status><node_state id="1"><lrm/></node_state></status></cib>');
  const seen = fingerprint(before);
  const changed = before.withNodes(before.children.map((status) => status.withNodes([])));
  assert.notEqual(fingerprint(changed), seen);
  assert.equal(fingerprint(changed.withNodes(before.nodes)), seen);
});
