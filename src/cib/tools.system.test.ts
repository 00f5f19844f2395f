// Haven beside the real tools (Debian's pacemaker-cli-utils and libxml2-utils): same digests, patches that each applies
// for the other, same filtered views, same query results, and no fewer mistakes found than the schemas find.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import {
  aclFor,
  applyPatch,
  compileSchema,
  diffCibs,
  onDiskDigest,
  parseInstant,
  parseIntervalMs,
  parseXml,
  patchFromXml,
  patchToXml,
  queryXml,
  rewriteElements,
  sameXml,
  serialiseXml,
  upgradeCib,
  validateCib,
  versionedDigest,
  visiblePart,
  withDigest,
  type XmlElement,
  xmlElement,
} from './index.ts';

const missing = ['/usr/sbin/cibadmin', '/usr/sbin/crm_diff', '/usr/bin/xmllint'].filter(
  (program) => !existsSync(program),
);
const skip = missing.length === 0 ? false : `needs ${missing.join(', ')}`;
const folder = mkdtempSync(join(tmpdir(), 'haven-cib-'));
after(() => rmSync(folder, { recursive: true }));

function fileOf(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function run(
  program: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): { status: number | null; out: string } {
  const done = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C', ...environment },
    maxBuffer: 1 << 26,
  });
  return { status: done.status, out: done.stdout };
}

function parsed(text: string): XmlElement {
  const result = parseXml(text);
  assert.ok(result.ok, `${JSON.stringify(result)}\n${text}`);
  return result.value;
}

const cib =
  parsed(`<cib validate-with="pacemaker-3.9" epoch="4" num_updates="2" admin_epoch="1" crm_feature_set="3.16.0" have-quorum="1" cib-last-written="today" update-user="me" dc-uuid="1">
  <configuration>
    <crm_config><cluster_property_set id="cp"><nvpair id="cp1" name="enable-acl" value="true"/></cluster_property_set></crm_config>
    <nodes><node id="1" uname="n1"/><node id="2" uname="n2"/></nodes>
    <resources>
      <primitive id="p" class="ocf" provider="heartbeat" type="Dummy"><meta_attributes id="pm"><nvpair id="pm1" name="target-role" value="Started"/></meta_attributes><instance_attributes id="pi"><nvpair id="pi1" name="passwd" value="a &lt; b"/></instance_attributes></primitive>
      <group id="g"><primitive id="r" class="ocf" provider="heartbeat" type="Dummy"/><primitive id="s" class="ocf" provider="heartbeat" type="Dummy"/><primitive id="t" class="ocf" provider="heartbeat" type="Dummy"/></group>
    </resources>
    <constraints><rsc_location id="l" rsc="p" node="n1" score="10"/></constraints>
    <acls><acl_target id="nobody"><role id="role"/></acl_target><acl_role id="role"><acl_permission id="r1" kind="read" reference="p"/><acl_permission id="r2" kind="deny" xpath="//nvpair[@id=&quot;pi1&quot;]"/><acl_permission id="r3" kind="write" object-type="node" attribute="uname"/></acl_role></acls>
  </configuration>
  <status><node_state id="1" uname="n1" crm-debug-origin="x"/></status>
</cib>`);

/** Small changes of a document: what may be deleted, reordered, added or changed below its root. */
const changes = fc.infiniteStream(fc.nat({ max: 1000 }));

function changed(tree: XmlElement, stream: fc.Stream<number>): XmlElement {
  const next = () => stream.next().value as number;
  const rewritten = rewriteElements(tree, (element) => {
    if (element.name === 'cib' || element.name === 'configuration') return element;
    if (element.id !== undefined && next() % 12 === 0) return undefined;
    let result = element;
    if (result.children.length > 1 && next() % 3 === 0)
      result = result.withNodes([...result.nodes.slice(1), ...result.nodes.slice(0, 1)]);
    if (next() % 12 === 0) result = result.append(xmlElement('primitive', { id: `new${next()}`, class: 'ocf' }));
    return next() % 8 === 0 ? result.with({ description: `d${next()}`, type: undefined }) : result;
  });
  return (rewritten ?? tree).with({ epoch: '5', num_updates: '0' });
}

