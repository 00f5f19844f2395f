// Bundles, fencing levels, tags, alerts and access control lists: what is made of the words, and what is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseXml, serialiseXml, type XmlElement, xmlIndexOf } from '../../cib/index.ts';
import type { Edit } from '../../controller/index.ts';
import { webCluster } from '../testing/web-cluster.ts';
import {
  assignmentEdits,
  holderEdits,
  permissionEdits,
  permissionWords,
  roleEdits,
  roleRemovalEdits,
  unassignmentEdits,
} from './acl.ts';
import { alertEdits, alertUpdateEdits, alertWords, ofAlerts, ofRecipients, recipientEdits } from './alert.ts';
import { bundleCreation, bundleUpdates, bundleWords } from './bundle.ts';
import { checkedEdit, together } from './check.ts';
import { levelClearEdits, levelEdits, levelRemovalEdits, levelsIn } from './fence-level.ts';
import { removalEdits } from './removal.ts';
import { tagEdits, tagRemovalEdits, tagUpdateEdits } from './tag.ts';

const devices = ['pdu1', 'pdu2'].map((id) => `<primitive id="${id}" class="stonith" type="fence_xvm"/>`).join('');
const parsed = parseXml(webCluster.replace('</resources>', `${devices}</resources>`));
assert.ok(parsed.ok);
const cib = parsed.value;

const bundleText =
  'container podman image=httpd replicas=3 network ip-range-start=192.0.2.20 host-netmask=24 ' +
  'port-map port=80 port-map range=9000-9009 storage-map source-dir=/srv/www target-dir=/var/www options=ro ' +
  'storage-map source-dir-root=/srv/log target-dir=/var/log meta priority=3';

test('a bundle is made of its parts, changed option by option, and deleted as a whole', () => {
  const made = edited(cib, [bundleCreation(cib, 'shop', bundleWords(bundleText.split(' '), 'create'))]);
  assert.equal(
    textOf(made, 'shop'),
    '<bundle id="shop"><meta_attributes id="shop-meta_attributes">' +
      '<nvpair id="shop-meta_attributes-priority" name="priority" value="3"/></meta_attributes>' +
      '<podman image="httpd" replicas="3"/><network ip-range-start="192.0.2.20" host-netmask="24">' +
      '<port-mapping id="shop-port-map-80" port="80"/>' +
      '<port-mapping id="shop-port-map-9000-9009" range="9000-9009"/></network>' +
      '<storage><storage-mapping id="shop-storage-map" source-dir="/srv/www" target-dir="/var/www" options="ro"/>' +
      '<storage-mapping id="shop-storage-map-1" source-dir-root="/srv/log" target-dir="/var/log"/></storage></bundle>',
  );
  const words =
    'container replicas= options=--privileged network host-netmask= port-map add port=81 internal-port=8081 ' +
    'port-map remove shop-port-map-80 shop-port-map-9000-9009 storage-map remove shop-storage-map shop-storage-map-1 meta priority=';
  const changed = edited(made, bundleUpdates(made, 'shop', bundleWords(words.split(' '), 'update')));
  assert.equal(
    textOf(changed, 'shop'),
    '<bundle id="shop"><meta_attributes id="shop-meta_attributes"/><podman image="httpd" options="--privileged"/>' +
      '<network ip-range-start="192.0.2.20"><port-mapping id="shop-port-map-81" port="81" internal-port="8081"/></network></bundle>',
  );
  const same = 'container options=--privileged'.split(' ');
  assert.deepEqual(bundleUpdates(changed, 'shop', bundleWords(same, 'update')), []);
  assert.deepEqual(xmlIndexOf(edited(changed, removalEdits(changed, 'shop'))).allById('shop'), []);
});

