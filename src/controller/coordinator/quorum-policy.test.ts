import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseXml, type XmlElement } from '../../cib/index.ts';
import { clusterOptionsOf, transientAttributesOf } from '../document/query.ts';
import { decidedBy } from './quorum-policy.ts';

const now = { epochSeconds: 1_800_000_000, offsetSeconds: 0 };

function policyOf(haveQuorum: 0 | 1, options: Readonly<Record<string, string>>): string | undefined {
  return clusterOptionsOf(decidedBy(document(haveQuorum, options), now, []).document, now).get('no-quorum-policy');
}

function document(haveQuorum: 0 | 1, options: Readonly<Record<string, string>>): XmlElement {
  const pairs = Object.entries(options).map(
    ([name, value]) => `<nvpair id="o-${name}" name="${name}" value="${value}"/>`,
  );
  const set = `<cluster_property_set id="cib-bootstrap-options">${pairs.join('')}</cluster_property_set>`;
  const parsed = parseXml(
    `<cib have-quorum="${haveQuorum}"><configuration><crm_config>${set}</crm_config></configuration></cib>`,
  );
  assert.ok(parsed.ok);
  return parsed.value;
}

test('a partition without quorum freezes only when the others would have to fence it', () => {
  const freeze = { 'no-quorum-policy': 'freeze' };
  assert.equal(policyOf(0, { ...freeze, 'stonith-enabled': 'false' }), 'stop');
  assert.equal(policyOf(0, { ...freeze, 'stonith-enabled': 'true' }), 'freeze');
  assert.equal(policyOf(0, freeze), 'freeze', 'fencing is on unless it is switched off');
  assert.equal(policyOf(1, { ...freeze, 'stonith-enabled': 'false' }), 'freeze', 'with quorum it says nothing');
});

test('other policies are what they are', () => {
  const policy = { 'no-quorum-policy': 'ignore', 'stonith-enabled': 'false' };
  const cib = document(0, policy);
  assert.equal(decidedBy(cib, now, []).document, cib);
});

test('a frozen partition moves nothing to a node that no majority knows of', () => {
  const cib = document(0, { 'no-quorum-policy': 'freeze' });
  const decided = decidedBy(cib, now, [{ id: '3', name: 'n3' }]);
  assert.equal(transientAttributesOf(decided.document, { id: '3', name: 'n3' }).get('standby'), 'on');
  assert.match(decided.warning ?? '', /nothing is moved to n3/);
});
