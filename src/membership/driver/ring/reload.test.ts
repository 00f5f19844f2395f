import assert from 'node:assert/strict';
import { test } from 'node:test';
import { havenLinkTiming } from '../../links/index.ts';
import { corosyncRing } from '../../ring-profile.ts';
import { havenTiming } from '../../totem/index.ts';
import { fixedDifferences } from './reload.ts';
import type { RingSettings } from './settings.ts';

const settings: RingSettings = {
  clusterName: 'c',
  nodeId: 1,
  peers: [{ nodeId: 1, addresses: ['10.0.0.1'] }],
  links: [{ number: 0, address: '10.0.0.1', port: 5405 }],
  linkMode: 'passive',
  linkTiming: havenLinkTiming,
  ring: corosyncRing(1, havenTiming),
  security: { kind: 'plain' },
  quorum: undefined,
  configVersion: 1,
  stateDirectory: '/var/lib/haven',
  realTimePriority: undefined,
};
const [link] = settings.links;

test('nodes, addresses, timeouts and versions change while a ring runs', () => {
  assert.ok(link !== undefined);
  const next: RingSettings = {
    ...settings,
    peers: [...settings.peers, { nodeId: 2, addresses: ['10.0.0.2'] }],
    links: [{ ...link, address: '10.0.0.9' }],
    ring: { ...settings.ring, timing: { ...havenTiming, tokenMs: 9000 } },
    configVersion: 2,
  };
  assert.deepEqual(fixedDifferences(settings, next), []);
});

test('who we are and how we speak does not change, and each difference is named by its key', () => {
  assert.ok(link !== undefined);
  const group = { address: '239.1.1.1', ttl: 1 };
  const keysOf = (next: Partial<RingSettings>) =>
    fixedDifferences(settings, { ...settings, ...next }).map(({ key }) => key);
  assert.deepEqual(keysOf({ clusterName: 'd', nodeId: 2 }), ['totem.cluster_name', 'nodelist.node.nodeid']);
  assert.deepEqual(keysOf({ peers: [] }), ['nodelist.node.0.ring0_addr']);
  assert.deepEqual(keysOf({ links: [{ ...link, port: 5407 }] }), ['totem.interface.0.mcastport']);
  assert.deepEqual(keysOf({ links: [{ ...link, group }] }), ['totem.transport', 'totem.interface.0.mcastaddr']);
  assert.deepEqual(keysOf({ links: [link, { ...link, number: 1 }] }), ['nodelist.node.0.ring0_addr']);
  assert.deepEqual(keysOf({ linkMode: 'active' }), ['totem.rrp_mode']);
});