test('digests are those of cibadmin', { skip }, () => {
  const digestBy = (option: string, file: string) => run('/usr/sbin/cibadmin', [option, '-x', file]).out.trim();
  const numbers = changes;
  fc.assert(
    fc.property(numbers, (stream) => {
      const tree = changed(cib, stream);
      const file = fileOf('digest.xml', serialiseXml(tree));
      assert.equal(onDiskDigest(tree), digestBy('--md5-sum', file));
      assert.equal(versionedDigest(tree), digestBy('--md5-sum-versioned', file));
    }),
    { numRuns: 10 },
  );
});

test('crm_diff applies our patches, and we apply its', { skip }, () => {
  fc.assert(
    fc.property(changes, (stream) => {
      const tree = changed(cib, stream);
      const [before, target] = [fileOf('before.xml', serialiseXml(cib)), fileOf('after.xml', serialiseXml(tree))];
      const patch = fileOf('patch.xml', serialiseXml(patchToXml(withDigest(diffCibs(cib, tree), tree))));
      const applied = run('/usr/sbin/crm_diff', ['-c', '-o', before, '-p', patch]);
      assert.ok(sameXml(parsed(applied.out), tree), readFileSync(patch, 'utf8'));
      const theirs = patchFromXml(parsed(run('/usr/sbin/crm_diff', ['-c', '-o', before, '-n', target]).out));
      assert.ok(theirs.ok);
      const ours = applyPatch(cib, theirs.value);
      assert.ok(ours.ok && sameXml(ours.value, tree), JSON.stringify(ours));
    }),
    { numRuns: 25 },
  );
});

test('a user sees through our filter what cibadmin shows', { skip }, () => {
  const file = fileOf('acl.xml', serialiseXml(cib));
  const shown = run('/usr/sbin/cibadmin', ['-Q', '-U', 'nobody'], { CIB_file: file });
  const seen = visiblePart(cib, aclFor(cib, { user: 'nobody', groups: [] }));
  assert.ok(seen && sameXml(parsed(shown.out), seen), `${shown.out}\n${seen && serialiseXml(seen)}`);
});

test('queries select what libxml2 selects', { skip }, () => {
  const file = fileOf('query.xml', serialiseXml(cib));
  const steps = fc.constantFrom(
    'primitive',
    '*',
    'nvpair',
    'group',
    'node',
    'meta_attributes',
    '..',
    '.',
    'ancestor::*',
    'descendant::primitive',
    'parent::group',
  );
  const predicates = fc.constantFrom(
    '',
    '',
    "[@id='p']",
    '[@class]',
    '[1]',
    '[2]',
    '[last()]',
    "[@id='r' or @id='t']",
    '[not(@type)]',
    '[*]',
    "[contains(@id,'p')]",
    '[position()>1]',
    "[@name='target-role' and @value]",
    '[count(*)>1]',
    '[../@id]',
  );
  const query = fc
    .array(fc.tuple(fc.constantFrom('/', '//'), steps, predicates), { minLength: 1, maxLength: 4 })
    .map((parts) =>
      `/${parts.map(([slash, step, predicate]) => slash + step + (step.startsWith('.') ? '' : predicate)).join('')}`.replace(
        '///',
        '//',
      ),
    );
  fc.assert(
    fc.property(query, (xpath) => {
      const ours = queryXml(cib, xpath);
      assert.ok(ours.ok, xpath);
      const count = run('/usr/bin/xmllint', ['--xpath', `count((${xpath})[self::*])`, file]).out.trim();
      assert.equal(String(ours.value.length), count, xpath);
      const ids = ours.value.map((element, index) => {
        const id = run('/usr/bin/xmllint', [
          '--xpath',
          `concat(name((${xpath})[self::*][${index + 1}]), '#', (${xpath})[self::*][${index + 1}]/@id)`,
          file,
        ]);
        return id.out.trim() === `${element.name}#${element.id ?? ''}`;
      });
      assert.ok(ids.slice(0, 4).every(Boolean), xpath);
    }),
    { numRuns: 25 },
  );
});

test('times read as iso8601 reads them', {
  skip: existsSync('/usr/sbin/iso8601') ? skip : 'needs /usr/sbin/iso8601',
}, () => {
  for (const text of [
    '2005-020',
    '2005-W01-1',
    '20050101T1230',
    '2005-01-01 12:30:10 +02:00',
    '2004-366T24:00',
    '2005-01-01T12',
  ]) {
    const shown = /Date: (\S+ \S+)Z/.exec(run('/usr/sbin/iso8601', ['-d', text], { TZ: 'UTC' }).out)?.[1];
    const ours = parseInstant(text, { epochSeconds: 0, offsetSeconds: 0 });
    assert.ok(ours && shown, text);
    assert.equal(new Date(ours.epochSeconds * 1000).toISOString().slice(0, 19).replace('T', ' '), shown, text);
  }
  for (const text of ['P10S', 'PT10S', 'P1DT', 'P', 'P5', 'P2W']) {
    assert.equal(parseIntervalMs(text) !== undefined, run('/usr/sbin/iso8601', ['-D', text]).status === 0, text);
  }
});

