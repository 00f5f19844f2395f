import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseXml, serialiseXml, upgradeCib, type XmlElement } from '../index.ts';

function upgraded(version: string, configuration: string): { root: XmlElement; notes: string[] } {
  const parsed = parseXml(
    `<cib validate-with="${version}"><configuration>${configuration}</configuration><status/></cib>`,
  );
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const result = upgradeCib(parsed.value);
  assert.ok(result.ok, JSON.stringify(result));
  return { root: result.value.root, notes: result.value.notes.map(({ what }) => what) };
}

function configurationOf(version: string, configuration: string): string {
  const { root } = upgraded(version, configuration);
  assert.equal(root.get('validate-with'), 'pacemaker-4.0');
  return (
    root
      .child('configuration')
      ?.children.map((section) => serialiseXml(section, 'compact'))
      .join('') ?? ''
  );
}

test('1.x: users become targets, their own permissions a role', () => {
  assert.equal(
    configurationOf(
      'pacemaker-1.2',
      '<acls><acl_role id="r"><write id="w" tag="constraints"/></acl_role><acl_user id="u"><role_ref id="r"/><read id="x" xpath="/cib"/></acl_user></acls>',
    ),
    '<acls><acl_role id="r"><acl_permission id="w" kind="write" object-type="constraints"/></acl_role>' +
      '<acl_target id="u"><role id="r"/><role id="auto-u"/></acl_target>' +
      '<acl_role id="auto-u"><acl_permission id="x" kind="read" xpath="/cib"/></acl_role></acls>',
  );
});

test('2.x: options are renamed, moved to the defaults unless set there, or dropped with a note', () => {
  const options = (pairs: [string, string][]) =>
    `<crm_config><cluster_property_set id="s">${pairs.map(([name, value], at) => `<nvpair id="${at}" name="${name}" value="${value}"/>`).join('')}</cluster_property_set></crm_config>`;
  assert.equal(
    configurationOf(
      'pacemaker-2.10',
      options([
        ['stonith_enabled', 'no'],
        ['default-resource-stickiness', '5'],
        ['expected-quorum-votes', '2'],
      ]),
    ),
    `${options([['stonith-enabled', 'no']])}<rsc_defaults><meta_attributes id="_2TO3_-rsc-defaults"><nvpair id="1" name="resource-stickiness" value="5"/></meta_attributes></rsc_defaults>`,
  );
  const defaults =
    '<rsc_defaults><meta_attributes id="d"><nvpair id="dd" name="is-managed" value="1"/></meta_attributes></rsc_defaults>';
  assert.equal(
    configurationOf('pacemaker-2.3', options([['is-managed-default', '0']]) + defaults),
    `<crm_config><cluster_property_set id="s"/></crm_config>${defaults}`,
  );
});

test('2.x: requires of start moves to the resource, of a monitor it goes', () => {
  const { root, notes } = upgraded(
    'pacemaker-2.5',
    '<resources><primitive id="p"><operations><op id="s" name="start" requires="quorum"/><op id="m" name="monitor" requires="fencing"/></operations></primitive></resources>',
  );
  assert.equal(
    serialiseXml(root.child('configuration')?.child('resources')?.child('primitive') as XmlElement, 'compact'),
    '<primitive id="p"><operations><op id="s" name="start"/><op id="m" name="monitor"/></operations>' +
      '<meta_attributes id="_2TO3_p-meta"><nvpair id="_2TO3_s-meta-requires" name="requires" value="quorum"/></meta_attributes></primitive>',
  );
  assert.equal(notes.length, 2);
});

test('3.x: masters are promotable clones, rules get a constraint each, lifetimes become rules', () => {
  const text = configurationOf(
    'pacemaker-3.9',
    '<resources><master id="m"><primitive id="p"/></master></resources><constraints>' +
      '<rsc_location id="l" rsc="m"><rule id="r1"/><rule id="r2"/></rsc_location>' +
      '<rsc_location id="t" rsc="m" node="n" score="5"><lifetime><rule id="r3"/></lifetime></rsc_location></constraints>',
  );
  assert.match(
    text,
    /<clone id="m"><meta_attributes id="m-promotable" score="INFINITY"><nvpair [^>]*name="promotable" value="true"/,
  );
  assert.match(
    text,
    /<rsc_location id="l" rsc="m"><rule id="r1"\/><\/rsc_location><rsc_location id="l-rule-2" rsc="m"><rule id="r2"\/>/,
  );
  assert.match(
    text,
    /<rsc_location id="t" rsc="m"><rule id="t-lifetime" score="5" boolean-op="and"><expression [^>]*value="n"\/><rule id="r3"\/><\/rule>/,
  );
});

test('3.x: what nothing can run goes with its constraints; a ping node runs nothing', () => {
  const text = configurationOf(
    'pacemaker-3.0',
    '<nodes><node id="9" uname="gw" type="ping"/></nodes><resources><clone id="c"><primitive id="n" class="nagios" type="x"/></clone><primitive id="ok" class="ocf"/></resources>' +
      '<constraints><rsc_colocation id="x" rsc="ok" with-rsc="c"/><rsc_order id="o"><resource_set id="s"><resource_ref id="n"/><resource_ref id="ok"/></resource_set></rsc_order></constraints>',
  );
  assert.doesNotMatch(text, /nagios|id="c"|rsc_colocation|resource_ref id="n"/);
  assert.match(text, /resource_ref id="ok"/);
  assert.match(text, /type="member"/);
  assert.match(text, /<rsc_location [^>]*rsc-pattern="\.\*" node="gw" score="-INFINITY" resource-discovery="never"/);
});

test('a current document is not touched; an unknown schema is refused; none opts out', () => {
  const parsed = parseXml('<cib validate-with="pacemaker-4.0"><configuration/></cib>');
  assert.ok(parsed.ok);
  const result = upgradeCib(parsed.value);
  assert.ok(result.ok && result.value.root === parsed.value);
  assert.equal(upgradeCib(parsed.value.with({ 'validate-with': 'pacemaker-3.11' })).ok, false);
  const none = parsed.value.with({ 'validate-with': 'none' });
  const untouched = upgradeCib(none);
  assert.ok(untouched.ok && untouched.value.root === none);
});
