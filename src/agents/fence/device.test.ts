import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Random } from '../../kit/index.ts';
import { ipMetadata, parameterOf } from '../address/metadata.ts';
import type { AgentMetadata } from '../metadata.ts';
import {
  type FenceDevice,
  fenceDelayMs,
  fenceTarget,
  fenceTries,
  hostCheckOf,
  staticTargets,
  stepsOf,
} from './device.ts';

function deviceOf(parameters: Record<string, string>): FenceDevice {
  return { id: 'd', type: 'fence_d', parameters };
}

function metadataOf(parameters: readonly string[], actions: readonly string[]): AgentMetadata {
  const [first] = ipMetadata.actions;
  assert.ok(first);
  return {
    ...ipMetadata,
    parameters: parameters.map((name) => parameterOf(name, name)),
    actions: actions.map((name) => ({ ...first, name })),
  };
}

test('the host argument is what the device says, else plug, else port, else none; the plug comes from the map', () => {
  const both = metadataOf(['port', 'plug'], []);
  const mapped = deviceOf({ pcmk_host_map: 'n1:1;n2:2,3' });
  assert.deepEqual(fenceTarget(mapped, both, 'n2'), { node: 'n2', argument: 'plug', plug: '2,3' });
  assert.deepEqual(fenceTarget(mapped, both, 'n3'), { node: 'n3', argument: 'plug', plug: 'n3' });
  assert.equal(fenceTarget(mapped, metadataOf(['port'], []), 'n1').argument, 'port');
  assert.equal(fenceTarget(mapped, metadataOf([], []), 'n1').argument, 'none');
  assert.equal(fenceTarget(deviceOf({ pcmk_host_argument: 'none' }), both, 'n1').argument, 'none');
});

test('how a device is asked for its nodes follows from what is configured and what the agent can', () => {
  const able = metadataOf([], ['list', 'status']);
  assert.equal(hostCheckOf(deviceOf({}), able), 'dynamic-list');
  assert.equal(hostCheckOf(deviceOf({ pcmk_host_list: 'a, b' }), able), 'static-list');
  assert.equal(hostCheckOf(deviceOf({ pcmk_host_list: 'a', pcmk_host_check: 'none' }), able), 'none');
  assert.equal(hostCheckOf(deviceOf({}), metadataOf([], ['status'])), 'status');
  assert.equal(hostCheckOf(deviceOf({}), metadataOf([], [])), 'none');
  assert.deepEqual(staticTargets(deviceOf({ pcmk_host_list: 'a, b', pcmk_host_map: 'b:1; c:2' })), ['a', 'b', 'c']);
});

test('a reboot is off and on where the agent knows no reboot, and whatever else the device says', () => {
  const [able, unable] = [metadataOf([], ['reboot', 'off']), metadataOf([], ['off', 'on'])];
  assert.deepEqual(stepsOf(deviceOf({}), able, 'reboot'), ['reboot']);
  assert.deepEqual(stepsOf(deviceOf({}), unable, 'reboot'), ['off', 'on']);
  assert.deepEqual(stepsOf(deviceOf({ pcmk_reboot_action: 'off' }), able, 'reboot'), ['off']);
  assert.equal(fenceTries(deviceOf({ pcmk_off_retries: '4' }), 'off'), 4);
  assert.equal(fenceTries(deviceOf({}), 'off'), 2);
});

test('a delay lies between base and max, is that of the node, and repeats with the seed', () => {
  fc.assert(
    fc.property(fc.nat(50), fc.nat(50), fc.integer(), (baseS, maxS, seed) => {
      const device = deviceOf({ pcmk_delay_base: `${baseS}s`, pcmk_delay_max: `${maxS}s` });
      const delayMs = fenceDelayMs(device, 'n', new Random(seed));
      assert.equal(delayMs, fenceDelayMs(device, 'n', new Random(seed)));
      assert.ok(delayMs >= baseS * 1000 && delayMs <= Math.max(baseS, maxS) * 1000);
    }),
  );
  const byNode = deviceOf({ pcmk_delay_base: 'n1:5s;n2:0' });
  assert.equal(fenceDelayMs(byNode, 'n1', new Random(1)), 5000);
  assert.equal(fenceDelayMs(byNode, 'n2', new Random(1)), 0);
});
