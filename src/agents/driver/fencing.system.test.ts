import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { Random } from '../../kit/index.ts';
import type { FenceDevice } from '../fence/device.ts';
import { FenceRunner } from './fencing.ts';
import { standardFolders } from './runner.ts';

const folder = mkdtempSync(join(tmpdir(), 'haven-fencing-'));
const runner = new FenceRunner(new Random(7), { ...standardFolders, fence: [folder] });
const log = join(folder, 'log');

/** A fence agent by the API: parameters on standard input, its metadata on demand; it logs what it was asked. */
function writeAgent(name: string, actions: readonly string[], body: string) {
  const listed = actions.map((action) => `<action name="${action}"/>`).join('');
  const xml = `<resource-agent name="${name}"><parameters><parameter name="plug"><content type="string"/></parameter></parameters><actions>${listed}</actions></resource-agent>`;
  const script = `#!/bin/sh
while read line; do case "$line" in action=*) action=\${line#action=};; plug=*) plug=\${line#plug=};; esac; done
[ "$action" = metadata ] && { echo '${xml}'; exit 0; }
echo "$action $plug" >> ${log}
${body}
`;
  writeFileSync(join(folder, name), script);
  chmodSync(join(folder, name), 0o755);
}

before(() => {
  const all = ['reboot', 'off', 'on', 'list', 'status', 'monitor'];
  writeAgent(
    'fence_good',
    all,
    '[ "$action" = list ] && printf "1,web1,on\\n2,web2,off\\n"; [ "$plug$action" = 2status ] && exit 2; exit 0',
  );
  writeAgent(
    'fence_cycle',
    ['off', 'on', 'status'],
    '[ "$action$plug" = onstuck ] && { echo no power >&2; exit 1; }; exit 0',
  );
  writeAgent('fence_flaky', all, `[ "$(grep -c ^off ${log})" -ge 2 ] && exit 0; echo "cannot log in" >&2; exit 1`);
  writeAgent('fence_hang', all, "trap '' TERM; sleep 600");
});
beforeEach(() => writeFileSync(log, ''));
after(() => rmSync(folder, { recursive: true }));

const asked = () => readFileSync(log, 'utf8').trim().split('\n');
const device = (type: string, parameters: Record<string, string> = {}): FenceDevice => ({
  id: 'pdu',
  type,
  parameters,
});
const timeoutMs = 60_000;
const off = { node: 'web1', action: 'off', timeoutMs, delay: 'skip' } as const;

test('a node is shot by the plug that the map names', async () => {
  const mapped = device('fence_good', { pcmk_host_map: 'web1:1;web2:2' });
  const outcome = await runner.fence(mapped, { ...off, action: 'reboot' }).outcome;
  assert.equal(outcome.code, 0);
  assert.deepEqual(asked(), ['reboot 1']);
});

test('which nodes a device reaches: by its list, by what is configured, by their status, or every one', async () => {
  const reach = (parameters: Record<string, string>, node: string) =>
    runner.reaches(device('fence_good', parameters), node, timeoutMs);
  assert.deepEqual(await reach({}, 'web2'), { ok: true, value: 'reaches' });
  assert.deepEqual(await reach({}, 'web3'), { ok: true, value: 'does not reach' });
  const byMap = { pcmk_host_map: 'n1:1;n9:9', pcmk_host_check: 'dynamic-list' };
  assert.deepEqual(await reach(byMap, 'n1'), { ok: true, value: 'reaches' });
  assert.deepEqual(await reach(byMap, 'n9'), { ok: true, value: 'does not reach' });
  assert.deepEqual(await reach({ pcmk_host_list: 'web3' }, 'web3'), { ok: true, value: 'reaches' });
  assert.deepEqual(await reach({ pcmk_host_check: 'status', pcmk_host_map: 'b:2' }, 'b'), {
    ok: true,
    value: 'reaches',
  });
  assert.deepEqual(await reach({ pcmk_host_check: 'none' }, 'any'), { ok: true, value: 'reaches' });
  const targets = await runner.targets(device('fence_good', byMap), timeoutMs);
  assert.ok(targets.ok && targets.value?.includes('n1') && !targets.value.includes('n9'));
  const broken = await runner.reaches(device('fence_flaky'), 'web1', timeoutMs);
  assert.ok(!broken.ok && /cannot log in/.test(broken.error));
});

test('status tells on from off, and the device has a monitor', async () => {
  const mapped = device('fence_good', { pcmk_host_map: 'web1:1;web2:2' });
  assert.equal((await runner.status(mapped, 'web1', timeoutMs)).code, 0);
  assert.equal((await runner.status(mapped, 'web2', timeoutMs)).code, 7);
  assert.equal((await runner.monitor(mapped, timeoutMs)).code, 0);
});

test('an agent that fails is tried again as often as the device says', async () => {
  assert.equal((await runner.fence(device('fence_flaky'), off).outcome).code, 0);
  assert.equal(asked().length, 2);
  writeFileSync(log, '');
  const once = await runner.fence(device('fence_flaky', { pcmk_off_retries: '1' }), off).outcome;
  assert.deepEqual([once.code, once.reason], [1, 'cannot log in']);
});

test('an agent without reboot turns off and on; a node that stays off has been fenced', async () => {
  const cycle = await runner.fence(device('fence_cycle'), { ...off, action: 'reboot' }).outcome;
  assert.equal(cycle.code, 0);
  assert.deepEqual(asked(), ['off web1', 'on web1']);
  const stuck = await runner.fence(device('fence_cycle'), { ...off, node: 'stuck', action: 'reboot' }).outcome;
  assert.equal(stuck.code, 0);
  assert.match(stuck.reason, /is off, but did not come on again: no power/);
});

test('an agent that hangs is killed at the timeout of the device, and one that is called off at once', async () => {
  const slow = await runner.fence(device('fence_hang', { pcmk_off_timeout: '300ms' }), off).outcome;
  assert.equal(slow.status, 'timeout');
  const run = runner.fence(device('fence_hang'), { ...off, timeoutMs: 600_000 });
  setTimeout(() => run.kill(), 200);
  assert.notEqual((await run.outcome).code, 0);
  writeFileSync(log, '');
  const delayed = runner.fence(device('fence_good', { pcmk_delay_base: '600s' }), { ...off, delay: 'apply' });
  setTimeout(() => delayed.kill(), 100);
  assert.match((await delayed.outcome).reason, /called off/);
  assert.deepEqual(asked(), ['']);
});

test('a device whose agent is not installed says so, with the nearest name', async () => {
  const outcome = await runner.fence(device('fence_godd'), off).outcome;
  assert.deepEqual([outcome.status, outcome.code], ['not-installed', 5]);
  assert.match(outcome.reason, /did you mean 'stonith:fence_good'/);
});