test('what cannot be a bundle is refused, with what is meant', () => {
  const create = (text: string, id = 'shop') => bundleCreation(cib, id, bundleWords(text.split(' '), 'create'));
  assert.throws(() => create('image=httpd'), /'image=httpd' is no part of a bundle/);
  assert.throws(() => create('contaner podman'), /'contaner' is no part of a bundle. Did you mean 'container'/);
  assert.throws(() => create('container image=httpd'), /followed by podman or docker/);
  assert.throws(() => create('container rkt image=httpd'), /no container engine 'rkt'. There is: podman, docker/);
  assert.throws(() => create('container podman replicas=3'), /needs its image/);
  assert.throws(() => create('container podman image=h replica=3'), /no option 'replica'. Did you mean 'replicas'/);
  assert.throws(() => create('container podman image=h replicas=0'), /replicas='0' is not valid.*above zero/);
  assert.throws(() => create('container podman image=h network ip-range-start=fd00::1'), /from an IPv4 address/);
  assert.throws(() => create('container podman image=h port-map port=80 range=1-2'), /either a port or a range/);
  assert.throws(() => create('container podman image=h port-map range=9-1'), /two ports/);
  assert.throws(() => create('container podman image=h storage-map source-dir=/srv'), /needs the target-dir/);
  assert.throws(
    () => create('container podman image=h replicas-per-host=2 port-map port=80'),
    /no addresses of their own/,
  );
  assert.throws(() => create('container podman image=h', 'vip'), /'vip' is taken/);
  assert.throws(() => bundleUpdates(cib, 'vip', bundleWords(['meta', 'priority=1'], 'update')), /not a bundle/);
  assert.throws(() => bundleWords(['port-map', 'port=80'], 'update'), /followed by add or remove/);
});

test('fencing levels are made for nodes, patterns and attributes, and devices taken out of them', () => {
  const both = edited(cib, levelEdits(cib, { index: '1', target: 'n1', devices: ['pdu1', 'pdu2'] }));
  const more = edited(both, levelEdits(both, { index: '2', target: 'regexp%n[23]', devices: ['pdu1'] }));
  const all = edited(more, levelEdits(more, { index: '1', target: 'attrib%rack=a', devices: ['pdu2'] }));
  assert.equal(textOf(all, 'fl-n1-1'), '<fencing-level id="fl-n1-1" target="n1" index="1" devices="pdu1,pdu2"/>');
  const without = edited(all, levelRemovalEdits(all, { index: '1', target: 'n1', devices: ['pdu1'] }));
  const pduTwo = { index: 1, devices: ['pdu2'] };
  assert.deepEqual(levelsIn(without), [
    { target: 'attrib%rack=a', ...pduTwo },
    { target: 'n1', ...pduTwo },
    { target: 'regexp%n[23]', index: 2, devices: ['pdu1'] },
  ]);
  assert.deepEqual(levelsIn(edited(without, levelClearEdits(without, 'pdu2'))), [
    { target: 'regexp%n[23]', index: 2, devices: ['pdu1'] },
  ]);
  assert.throws(() => levelEdits(all, { index: '1', target: 'n1', devices: ['pdu1'] }), /is there already: pdu1,pdu2/);
  assert.throws(() => levelRemovalEdits(all, { index: '3', target: 'n1', devices: [] }), /no level 3. There is: 1/);
});

test('a level of what is no node, no number and no fence device is refused', () => {
  const level = { index: '1', target: 'n1', devices: ['pdu1'] };
  assert.throws(() => levelEdits(cib, { ...level, target: 'n9' }), /no node 'n9'/);
  assert.throws(() => levelEdits(cib, { ...level, index: '10' }), /'10' is no fencing level/);
  assert.throws(() => levelEdits(cib, { ...level, target: 'regexp%n[' }), /no regular expression/);
  assert.throws(() => levelEdits(cib, { ...level, devices: ['db'] }), /'db' is no fence device. There is: pdu1, pdu2/);
  assert.throws(() => levelEdits(cib, { ...level, devices: ['pdu3'] }), /no resource 'pdu3'. Did you mean 'pdu\d'/);
  assert.throws(() => levelEdits(cib, { ...level, devices: ['pdu1', 'pdu1'] }), /given twice/);
});

test('a tag is made, changed, and kept while a constraint speaks of it', () => {
  const tagged = edited(cib, tagEdits(cib, 'both', ['web', 'db']));
  const changed = edited(tagged, tagUpdateEdits(tagged, 'both', { add: ['pdu1'], remove: ['web'] }));
  assert.equal(textOf(changed, 'both'), '<tag id="both"><obj_ref id="db"/><obj_ref id="pdu1"/></tag>');
  assert.throws(() => tagEdits(cib, 'web', ['db']), /the id 'web' is taken/);
  assert.throws(() => tagUpdateEdits(tagged, 'both', { add: [], remove: ['vip'] }), /not of 'vip'/);
  assert.throws(() => tagUpdateEdits(tagged, 'both', { add: [], remove: ['web', 'db'] }), /of nothing/);
  assert.throws(() => tagRemovalEdits(tagged, ['boht']), /no tag 'boht'. Did you mean 'both'/);
  const xml = '<rsc_location id="l" rsc="both" node="n1" score="1"/>';
  const constrained = edited(tagged, [{ kind: 'create', section: 'constraints', xml }]);
  assert.throws(() => tagRemovalEdits(constrained, ['both']), /constraint l speaks of/);
  assert.deepEqual(xmlIndexOf(edited(tagged, tagRemovalEdits(tagged, ['both']))).allById('both'), []);
});

