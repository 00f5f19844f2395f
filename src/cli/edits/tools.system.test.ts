// What Haven writes beside what the standard tools write (Debian's pacemaker-cli-utils): they accept every document, and
// the same order given to them makes the same constraints and pairs.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseXml, serialiseXml, serialiseXmlDocument, type XmlElement, xmlIndexOf } from '../../cib/index.ts';
import { applyEdit, type Edit } from '../../controller/index.ts';
import { webCluster } from '../testing/web-cluster.ts';
import { permissionWords, roleEdits } from './acl.ts';
import { alertEdits, alertWords, ofAlerts } from './alert.ts';
import { together } from './check.ts';
import { cloneEdits } from './collective.ts';
import { colocationEdit, locationEdits, locationRuleEdit, orderEdit, setEdit, ticketEdit } from './constraint.ts';
import { setWords } from './constraint-set.ts';
import { levelEdits } from './fence-level.ts';
import { stopEdits } from './meta.ts';
import { banEdits, moveEdits } from './move.ts';
import { nodeNamed } from './names.ts';
import { nodeAttributeEdits } from './node.ts';
import { propertyEdits } from './property.ts';
import { removalEdits } from './removal.ts';
import { replacementOf } from './replacement.ts';
import { parseCondition } from './rule/condition.ts';
import { tagEdits } from './tag.ts';
import { defaultsEdits, utilizationEdits } from './update.ts';

const missing = ['crm_verify', 'crm_resource', 'crm_attribute'].filter((name) => !existsSync(`/usr/sbin/${name}`));
const skip = missing.length === 0 ? false : `needs ${missing.join(', ')} (pacemaker-cli-utils)`;
const folder = mkdtempSync(join(tmpdir(), 'haven-edits-'));
after(() => rmSync(folder, { recursive: true }));

const cib = parsed(webCluster);
const located = { resource: 'db', role: undefined, discovery: undefined, id: undefined };
const spell = 'date in_range 2030-01-01 to duration months=1';
const inSets = ['set', 'vip', 'site', 'sequential=false', 'require-all=false', 'set', 'db', 'action=start'];
const pair = { dependent: 'db', primary: 'web', score: '-INFINITY', role: 'Started', primaryRole: undefined };
const order = { first: 'web', second: 'db', firstAction: 'start', secondAction: 'stop', symmetrical: 'false' };

const device = '<primitive id="pdu" class="stonith" type="fence_xvm"/></resources>';
const fenced = parsed(webCluster.replace('</resources>', device));
const permissions = permissionWords(['read', 'xpath', '/cib', 'write', 'id', 'db']);
const alert = alertWords(['path=/bin/true', 'options', 'debug=1', 'meta', 'timeout=15s'], ofAlerts);

const all: Readonly<Record<string, readonly Edit[]>> = {
  standby: nodeAttributeEdits(cib, 'n2', new Map([['standby', 'on']])),
  property: propertyEdits(cib, new Map([['maintenance-mode', 'true']])),
  move: moveEdits(cib, 'web', 'n2'),
  ban: banEdits(cib, 'web', ['n1']),
  stop: stopEdits(cib, 'web'),
  location: locationEdits(cib, { ...located, node: 'n1', score: '50' }),
  'location by rules': ['pingd gt 0 or (date lt 2030-01-01 and #uname ne n1)', 'date-spec hours=9-16', spell].flatMap(
    (rule, at) =>
      locationRuleEdit(cib, { ...located, id: `l${at}`, condition: parseCondition([rule]), score: { value: '5' } }),
  ),
  'sets in order': [setEdit(cib, 'rsc_order', setWords(inSets), { kind: 'Optional' })],
  'sets together': [setEdit(cib, 'rsc_colocation', setWords(['set', 'vip', 'set', 'db']), {})],
  'a set with a ticket': [setEdit(cib, 'rsc_ticket', setWords(['set', 'web', 'db']), { ticket: 'T' })],
  colocation: [colocationEdit(cib, { ...pair, id: undefined })],
  order: [orderEdit(cib, { ...order, kind: 'Optional', id: undefined })],
  ticket: [ticketEdit(cib, { ticket: 'T', resource: 'db', role: undefined, lossPolicy: 'stop', id: undefined })],
  clone: cloneEdits(cib, 'db', { meta: new Map([['interleave', 'true']]), promotable: 'promotable' }),
  'ban for a while': banEdits(cib, 'web', ['n1'], { role: 'promoted', until: '2030-01-01 00:00:00Z' }),
  utilization: utilizationEdits(nodeNamed(cib, 'n1'), new Map([['cpu', '4']])),
  defaults: defaultsEdits(cib, 'op_defaults', new Map([['timeout', '40s']])),
  delete: removalEdits(cib, 'db'),
  tag: tagEdits(cib, 'both', ['web', 'db']),
  alert: alertEdits(cib, alert).edits,
  'access control lists': [
    ...roleEdits(cib, { role: 'operator', description: 'may stop the database', permissions }),
    { kind: 'create', section: 'acls', xml: '<acl_target id="alice"><role id="operator"/></acl_target>' },
  ],
  'a fencing level': [
    { kind: 'create', section: 'resources', xml: device.replace('</resources>', '') },
    ...levelEdits(fenced, { index: '1', target: 'regexp%n[12]', devices: ['pdu'] }),
  ],
  'replace by 1.2': [replacementOf(promotable('pacemaker-1.2', 'master'))],
  'replace by 2.10': [replacementOf(promotable('pacemaker-2.10', 'master'))],
  'replace by 3.9': [replacementOf(promotable('pacemaker-3.9', 'master'))],
  'replace by 4.0': [replacementOf(promotable('pacemaker-4.0', 'clone'))],
};

