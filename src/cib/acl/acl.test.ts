import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  aclFor,
  forbiddenChanges,
  parseXml,
  queryXml,
  replaceElement,
  serialiseXml,
  visiblePart,
  type XmlElement,
  xmlElement,
} from '../index.ts';

function documentOf(enabled: string, permissions: string): XmlElement {
  const parsed = parseXml(`<cib epoch="1"><configuration>
    <crm_config><cluster_property_set id="cp"><nvpair id="cp1" name="enable-acl" value="${enabled}"/></cluster_property_set></crm_config>
    <nodes><node id="1" uname="n1"/></nodes>
    <resources>
      <primitive id="p" class="ocf"><meta_attributes id="pm"><nvpair id="pm1" name="target-role" value="Started"/></meta_attributes><instance_attributes id="pi"><nvpair id="pi1" name="passwd" value="x"/></instance_attributes></primitive>
      <primitive id="q" class="ocf"><meta_attributes id="qm"><nvpair id="qm1" name="target-role" value="Started"/></meta_attributes></primitive>
    </resources>
    <acls><acl_target id="bob"><role id="r"/></acl_target><acl_group id="operators"><role id="r"/></acl_group><acl_role id="r">${permissions}</acl_role></acls>
    </configuration><status/></cib>`);
  assert.ok(parsed.ok);
  return parsed.value;
}

const permissions = `<acl_permission id="r1" kind="read" reference="p"/><acl_permission id="r2" kind="deny" xpath="//nvpair[@name='passwd']"/>
  <acl_permission id="r3" kind="write" xpath="//nvpair[@name='target-role']"/><acl_permission id="r4" kind="read" object-type="node" attribute="uname"/>`;
const cib = documentOf('true', permissions);
const bob = aclFor(cib, { user: 'bob', groups: [] });

function only(root: XmlElement, xpath: string): XmlElement {
  const found = queryXml(root, xpath);
  assert.ok(found.ok && found.value.length === 1 && found.value[0] !== undefined, xpath);
  return found.value[0];
}

test('a reader sees what is granted, and of the way to it names and ids only', () => {
  const seen = visiblePart(cib, bob);
  assert.ok(seen);
  assert.equal(
    serialiseXml(seen, 'compact'),
    '<cib><configuration><nodes><node id="1" uname="n1"/></nodes><resources>' +
      '<primitive id="p" class="ocf"><meta_attributes id="pm"><nvpair id="pm1" name="target-role" value="Started"/></meta_attributes><instance_attributes id="pi"/></primitive>' +
      '<primitive id="q"><meta_attributes id="qm"><nvpair id="qm1" name="target-role" value="Started"/></meta_attributes></primitive>' +
      '</resources></configuration></cib>',
  );
});

test('lists bind whom they name, when they are on; root is free', () => {
  assert.equal(visiblePart(cib, aclFor(cib, { user: 'eve', groups: [] })), undefined);
  assert.deepEqual(aclFor(cib, { user: 'eve', groups: ['operators'] }), bob);
  assert.equal(aclFor(cib, { user: 'root', groups: [] }), 'everything');
  assert.equal(aclFor(documentOf('false', permissions), { user: 'eve', groups: [] }), 'everything');
});

test('writes are allowed where write is granted, and nowhere else', () => {
  const changed = (xpath: string, change: (element: XmlElement) => XmlElement) => {
    const target = only(cib, xpath);
    return forbiddenChanges(cib, replaceElement(cib, target, change(target)).with({ epoch: '2' }), bob).map(
      ({ place }) => place.path,
    );
  };
  assert.deepEqual(
    changed("//nvpair[@id='qm1']", (nvpair) => nvpair.with({ value: 'Stopped' })),
    [],
  );
  assert.deepEqual(
    changed("//meta_attributes[@id='qm']", (set) => set.withNodes([])),
    [],
  );
  assert.deepEqual(
    changed("//primitive[@id='p']", (p) => p.with({ description: 'x' })),
    ["/cib/configuration/resources/primitive[@id='p']"],
  );
  assert.deepEqual(changed("//nvpair[@id='pi1']", (nvpair) => nvpair.with({ value: 'y' })).length, 1);
  assert.deepEqual(changed('//resources', (resources) => resources.withNodes([])).length, 2);
  const granted = xmlElement('acl_permission', { id: 'r9', kind: 'write', xpath: '/cib' });
  assert.deepEqual(
    changed('//acl_role', (role) => role.append(granted)),
    ["/cib/configuration/acls/acl_role[@id='r']/acl_permission[@id='r9']"],
  );
  const role = xmlElement('meta_attributes', { id: 'new' }, [
    xmlElement('nvpair', { id: 'n', name: 'target-role', value: 'x' }),
  ]);
  assert.deepEqual(
    changed("//primitive[@id='q']", (q) => q.append(role)),
    [],
  );
});

test('a permission that cannot be read grants nothing, and a denial that cannot be read denies all', () => {
  const broken = (kind: string) =>
    documentOf(
      'true',
      `<acl_permission id="a" kind="read" xpath="/cib"/><acl_permission id="b" kind="${kind}" xpath="//["/>`,
    );
  const seenWith = (kind: string) => visiblePart(broken(kind), aclFor(broken(kind), { user: 'bob', groups: [] }));
  assert.ok(seenWith('write'));
  assert.equal(seenWith('deny'), undefined);
});

test('what is granted on the document itself is granted on all of it', () => {
  const whole = documentOf('true', '<acl_permission id="a" kind="read" xpath="/"/>');
  assert.equal(visiblePart(whole, aclFor(whole, { user: 'bob', groups: [] })), whole);
});