test('an alert keeps its recipients when its options change, and NAME= takes one away', () => {
  const words = alertWords(['path=/bin/a', 'options', 'a=1', 'b=2', 'meta', 'timeout=5s'], ofAlerts);
  const made = alertEdits(cib, words);
  const alerted = edited(cib, made.edits);
  const told = edited(alerted, recipientEdits(alerted, made.id, alertWords(['value=ops'], ofRecipients)).edits);
  const update = alertWords(['path=/bin/b', 'options', 'b=', 'c=3', 'meta', 'timeout='], ofAlerts);
  assert.equal(
    textOf(edited(told, alertUpdateEdits(told, 'alert', update)), 'alert'),
    '<alert id="alert" path="/bin/b"><instance_attributes id="alert-instance_attributes">' +
      '<nvpair id="alert-instance_attributes-a" name="a" value="1"/>' +
      '<nvpair id="alert-instance_attributes-c" name="c" value="3"/></instance_attributes>' +
      '<recipient id="alert-recipient" value="ops"/></alert>',
  );
  assert.equal(alertEdits(told, words).id, 'alert-1');
  assert.throws(() => alertEdits(cib, alertWords(['path=a.sh'], ofAlerts)), /no absolute path/);
  assert.throws(() => alertWords(['pth=/a'], ofAlerts), /no 'pth'. Did you mean 'path'/);
  assert.throws(() => alertWords(['path=/a', 'meta', 'timeout=soon'], ofAlerts), /'soon' is no duration/);
  assert.throws(() => recipientEdits(told, 'alert', alertWords(['value=ops'], ofRecipients)), /tells ops already/);
});

test('roles are given and taken, and whoever has a role loses it with the role', () => {
  const permissions = permissionWords(['read', 'xpath', '/cib', 'read', 'id', 'db']);
  const role = edited(cib, roleEdits(cib, { role: 'looker', description: undefined, permissions }));
  const user = edited(role, holderEdits(role, 'user', 'alice', ['looker']));
  const group = edited(user, assignmentEdits(user, 'looker', 'group', 'staff'));
  assert.deepEqual(assignmentEdits(group, 'looker', 'user', 'alice'), [], 'it has it');
  const more = edited(group, permissionEdits(group, 'looker', permissionWords(['deny', 'xpath', '//nvpair'])));
  assert.match(textOf(more, 'looker'), /id="looker-read" .*id="looker-read-1" .*reference="db".*id="looker-deny"/);
  const gone = edited(more, roleRemovalEdits(more, 'looker'));
  assert.equal(textOf(gone, 'alice') + textOf(gone, 'staff'), '<acl_target id="alice"/><acl_group id="staff"/>');
  assert.throws(() => permissionWords(['reed', 'xpath', '/cib']), /'reed xpath \/cib' is no permission/);
  const bad = { role: 'r', description: undefined };
  const toPath = permissionWords(['read', 'xpath', '//primitive[']);
  assert.throws(() => roleEdits(cib, { ...bad, permissions: toPath }), /not an XPath/);
  const toNothing = permissionWords(['write', 'id', 'dbb']);
  assert.throws(() => roleEdits(cib, { ...bad, permissions: toNothing }), /nothing in the document has the id 'dbb'/);
  assert.throws(() => holderEdits(user, 'user', 'alice', []), /is there already.*haven acl role assign/);
  assert.throws(() => unassignmentEdits(gone, 'looker', 'user', 'alice'), /no role 'looker'/);
});

function edited(document: XmlElement, edits: readonly Edit[]): XmlElement {
  return checkedEdit(document, together(edits)).after;
}

function textOf(document: XmlElement, id: string): string {
  const [element] = xmlIndexOf(document).allById(id);
  assert.ok(element !== undefined, `nothing has the id ${id}`);
  return serialiseXml(element).replaceAll(/>\s+</g, '><').trim();
}
