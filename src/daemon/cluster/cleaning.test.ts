import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseXml } from '../../cib/index.ts';
import { cleaningUpdates } from './cleaning.ts';

const agent = 'class="ocf" provider="heartbeat" type="IPaddr2"';
const operation = (id: string, code: number, status = 0) =>
  `<lrm_rsc_op id="${id}" operation="monitor" interval="0" rc-code="${code}" op-status="${status}" transition-key="1:2:7:t"/>`;
const parsed = parseXml(
  '<cib><status><node_state id="1" uname="n1"><lrm id="1"><lrm_resources>' +
    `<lrm_resource id="ill" ${agent}>${operation('ill_last_0', 6)}</lrm_resource>` +
    `<lrm_resource id="found" ${agent}>${operation('found_last_0', 0)}</lrm_resource>` +
    `<lrm_resource id="absent" ${agent}>${operation('absent_last_0', 7)}</lrm_resource>` +
    `<lrm_resource id="asked" ${agent}>${operation('asked_last_0', 193, -1)}</lrm_resource>` +
    `<lrm_resource id="once" ${agent}>${operation('once_last_0', 7)}${operation('once_last_failure_0', 6)}</lrm_resource>` +
    '</lrm_resources></lrm></node_state></status></cib>',
);

test('a cleanup forgets what has failed, a probe that could not tell among it, and nothing else', () => {
  assert.ok(parsed.ok);
  const updates = cleaningUpdates(parsed.value, { kind: 'cleanup', resource: undefined, node: undefined });
  assert.ok(updates.ok);
  assert.deepEqual(
    updates.value.map((update) => (update.kind === 'forget' ? update.resource : update.kind)),
    ['ill', 'once'],
  );
});
