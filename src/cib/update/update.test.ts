import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createObject,
  deleteObject,
  modifyObject,
  parseXml,
  replaceObject,
  serialiseXml,
  withNextVersion,
  type XmlElement,
} from '../index.ts';

function parsed(text: string): XmlElement {
  const result = parseXml(text);
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
}

const cib = parsed(
  '<cib admin_epoch="0" epoch="3" num_updates="7"><configuration><resources><p id="a" x="1"><m id="am"><n id="n1" value="v"/></m></p><p id="b"/></resources></configuration><status/></cib>',
);

function resourcesOf(result: ReturnType<typeof createObject>): string {
  assert.ok(result.ok, JSON.stringify(result));
  return serialiseXml(result.value.child('configuration')?.child('resources') as XmlElement, 'compact').slice(11, -12);
}

function failureOf(result: ReturnType<typeof createObject>): string {
  return result.ok ? 'ok' : `${result.error.kind}: ${result.error.what}`;
}

test('create adds, and refuses what is there', () => {
  assert.match(resourcesOf(createObject(cib, 'resources', parsed('<p id="c"/>'))), /<p id="b"\/><p id="c"\/>$/);
  assert.equal(
    failureOf(createObject(cib, 'resources', parsed('<p id="a"/>'))),
    "exists: <p> 'a' exists already in <resources>",
  );
  assert.equal(failureOf(createObject(cib, 'tags', parsed('<tag id="a"/>'))), 'not-found: the document has no <tags>');
});

test('modify merges by name and id, and can count', () => {
  const fragment = parsed('<p id="a" y="2"><m id="am"><n id="n1" value="w"/><n id="n2"/></m></p>');
  assert.equal(
    resourcesOf(modifyObject(cib, fragment)),
    '<p id="a" x="1" y="2"><m id="am"><n id="n1" value="w"/><n id="n2"/></m></p><p id="b"/>',
  );
  assert.match(resourcesOf(modifyObject(cib, parsed('<p id="a" x="x++"/>'))), /x="2"/);
  assert.match(resourcesOf(modifyObject(cib, parsed('<p id="a" x="x+=5"/>'))), /x="6"/);
  assert.equal(failureOf(modifyObject(cib, parsed('<p id="z"/>'))), "not-found: there is no <p> 'z' to modify");
  assert.equal(failureOf(modifyObject(cib, parsed('<p x="1"/>'))), 'not-found: there is no <p> to modify');
});

test('replace takes contents too; delete needs every attribute to fit', () => {
  assert.equal(resourcesOf(replaceObject(cib, parsed('<p id="a"/>'))), '<p id="a"/><p id="b"/>');
  assert.equal(deleteObject(cib, parsed('<p id="a" x="2"/>')), cib);
  assert.doesNotMatch(serialiseXml(deleteObject(cib, parsed('<p id="a" x="1"/>'))), /id="a"/);
  assert.equal(deleteObject(cib, parsed('<p id="z"/>')), cib);
});

test('the epoch counts configurations, num_updates everything else, nothing counts nothing', () => {
  const versionAfter = (after: XmlElement) =>
    ['admin_epoch', 'epoch', 'num_updates'].map((field) => withNextVersion(cib, after).get(field)).join('.');
  assert.equal(versionAfter(deleteObject(cib, parsed('<p id="b"/>'))), '0.4.0');
  assert.equal(versionAfter(cib.append(parsed('<x/>'))), '0.3.8');
  assert.equal(versionAfter(cib), '0.3.7');
  const raised = modifyObject(cib, parsed('<cib admin_epoch="admin_epoch++"/>'));
  assert.ok(raised.ok);
  assert.equal(versionAfter(raised.value), '1.3.7');
});
