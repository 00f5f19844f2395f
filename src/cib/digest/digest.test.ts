import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { md5, onDiskDigest, parametersDigest, parseXml, versionedDigest } from '../index.ts';

test('MD5 agrees with the platform on every length around a block', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
      assert.equal(md5(text), createHash('md5').update(text).digest('hex'));
    }),
  );
  for (let length = 0; length < 130; length++) {
    assert.equal(md5('x'.repeat(length)), createHash('md5').update('x'.repeat(length)).digest('hex'));
  }
});

test('parameters digest as in operation histories, whatever their order', () => {
  assert.equal(parametersDigest([]), 'f2317cad3d54cec5d7d7aa7d0bf35cf8');
  assert.equal(parametersDigest([['ip', '127.0.0.10']]), '21ccbd2b8e65014ca7b36a2070642a2e');
  assert.equal(
    parametersDigest([
      ['b', '1'],
      ['a', '<'],
    ]),
    parametersDigest([
      ['a', '<'],
      ['b', '1'],
    ]),
  );
});

// The digests below were printed by cibadmin 2.1.5 for this text.
const cib = `<cib validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0" crm_feature_set="3.16.0" have-quorum="1">
  <configuration>
    <crm_config/>
    <nodes><node id="1" uname="n1"/></nodes>
    <resources>
      <primitive id="p" class="ocf" provider="heartbeat" type="Dummy"/>
      <primitive id="q" class="ocf" provider="heartbeat" type="Dummy"/>
      <group id="g"><primitive id="r" class="ocf" provider="heartbeat" type="Dummy"/><primitive id="s" class="ocf" provider="heartbeat" type="Dummy"/><primitive id="t" class="ocf" provider="heartbeat" type="Dummy"/></group>
    </resources>
    <constraints/>
  </configuration>
  <status/>
</cib>`;

test('documents digest as cibadmin digests them; who wrote one does not count on the wire', () => {
  const parsed = parseXml(cib);
  assert.ok(parsed.ok);
  assert.equal(onDiskDigest(parsed.value), '9700ee9b00421ca1f066047da6ee841f');
  assert.equal(versionedDigest(parsed.value), '86ba68a5b2f0036235240316d75fdc2f');
  const signed = parsed.value.with({ 'cib-last-written': 'today', 'update-user': 'me' });
  assert.equal(versionedDigest(signed), versionedDigest(parsed.value));
  assert.notEqual(onDiskDigest(signed), onDiskDigest(parsed.value));
});