const older = `<cib validate-with="pacemaker-1.2" crm_feature_set="3.0.5" epoch="1" num_updates="0" admin_epoch="0"><configuration>
  <crm_config><cluster_property_set id="cp"><nvpair id="a" name="stonith_enabled" value="false"/><nvpair id="b" name="default-resource-stickiness" value="100"/><nvpair id="c" name="is-managed-default" value="true"/><nvpair id="d" name="default-action-timeout" value="30s"/><nvpair id="e" name="no_quorum_policy" value="ignore"/><nvpair id="n" name="expected-quorum-votes" value="2"/><nvpair id="o" name="transition_idle_timeout" value="60s"/></cluster_property_set></crm_config>
  <nodes><node id="n1" uname="n1" type="normal"/></nodes>
  <resources><primitive id="p" class="ocf" provider="heartbeat" type="Dummy"><instance_attributes id="pi"><nvpair id="pi1" name="pcmk_arg_map" value="a:b"/></instance_attributes><operations><op id="o1" name="start" interval="0" requires="fencing"/><op id="o2" name="monitor" interval="10" requires="nothing"/></operations></primitive></resources>
  <constraints/>
  <acls><acl_role id="r1"><read id="w1" xpath="/cib"/><write id="w2" tag="constraints"/><deny id="w3" ref="p"/></acl_role><acl_user id="u1"><role_ref id="r1"/></acl_user><acl_user id="u2"><write id="w4" xpath="/cib"/></acl_user></acls>
  </configuration><status/></cib>`;

test('older documents become what cibadmin --upgrade makes of them', { skip }, () => {
  const file = fileOf('older.xml', older);
  run('/usr/sbin/cibadmin', ['--upgrade', '--force'], { CIB_file: file });
  const theirs = parsed(readFileSync(file, 'utf8'));
  assert.equal(theirs.get('validate-with'), 'pacemaker-3.9');
  const ours = upgradeCib(parsed(older));
  assert.ok(ours.ok);
  const sameHead = { 'validate-with': undefined, epoch: undefined, admin_epoch: undefined };
  assert.equal(serialiseXml(ours.value.root.with(sameHead)), serialiseXml(theirs.with(sameHead)));
});

const schemas = '/usr/share/pacemaker';

test('where the schema sees a mistake, so do we', {
  skip: existsSync(`${schemas}/pacemaker-3.9.rng`) ? skip : `needs ${schemas}`,
}, async () => {
  const names = readdirSync(schemas).filter((name) => name.endsWith('.rng'));
  const files = Object.fromEntries(names.map((name) => [name, new Uint8Array(readFileSync(join(schemas, name)))]));
  const schema = await compileSchema(files, { major: 3, minor: 9 });
  assert.ok(schema);
  assert.deepEqual(schema.validate(cib), []);
  assert.deepEqual(validateCib(cib), []);
  const words = fc.constantFrom('frob', 'p', '', '-1', 'maybe', 'INFINITY', 'primitive', 'score');
  fc.assert(
    fc.property(changes, fc.nat({ max: 30 }), fc.nat({ max: 3 }), words, (stream, target, how, word) => {
      let left = target;
      const damaged = rewriteElements(cib, (element) => {
        if (left-- !== 0 || element.name === 'cib' || element.name === 'status' || element.name === 'node_state')
          return element;
        const [, , second = ''] = element.attributePairs;
        if (how === 0) return element.renamed('frob');
        if (how === 1) return element.with({ [/^[a-z]/i.test(word) ? word : 'x']: '1' });
        if (how === 2 && second !== '') return element.with({ [second]: word });
        return element.append(xmlElement('frob', { id: `f${stream.next().value}` }));
      });
      assert.ok(damaged);
      const theirs = schema.validate(damaged);
      const ours = validateCib(damaged).filter(({ severity }) => severity === 'error');
      if (theirs.length > 0) assert.ok(ours.length > 0, `${serialiseXml(damaged)}\n${JSON.stringify(theirs)}`);
    }),
    { numRuns: 200 },
  );
  schema.close();
});