test('crm_verify accepts the document after every edit', { skip }, () => {
  for (const [name, edits] of Object.entries(all)) {
    const file = fileOf(`${name}.xml`, serialiseXmlDocument(edited(edits)));
    const verified = spawnSync('crm_verify', ['-V', '-x', file], { encoding: 'utf8' });
    assert.equal(verified.status, 0, `${name}: ${verified.stdout}${verified.stderr}`);
  }
});

test('the standard tools make the same of the same order', { skip }, () => {
  const same: readonly (readonly [string, readonly string[], string])[] = [
    ['move', ['crm_resource', '--move', '-r', 'web', '-N', 'n2'], 'cli-prefer-web'],
    ['ban', ['crm_resource', '--ban', '-r', 'web', '-N', 'n1'], 'cli-ban-web-on-n1'],
    ['standby', ['crm_attribute', '-N', 'n2', '-n', 'standby', '-v', 'on', '-l', 'forever'], 'nodes-2'],
    ['property', ['crm_attribute', '-n', 'maintenance-mode', '-v', 'true'], 'cib-bootstrap-options-maintenance-mode'],
    ['stop', ['crm_resource', '-r', 'web', '-m', '-p', 'target-role', '-v', 'Stopped'], 'web-meta_attributes'],
  ];
  for (const [name, [program = '', ...words], id] of same) {
    const file = fileOf(`${name}-theirs.xml`, webCluster);
    const done = spawnSync(program, words, { encoding: 'utf8', env: { ...process.env, CIB_file: file } });
    assert.equal(done.status, 0, `${name}: ${done.stderr}`);
    assert.equal(textOf(edited(all[name] ?? []), id), textOf(parsed(readFileSync(file, 'utf8')), id), name);
  }
});

/** The cluster's document as another generation writes it, with what that calls a promotable clone. */
function promotable(schema: string, collective: 'master' | 'clone'): XmlElement {
  const meta = `<meta_attributes id="p-m"><nvpair id="p-m-p" name="promotable" value="true"/></meta_attributes>`;
  const stateful = `<primitive id="s" class="ocf" provider="pacemaker" type="Stateful"/>`;
  const added = `<${collective} id="p">${collective === 'clone' ? meta : ''}${stateful}</${collective}></resources>`;
  return parsed(webCluster.replace('pacemaker-3.9', schema).replace('</resources>', added));
}

/** The element of an id, attributes in one order. */
function textOf(document: XmlElement, id: string): string {
  const [element] = xmlIndexOf(document).allById(id);
  assert.ok(element !== undefined, `nothing has the id ${id}`);
  return serialiseXml(sorted(element));
}

function sorted(element: XmlElement): XmlElement {
  const attributes = [...element.attributes()].sort(([a], [b]) => (a < b ? -1 : 1));
  const bare = element.with(Object.fromEntries(attributes.map(([name]) => [name, undefined])));
  return bare.with(Object.fromEntries(attributes)).withNodes(element.children.map(sorted));
}

function edited(edits: readonly Edit[]): XmlElement {
  const result = applyEdit(cib, together(edits));
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
}

function fileOf(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function parsed(text: string): XmlElement {
  const result = parseXml(text);
  assert.ok(result.ok);
  return result.value;
}
