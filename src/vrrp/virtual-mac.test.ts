import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfiguration, textSurroundings } from './index.ts';

/** Names, bases and hardware addresses are those of keepalived 2.2.7 for this file. */
test('macvlans for addresses on other interfaces and of the other family have the names that Keepalived gives', () => {
  const text = `vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  use_vmac
  use_vmac_addr
  virtual_ipaddress {
    10.9.0.200/24
    10.8.0.200/24 dev eth1
  }
  virtual_ipaddress_excluded {
    fd00::7/64
    fd00:1::7/64 dev eth1
  }
}
vrrp_instance VI_2 {
  interface eth0
  virtual_router_id 52
  virtual_ipaddress {
    10.9.0.201/24
    10.8.0.201/24 dev eth1 use_vmac
    10.8.0.202/24 dev eth1 use_vmac
    10.8.0.203/24 dev eth1
  }
}
`;
  const parsed = parseConfiguration('/k.conf', textSurroundings({ '/k.conf': text }));
  assert.ok(parsed !== undefined);
  const [first, second] = parsed.configuration.instances;
  assert.equal(first?.virtualMac?.name, 'vrrp.51');
  assert.deepEqual(
    [first, second].map((one) => one?.addressMacs.map(({ name, mac, base }) => `${name} ${mac} ${base}`)),
    [
      ['vrrp1.51 00:00:5e:00:01:33 eth1', 'vrrp6.51 00:00:5e:00:02:33 eth0', 'vrrp2.51 00:00:5e:00:02:33 eth1'],
      ['vrrp.52 00:00:5e:00:01:34 eth1'],
    ],
  );
  assert.deepEqual(
    second?.virtualAddresses.map((address) => address.interface),
    [undefined, 'vrrp.52', 'vrrp.52', 'eth1'],
  );
});
