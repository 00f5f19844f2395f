import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDiagnostic } from '../../kit/index.ts';
import { parseXml, rewriteElements, upgradeCib, validateCib, type XmlElement } from '../index.ts';

function findingsIn(text: string): string[] {
  const parsed = parseXml(text, { file: 'cib.xml' });
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return validateCib(parsed.value).map(formatDiagnostic);
}

const good = `<cib validate-with="pacemaker-4.0" epoch="1" num_updates="0" admin_epoch="0">
<configuration>
<crm_config><cluster_property_set id="o"><nvpair id="o1" name="no-quorum-policy" value="stop"/></cluster_property_set></crm_config>
<nodes><node id="1" uname="n1"/></nodes>
<resources>
<primitive id="vip" class="ocf" provider="heartbeat" type="IPaddr2"><operations><op id="m" name="monitor" interval="10s"/></operations></primitive>
<group id="g"><primitive id="web" class="systemd" type="apache2"/></group>
</resources>
<constraints>
<rsc_colocation id="c" rsc="g" with-rsc="vip" score="INFINITY"/>
<rsc_order id="r" first="vip" then="g"/>
</constraints>
</configuration>
<status/>
</cib>`;

test('a sound document has no findings', () => {
  assert.deepEqual(findingsIn(good), []);
});

test('each mistake is named with its line, its path, the reason and, where there is one, the remedy', () => {
  const cases: [from: string, to: string, finding: string][] = [
    [
      '<crm_config>',
      '<crm_confg>',
      '3:1 /cib/configuration/crm_confg: error: there is no element <crm_confg>. Did you mean <crm_config>?',
    ],
    [
      'interval="10s"',
      'interval="soon"',
      `6:81 /cib/configuration/resources/primitive[@id='vip']/operations/op[@id='m']: warning: interval="soon" is not valid: it must be a time such as 10s, 200ms, 5min or PT1H`,
    ],
    [
      'with-rsc="vip"',
      'with-rsc="vpi"',
      `10:1 /cib/configuration/constraints/rsc_colocation[@id='c']: error: with-rsc="vpi" refers to nothing: it must be the id of <primitive> or <group> or <clone> or <master> or <bundle> or <template> or <tag>. Did you mean 'vip'?`,
    ],
    ['with-rsc="vip"', 'with-rsc="m"', 'error: with-rsc="m" refers to a <op>'],
    [' provider="heartbeat"', '', 'error: an ocf resource needs a provider. e.g. provider="heartbeat"'],
    ['id="web"', 'id="vip"', "error: the id 'vip' is taken: a <primitive> in line 6 has it"],
    ['score="INFINITY"', 'score="high"', 'error: score="high" is not valid: it must be a score'],
    ['score="INFINITY"', 'scor="5"', "error: <rsc_colocation> has no attribute 'scor'. Did you mean 'score'?"],
    ['id="r" first="vip" then="g"', 'id="r" first="vip" then="vip"', 'warning: this order closes a ring: vip → vip'],
    [
      '<group id="g"><primitive id="web" class="systemd" type="apache2"/></group>',
      '<group id="g"/>',
      'error: a group needs at least one primitive',
    ],
    [
      'value="stop"',
      'value="stopp"',
      'warning: no-quorum-policy="stopp" is not valid: it must be one of stop, freeze, ignore, demote, fence, suicide. Did you mean stop?',
    ],
    [
      'no-quorum-policy',
      'no-quorum-polcy',
      "warning: 'no-quorum-polcy' is no known cluster option. Did you mean 'no-quorum-policy'?",
    ],
    ['uname="n1"/>', 'uname="n1"/><node id="2" uname="N1"/>', "error: the node uname 'N1' is taken"],
    ['<constraints>', '<constraints>why', "error: text 'why' inside <constraints>: it would be ignored"],
    [' id="c" ', ' ', "error: <rsc_colocation> needs 'id'"],
    ['<op id="m"', '<op id="1 m"', 'error: id="1 m" is not valid: it must be an id'],
  ];
  for (const [from, to, finding] of cases) {
    const text = good.replace(from, to).replace(from === '<crm_config>' ? '</crm_config>' : '\0', '</crm_confg>');
    assert.notEqual(text, good);
    const findings = findingsIn(text);
    assert.ok(
      findings.some((each) => each.includes(finding)),
      `${finding}\n${findings.join('\n')}`,
    );
  }
});

