import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseXml, type XmlElement } from '../../cib/index.ts';
import { watchdogWarnings } from './watchdog-warnings.ts';

function cibWith(options: Readonly<Record<string, string>>): XmlElement {
  const pairs = Object.entries(options).map(
    ([name, value]) => `<nvpair id="${name}" name="${name}" value="${value}"/>`,
  );
  const set = `<cluster_property_set id="o">${pairs.join('')}</cluster_property_set>`;
  const parsed = parseXml(`<cib><configuration><crm_config>${set}</crm_config></configuration></cib>`);
  assert.ok(parsed.ok);
  return parsed.value;
}

test('who counts on watchdogs is told of a node that has none, and of one that is reset too late', () => {
  const counted = cibWith({ 'have-watchdog': 'true', 'stonith-watchdog-timeout': '8s' });
  const settings = (timeoutS: number) => ({ device: '/dev/watchdog', timeoutS });
  assert.deepEqual(watchdogWarnings(cibWith({}), 'n1', undefined), []);
  assert.deepEqual(watchdogWarnings(cibWith({ 'stonith-watchdog-timeout': '8s' }), 'n1', undefined), []);
  assert.deepEqual(watchdogWarnings(counted, 'n1', settings(4)), []);
  assert.match(watchdogWarnings(counted, 'n1', settings(5)).join(), /is 8s, less than twice the 5 s .* of n1/);
  assert.match(watchdogWarnings(counted, 'n1', undefined).join(), /n1 has none: .* 'watchdog' into its cluster\.json/);
});
