// `haven vrrp` on real hosts: alone, beside itself and beside real keepalived.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Pair, type Program, peerAvailable, until, withPair } from './pair.ts';

const root = { skip: process.getuid?.() === 0 ? false : 'needs root' };
const withPeer = { skip: root.skip || (peerAvailable ? false : 'needs the Debian package keepalived') };

const address = '192.168.122.200';

function configuration(priority: number, more = ''): string {
  return `vrrp_instance VI_1 {
  state ${priority === 244 ? 'MASTER' : 'BACKUP'}
  interface eth0
  virtual_router_id 51
  priority ${priority}
  advert_int 1
  authentication {
    auth_type PASS
    auth_pass 12345
  }
  virtual_ipaddress {
    ${address}/24
  }
  ${more}
}
`;
}

for (const [first, second] of [
  ['haven', 'keepalived'],
  ['keepalived', 'haven'],
  ['haven', 'haven'],
] as const) {
  // The other way round and among ourselves are for the whole run: `npm run interop -- keepalived`.
  const whole = process.env.HAVEN_INTEROP === 'whole' || second === 'keepalived';
  const options = whole || withPeer.skip !== false ? withPeer : { skip: 'runs with: npm run interop -- keepalived' };
  test(`${first} 244 beside ${second} 243: preempts, hands over, is taken over from`, options, () =>
    withPair((pair) => acceptance(pair, first, second)),
  );
}

async function acceptance(pair: Pair, first: Program, second: Program): Promise<void> {
  await pair.start('server2', second, configuration(243));
  await pair.untilHeldBy(address, ['server2']);
  await pair.start('server1', first, configuration(244));
  await pair.untilHeldBy(address, ['server1']);
  await pair.untilLogged(
    'server2',
    /Master received advert from 192\.168\.122\.101 with higher priority 244, ours 243/,
  );
  await pair.stop('server1');
  await pair.untilHeldBy(address, ['server2']);
  await pair.untilLogged('server2', /Backup received priority 0 advertisement/);
  await pair.start('server1', first, configuration(244));
  await pair.untilHeldBy(address, ['server1']);
  await pair.lab.cut('server1', { link: 0 });
  await pair.untilHeldBy(address, ['server2']);
  await pair.lab.heal('server1');
  await pair.untilHeldBy(address, ['server1']);
  for (const name of ['server1', 'server2']) assert.doesNotMatch(await pair.log(name), /in use|somebody else/);
}

test('an address deleted by hand is back at once, and stays', root, () =>
  withPair(async (pair) => {
    await pair.start('server1', 'haven', configuration(244));
    await pair.untilHeldBy(address, ['server1']);
    await pair.lab.host('server1').shell(`ip address delete ${address}/24 dev eth0`);
    await pair.untilLogged('server1', /Netlink reflector reports IP 192\.168\.122\.200 removed from eth0/);
    await pair.untilHeldBy(address, ['server1']);
    assert.doesNotMatch(await pair.log('server1'), /Entering BACKUP STATE\n/);
  }),
);

test('a broken file on reload changes nothing; a good one changes what it says and nothing else', root, () =>
  withPair(async (pair) => {
    const host = pair.lab.host('server1');
    await pair.start('server1', 'haven', configuration(244));
    await pair.untilHeldBy(address, ['server1']);
    await host.writeFile('/etc/keepalived/keepalived.conf', 'vrrp_instance VI_1 {\n priority\n');
    pair.signal('server1', 'SIGHUP');
    await pair.untilLogged('server1', /keeping the running one/);
    assert.deepEqual(await pair.holders(address), ['server1']);
    await host.writeFile(
      '/etc/keepalived/keepalived.conf',
      configuration(200).replace('200/24', '200/24\n 192.168.122.201/24'),
    );
    pair.signal('server1', 'SIGHUP');
    await pair.untilHeldBy('192.168.122.201', ['server1']);
    assert.doesNotMatch(await pair.log('server1'), /removing VIPs\.(.|\n)*removing VIPs\./);
  }),
);

test('wrong input is one sentence and an exit code', root, () =>
  withPair(async (pair) => {
    const haven = [process.execPath, `${process.cwd()}/bin/haven`, 'vrrp', '-f', '/etc/keepalived/none.conf'];
    const done = await pair.lab.host('server1').run(haven);
    assert.equal(done.code, 105);
    assert.match(done.stderr, /haven: cannot read the configuration file \/etc\/keepalived\/none\.conf/);
  }),
);

/** The backup waits so long that a guardian tells it first that its master is gone, on a busy machine, too. */
const patient = (priority: number, more = '') => configuration(priority, more).replace('advert_int 1', 'advert_int 4');

for (const [how, signal] of [
  ['killed', 'SIGKILL'],
  ['stopped', 'SIGSTOP'],
] as const) {
  test(`a daemon that is ${how} leaves no address behind, and its backup hears priority 0`, withPeer, () =>
    withPair(async (pair) => {
      await pair.start('server1', 'haven', patient(244));
      await pair.untilHeldBy(address, ['server1']);
      await pair.start('server2', 'keepalived', patient(243));
      await pair.untilLogged('server2', /Entering BACKUP STATE/);
      pair.signal('server1', signal);
      await pair.untilLogged('server2', /Backup received priority 0 advertisement/);
      await pair.untilHeldBy(address, ['server2']);
    }),
  );
}

