import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aclFor, parseXml } from '../cib/index.ts';
import { commandRefusal, editRefusal, readRefusal } from './access.ts';

const parsed = parseXml(`<cib epoch="1" num_updates="0" admin_epoch="0"><configuration>
  <crm_config><cluster_property_set id="cp"><nvpair id="cp1" name="enable-acl" value="true"/></cluster_property_set></crm_config>
  <nodes/><resources><primitive id="web" class="ocf" provider="haven" type="process"/></resources><constraints/>
  <acls>
    <acl_role id="reader"><acl_permission id="r" kind="read" xpath="/cib"/></acl_role>
    <acl_role id="operator"><acl_permission id="o" kind="read" xpath="/cib"/><acl_permission id="s" kind="write" xpath="/cib/status"/></acl_role>
    <acl_target id="ann"><role id="reader"/></acl_target><acl_target id="bob"><role id="operator"/></acl_target>
  </acls></configuration><status/></cib>`);
assert.ok(parsed.ok);
const cib = parsed.value;
const of = (user: string) => aclFor(cib, { user, groups: [] });
const removal = { kind: 'delete', xml: '<primitive id="web"/>' } as const;

test('a reader reads, an operator cleans up, root does all, a stranger nothing', () => {
  const cleanup = { kind: 'cleanup', resource: undefined, node: undefined } as const;
  const may = (user: string) => [
    readRefusal(cib, of(user)) === undefined,
    commandRefusal(cib, of(user), cleanup) === undefined,
    commandRefusal(cib, of(user), { kind: 'stop-node' }) === undefined,
    editRefusal(cib, of(user), removal) === undefined,
  ];
  assert.deepEqual(may('ann'), [true, false, false, false]);
  assert.deepEqual(may('bob'), [true, true, false, false]);
  assert.deepEqual(may('root'), [true, true, true, true]);
  assert.deepEqual(may('eve'), [false, false, false, false]);
});

test('a refused edit says which change it is about', () => {
  const refusal = editRefusal(cib, of('ann'), removal);
  assert.equal(refusal?.kind, 'permission');
  assert.match(`${refusal?.what} ${refusal?.why}`, /web/);
});
