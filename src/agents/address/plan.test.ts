import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Link, Route } from '../../linux/index.ts';
import { addressPlace, addressPlan, announcementTimesMs, contains } from './plan.ts';

function link(index: number, name: string): Link {
  return { index, name, hardwareAddress: '02:00:00:00:00:01', mtu: 1500, flags: ['up', 'lower-up'], state: 'up' };
}

function route(destination: string | undefined, interfaceIndex: number, metric = 0): Route {
  const to = destination === undefined ? {} : { destination };
  return { family: 'ipv4', ...to, interfaceIndex, metric, table: 'main', type: 'unicast' };
}

const kernel = {
  links: [link(1, 'lo'), link(2, 'eth0'), link(3, 'eth1')],
  routes: [route(undefined, 3), route('10.0.0.0/8', 3), route('10.1.0.0/16', 2, 100), route('10.1.0.0/16', 3, 50)],
};

function planOf(parameters: Record<string, string>) {
  const plan = addressPlan(parameters);
  assert.ok(plan.ok, JSON.stringify(plan));
  return plan.value;
}

function placeOf(parameters: Record<string, string>) {
  const place = addressPlace(planOf(parameters), kernel);
  if (!place.ok) return place.error.reason;
  return `${place.value.link.name}/${place.value.prefixLength} ${place.value.broadcast ?? '-'}`;
}

test('an address goes where the most specific, cheapest route leads, with its prefix', () => {
  assert.equal(placeOf({ ip: '10.1.2.3' }), 'eth1/16 10.1.255.255');
  assert.equal(placeOf({ ip: '10.1.2.3', nic: 'eth0' }), 'eth0/16 10.1.255.255');
  assert.equal(placeOf({ ip: '10.9.9.9', broadcast: '-' }), 'eth1/8 -');
  assert.equal(placeOf({ ip: '10.1.2.3', cidr_netmask: '32' }), 'eth1/32 -');
  assert.equal(placeOf({ ip: '10.1.2.3', cidr_netmask: '255.255.255.0' }), 'eth1/24 10.1.2.255');
  assert.equal(placeOf({ ip: '192.0.2.1', cidr_netmask: '24', nic: 'lo' }), 'lo/24 192.0.2.255');
});

test('where there is no place, the reason names what to give', () => {
  assert.match(placeOf({ ip: '192.0.2.1' }), /give the parameter 'cidr_netmask'/);
  assert.match(placeOf({ ip: '10.1.2.3', nic: 'eth7' }), /'eth7' does not exist/);
  assert.match(placeOf({ ip: 'fe80::1' }), /link-local: name its interface/);
  assert.match(placeOf({ ip: '10.1.2.3', iflabel: 'muchtoolongname' }), /longer than the 15 characters/);
});

test('a parameter that is wrong or not supported is refused by its name', () => {
  const wrong: [Record<string, string>, RegExp][] = [
    [{}, /'ip' is missing/],
    [{ ip: '10.1.2' }, /ip='10\.1\.2'/],
    [{ ip: '224.0.0.1' }, /not an IPv4 or IPv6 address of a host/],
    [{ ip: '10.1.2.3', cidr_netmask: '33' }, /cidr_netmask='33'/],
    [{ ip: '10.1.2.3', cidr_netmask: '255.0.255.0' }, /cidr_netmask/],
    [{ ip: '10.1.2.3', lvs_support: 'true' }, /'lvs_support' is not supported/],
    [{ ip: '10.1.2.3', network_namespace: 'x' }, /'network_namespace' is not supported/],
    [{ ip: '10.1.2.3', arp_count: '-1' }, /whole numbers/],
    [{ ip: '10.1.2.3', preferred_lft: 'soon' }, /preferred_lft='soon'/],
  ];
  for (const [parameters, reason] of wrong) {
    const plan = addressPlan(parameters);
    assert.ok(!plan.ok && plan.error.code === 6 && reason.test(plan.error.reason), JSON.stringify([parameters, plan]));
  }
});

test('a netmask reads as the prefix length of the same number of ones', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 32 }), (length) => {
      const bits = length === 0 ? 0 : (0xffff_ffff << (32 - length)) >>> 0;
      const mask = [24, 16, 8, 0].map((shift) => (bits >>> shift) & 0xff).join('.');
      assert.equal(planOf({ ip: '10.0.0.1', cidr_netmask: mask }).prefixLength, length);
    }),
  );
});

test('a prefix contains an address when their first bits are the same text of bits', () => {
  const octets = fc.array(fc.nat(255), { minLength: 4, maxLength: 4 });
  const bitsOf = (bytes: readonly number[]) => bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('');
  fc.assert(
    fc.property(octets, octets, fc.nat(32), (network, address, length) => {
      const same = bitsOf(network).slice(0, length) === bitsOf(address).slice(0, length);
      assert.equal(contains(`${network.join('.')}/${length}`, address.join('.')), same);
    }),
  );
});

test('announcements begin at once, keep their distance, and are repeated later', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 1000 }), (count, intervalMs) => {
      const times = announcementTimesMs({ count, intervalMs, refreshCount: 0, awaited: false });
      assert.equal(times[0], 0);
      assert.equal(times.length, count + 2);
      assert.deepEqual(
        times,
        [...times].sort((left, right) => left - right),
      );
    }),
  );
  assert.deepEqual(announcementTimesMs({ count: 0, intervalMs: 1, refreshCount: 0, awaited: false }), []);
});