test('when a split heals the winner announces the address again at once', root, () =>
  withPair(async (pair) => {
    await pair.start('server1', 'haven', configuration(244));
    await pair.untilHeldBy(address, ['server1']);
    await pair.start('server2', 'haven', configuration(243));
    await pair.untilLogged('server2', /Entering BACKUP STATE/);
    await pair.lab.cut('server1', { link: 0, mode: 'silent' });
    await pair.untilHeldBy(address, ['server1', 'server2']);
    // The second burst after taking over must not be taken for the answer to the heal.
    await pair.untilLogged('server2', /(Sending\/queueing gratuitous ARPs(.|\n)*){2}/);
    const capture = await pair.capture('server2', 'arp');
    await pair.lab.heal('server1');
    await pair.untilHeldBy(address, ['server1']);
    await pair.untilLogged('server1', /Received advert from 192\.168\.122\.102 with lower priority 243, ours 244/);
    await until('five announcements after the heal', async () => announced(await capture.now()).length >= 5);
    assert.equal(new Set(announced(await capture.end()).map((frame) => frame.slice(12, 24))).size, 1);
  }),
);

/**
 * Of the address, by whoever says that it has it. A probe of the winner's that is under way is answered by the other's kernel
 * as long as that has the address: its sender's address is not its target's.
 */
function announced(frames: readonly string[]): string[] {
  return frames.filter((frame) => frame.slice(56, 64) === 'c0a87ac8' && frame.slice(56, 64) === frame.slice(76, 84));
}

test('a killed daemon with unicast peers: its guardian tells each of them priority 0', withPeer, () =>
  withPair(async (pair) => {
    const unicast = (peer: number) => `unicast_peer {\n 192.168.122.${peer}\n}`;
    await pair.start('server1', 'haven', patient(244, unicast(102)));
    await pair.untilHeldBy(address, ['server1']);
    await pair.start('server2', 'keepalived', patient(243, unicast(101)));
    await pair.untilLogged('server2', /Entering BACKUP STATE/);
    pair.signal('server1', 'SIGKILL');
    await pair.untilLogged('server2', /Backup received priority 0 advertisement/);
    await pair.untilHeldBy(address, ['server2']);
  }),
);

const whole = {
  skip: withPeer.skip || (process.env.HAVEN_INTEROP === 'whole' ? false : 'runs with: npm run interop -- keepalived'),
};

for (const [first, second] of [
  ['haven', 'keepalived'],
  ['keepalived', 'haven'],
] as const) {
  test(`nopreempt: ${first} 244 comes back beside ${second} 243 and leaves it the address`, whole, () =>
    withPair(async (pair) => {
      const nopreempt = configuration(244, 'nopreempt').replace('state MASTER', 'state BACKUP');
      await pair.start('server2', second, configuration(243));
      await pair.untilHeldBy(address, ['server2']);
      await pair.start('server1', first, nopreempt);
      await pair.untilLogged('server1', /Entering BACKUP STATE/);
      await new Promise((resolve) => setTimeout(resolve, 5000));
      assert.deepEqual(await pair.holders(address), ['server2']);
      await pair.stop('server2');
      await pair.untilHeldBy(address, ['server1']);
    }),
  );

  test(`sync group: ${first} loses one leg and gives both to ${second}`, whole, () =>
    withPair(async (pair) => {
      await pair.start('server1', first, syncGroup(244));
      await pair.start('server2', second, syncGroup(243));
      for (const leg of [address, '192.168.122.210']) await pair.untilHeldBy(leg, ['server1']);
      await pair.untilLogged('server2', /Entering BACKUP STATE/);
      await pair.lab.host('server1').shell('ip link set ens9 down');
      for (const leg of [address, '192.168.122.210']) await pair.untilHeldBy(leg, ['server2']);
      await pair.lab.host('server1').shell('ip link set ens9 up');
      for (const leg of [address, '192.168.122.210']) await pair.untilHeldBy(leg, ['server1']);
    }),
  );

  test(`sync group: ${first} with nopreempt stays behind ${second}, with preempt_delay it waits`, whole, () =>
    withPair(async (pair) => {
      const legs = [address, '192.168.122.210'];
      await pair.start('server2', second, syncGroup(243));
      for (const leg of legs) await pair.untilHeldBy(leg, ['server2']);
      await pair.start('server1', first, syncGroup(244, 'nopreempt'));
      await pair.untilLogged('server1', /Entering BACKUP STATE/);
      await new Promise((resolve) => setTimeout(resolve, 4500));
      for (const leg of legs) assert.deepEqual(await pair.holders(leg), ['server2']);
      await pair.stop('server1');
      await pair.start('server1', first, syncGroup(244, 'preempt_delay 2'));
      for (const leg of legs) await pair.untilHeldBy(leg, ['server1']);
    }),
  );
}

function syncGroup(priority: number, preemption = ''): string {
  const leg = (name: string, link: string, virtualRouterId: number, virtual: string) =>
    `vrrp_instance ${name} {\n state BACKUP\n interface ${link}\n virtual_router_id ${virtualRouterId}
 priority ${priority}\n ${preemption}\n virtual_ipaddress {\n ${virtual}/24\n }\n}`;
  return `vrrp_sync_group SG {\n group {\n A\n B\n }\n}
${leg('A', 'eth0', 51, address)}
${leg('B', 'ens9', 52, '192.168.122.210')}
`;
}
