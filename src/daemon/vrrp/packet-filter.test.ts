import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfiguration, textSurroundings } from '../../vrrp/index.ts';
import { rulesOf } from './packet-filter.ts';

test('a link-local address is refused on its own link only, others wherever they come in', () => {
  const text = `vrrp_instance A {
  interface eth0
  virtual_router_id 5
  virtual_ipaddress {
    10.9.0.100/24
  }
  virtual_ipaddress_excluded {
    fd00::5/64
    fe80::77 dev eth1
  }
}
`;
  const parsed = parseConfiguration('/k.conf', textSurroundings({ '/k.conf': text }));
  assert.ok(parsed !== undefined);
  const rules = rulesOf({ table: 't', priority: -5, counters: true }, parsed.configuration.instances);
  assert.match(rules, /set v4 \{ type ipv4_addr; elements = \{ 10\.9\.0\.100 \}/);
  assert.match(rules, /set v6 \{ type ipv6_addr; elements = \{ fd00::5 \}/);
  assert.match(rules, /set v6_local \{ type ipv6_addr \. ifname; elements = \{ fe80::77 \. "eth1" \}/);
  assert.match(rules, /hook input priority -5;.*ip daddr @v4 counter drop/);
  assert.ok(!rules.includes('\n'), 'one line is one transaction');
});
