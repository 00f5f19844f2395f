import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diffCibs, parseXml, patchToXml, serialiseXml, type XmlElement } from '../../cib/index.ts';
import { applyEdit } from './edit.ts';

function cibOf(name: string, { epoch = 7, updates = 3 } = {}): XmlElement {
  const parsed = parseXml(`<cib admin_epoch="0" epoch="${epoch}" num_updates="${updates}"><configuration>
    <crm_config/><nodes><node id="1" uname="${name}"/></nodes><resources/><constraints/></configuration><status/></cib>`);
  assert.ok(parsed.ok);
  return parsed.value;
}

const patch = { kind: 'patch', xml: serialiseXml(patchToXml(diffCibs(cibOf('a'), cibOf('b')))) } as const;

test('a patch of the configuration fits whatever nodes have reported since, and no other configuration', () => {
  const patched = applyEdit(cibOf('a', { updates: 9 }), patch);
  assert.ok(patched.ok);
  assert.match(serialiseXml(patched.value), /epoch="8".*uname="b"/s);
  const late = applyEdit(cibOf('a', { epoch: 8 }), patch);
  assert.match(late.ok ? '' : late.error.what, /the patch is for version 0\.7\.3, the document has 0\.8\.3/);
});