test('rings of constraints are found whatever their length; optional orders make none', () => {
  const ring = (count: number, attributes: string) => {
    const at = (index: number) => `p${index % count}`;
    const primitives = Array.from(
      { length: count },
      (_, index) => `<primitive id="${at(index)}" class="lsb" type="x"/>`,
    );
    const orders = Array.from(
      { length: count },
      (_, index) => `<rsc_order id="o${index}" first="${at(index)}" then="${at(index + 1)}" ${attributes}/>`,
    );
    return `<cib><configuration><crm_config/><nodes/><resources>${primitives.join('')}</resources><constraints>${orders.join('')}</constraints></configuration></cib>`;
  };
  assert.equal(findingsIn(ring(5000, '')).length, 1);
  assert.deepEqual(findingsIn(ring(3, 'kind="Optional"')), []);
});

test('a thousand findings are told, the rest counted', () => {
  const findings = findingsIn(
    `<cib><configuration><crm_config/><nodes/><resources>${'<frob/>'.repeat(1500)}</resources><constraints/></configuration></cib>`,
  );
  assert.equal(findings.length, 1001);
  assert.equal(findings.at(-1), 'info: and 500 more findings');
});

test('damaged documents never make upgrading or validating throw', () => {
  const parsed = parseXml(good);
  assert.ok(parsed.ok);
  const words = fc.constantFrom(
    '',
    'vip',
    'g',
    '-1',
    'INFINITY',
    'cib',
    '#default',
    '99999999999999999999',
    "'",
    '%',
    'master',
    'r',
  );
  const damage = fc.infiniteStream(fc.tuple(fc.nat({ max: 20 }), words));
  fc.assert(
    fc.property(
      damage,
      fc.constantFrom('none', 'pacemaker-1.0', 'pacemaker-2.0', 'pacemaker-3.0', 'x'),
      (stream, version) => {
        const next = () => stream.next().value as [number, string];
        const damaged = rewriteElements(parsed.value, (element): XmlElement | undefined => {
          const [how, word] = next();
          const [attribute] = element.attributePairs;
          if (how === 0) return undefined;
          if (how === 1)
            return element.renamed(['rule', 'clone', 'master', 'lifetime', 'template', 'tag'][word.length % 6] ?? 'x');
          if (how === 2 && attribute !== undefined) return element.with({ [attribute]: word });
          if (how === 3) return element.append(element);
          if (how === 4) return element.with({ 'id-ref': word, template: word, rsc: word });
          return element;
        });
        if (damaged === undefined) return;
        const upgraded = upgradeCib(damaged.with({ 'validate-with': version }));
        validateCib(upgraded.ok ? upgraded.value.root : damaged);
      },
    ),
    { numRuns: 500 },
  );
});

const suite = '../shared/cts-scheduler/xml';
/** An input of the suite that is wrong on purpose, and says so. */
const wrongOnPurpose: Readonly<Record<string, string>> = {
  'order-wrong-kind.xml': 'kind="foo" is not valid',
};

test('no input of the scheduler suite is called erroneous but those that are', {
  skip: existsSync(suite) ? false : `needs ${suite}`,
}, () => {
  for (const file of readdirSync(suite)) {
    const parsed = parseXml(readFileSync(`${suite}/${file}`, 'utf8'), { file });
    assert.ok(parsed.ok);
    const errors = validateCib(parsed.value)
      .filter(({ severity }) => severity === 'error')
      .map(({ what }) => what);
    const expected = wrongOnPurpose[file];
    assert.deepEqual(errors, expected === undefined ? [] : [expected], file);
  }
});
