// What a master announces, how often and when: Haven and keepalived in one lab at the same time, each with the same
// instances under its own VRIDs and addresses, and one capture of both.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Pair, type Program, peerAvailable, snapBytes, until, withPair } from './pair.ts';

const whole = {
  skip:
    process.getuid?.() !== 0
      ? 'needs root'
      : !peerAvailable
        ? 'needs the Debian package keepalived'
        : process.env.HAVEN_INTEROP === 'whole'
          ? false
          : 'runs with: npm run interop -- keepalived',
};

/** `@` stands for the part of an address that tells instance and program apart: `192.0.@.1`, `fd00:@::1`. */
type Manner = { readonly name: string; readonly lines: string };

const two = 'virtual_ipaddress {\n 192.0.@.1/24\n 192.0.@.2/24\n}';
const elsewhere = 'virtual_ipaddress {\n 192.0.@.1/24\n 192.0.@.2/24 dev ens9\n}';

const manners: readonly Manner[] = [
  { name: 'nothing said', lines: two },
  { name: 'garp_master_delay and repeat', lines: `garp_master_delay 2\ngarp_master_repeat 3\n${two}` },
  {
    name: 'garp_master_refresh and its repeat',
    lines: `garp_master_delay 0\ngarp_master_repeat 1\ngarp_master_refresh 3\ngarp_master_refresh_repeat 2\n${two}`,
  },
  { name: 'excluded addresses', lines: `garp_master_repeat 2\n${two}\nvirtual_ipaddress_excluded {\n 192.0.@.3/24\n}` },
  { name: 'addresses of another interface', lines: `garp_master_delay 2\ngarp_extra_if 3\n${elsewhere}` },
  { name: 'garp_extra_if all', lines: `garp_master_delay 0\ngarp_extra_if all 3\n${elsewhere}` },
  {
    name: 'garp_extra_if of a macvlan',
    lines: `garp_master_delay 0\ngarp_extra_if 3\nuse_vmac\n${elsewhere.replace('ens9', 'ens9 use_vmac')}`,
  },
  {
    name: 'IPv6',
    lines: 'garp_master_delay 2\ngarp_master_repeat 3\nvirtual_ipaddress {\n fe80::@/64\n fd00:@::1/64\n}',
  },
];

/** Bursts that begin later are not compared; between the seconds at which they come. */
const horizonS = 7.5;
/** Between bursts lie two seconds at least: a busy machine may delay one by half of that. */
const roundS = 1;

test('the same announcements at the same times, whatever the garp_ keywords say', whole, () =>
  withPair(async (pair) => {
    const captures = await Promise.all(['eth0', 'ens9'].map((name) => capture(pair, name)));
    await pair.start('server1', 'haven', manners.map((manner, index) => instance(manner, index, 'haven')).join(''));
    await pair.start(
      'server2',
      'keepalived',
      manners.map((manner, index) => instance(manner, index, 'keepalived')).join(''),
    );
    for (const name of ['server1', 'server2'])
      await until(`every instance of ${name} is master`, async () => {
        const masters = (await pair.log(name)).match(/Entering MASTER STATE/g) ?? [];
        return masters.length >= manners.length;
      });
    await new Promise((resolve) => setTimeout(resolve, (horizonS + 1) * 1000));
    const frames = (await Promise.all(captures.map((end) => end()))).flat();
    for (const [index, { name }] of manners.entries()) {
      const ours = burstsOf(frames, index, 'haven');
      const theirs = burstsOf(frames, index, 'keepalived');
      assert.ok(ours.length > 0, `${name}: nothing was announced`);
      const told = `${name}\nours   ${JSON.stringify(ours)}\ntheirs ${JSON.stringify(theirs)}`;
      assert.deepEqual(
        ours.map(({ targets }) => targets),
        theirs.map(({ targets }) => targets),
        told,
      );
      for (const [at, burst] of ours.entries())
        assert.ok(Math.abs(burst.afterS - (theirs[at]?.afterS ?? 0)) < roundS, told);
    }
  }),
);

test('vrrp_garp_interval and vrrp_gna_interval keep the announcements of each kind apart', whole, () =>
  withPair(async (pair) => {
    const paced = 'global_defs {\n vrrp_garp_interval 0.1\n vrrp_gna_interval 0.1\n}\n';
    const chosen = manners.filter(({ name }) => name === 'garp_master_delay and repeat');
    for (const program of ['haven', 'keepalived'] as const) {
      const end = await capture(pair, 'eth0');
      await pair.start('server1', program, paced + chosen.map((manner) => instance(manner, 0, program)).join(''));
      await until('the second burst', async () => /(Sending\/queueing(.|\n)*){4}/.test(await pair.log('server1')));
      await new Promise((resolve) => setTimeout(resolve, 1000));
      await pair.stop('server1');
      await pair.lab.host('server1').shell('rm /var/log/vrrp.log');
      const times = (await end()).filter(({ target }) => isOf(target, 0, program)).map(({ atS }) => atS);
      const gaps = times.slice(1).map((atS, index) => atS - (times[index] ?? 0));
      assert.ok(times.length >= 6, `${program}: ${times}`);
      assert.ok(
        gaps.every((gap) => gap > 0.08),
        `${program}: ${gaps}`,
      );
      // Of what waits its turn, keepalived loses some; here each address is announced as often as the file says.
      if (program === 'haven') assert.equal(times.length, 12);
    }
  }),
);

for (const keyword of ['', 'higher_prio_send_advert']) {
  const answers = keyword === '' ? 'says nothing' : 'answers once';
  test(`a loser of an election with '${keyword}': keepalived ${answers}, Haven answers once`, whole, () =>
    withPair(async (pair) => {
      for (const program of ['haven', 'keepalived'] as const) {
        const losing = `vrrp_instance V {\n interface eth0\n virtual_router_id 51\n priority 100\n ${keyword}\n ${two.replaceAll('@', '2')}\n}\n`;
        await pair.start('server1', program, losing);
        await pair.untilHeldBy('192.0.2.1', ['server1']);
        const adverts = await pair.captureText('server2', 'ip proto 112');
        await pair.start('server2', 'keepalived', losing.replace('priority 100', 'priority 200'));
        await pair.untilHeldBy('192.0.2.1', ['server2']);
        await until('the winner went on', async () => ((await adverts.now()).match(/prio 200/g) ?? []).length >= 3);
        const priorities = [...(await adverts.end()).matchAll(/prio (\d+)/g)].map(([, priority]) => priority);
        const after = priorities.slice(priorities.indexOf('200'));
        const expected = program === 'haven' || keyword !== '' ? 1 : 0;
        assert.equal(after.filter((priority) => priority === '100').length, expected, `${program}: ${after}`);
        await pair.stop('server1');
        await pair.stop('server2');
      }
    }),
  );
}

test('garp_lower_prio_delay and repeat: two bursts of the same length after a lower advert', whole, () =>
  withPair(async (pair) => {
    const own = (priority: number, more: string) =>
      `vrrp_instance V {\n interface eth0\n virtual_router_id 51\n priority ${priority}\n garp_master_delay 0\n garp_master_repeat 1\n ${more}\n ${two.replaceAll('@', '2')}\n}\n`;
    for (const program of ['haven', 'keepalived'] as const) {
      await pair.start('server1', program, own(200, 'garp_lower_prio_delay 2\n garp_lower_prio_repeat 3'));
      await pair.untilHeldBy('192.0.2.1', ['server1']);
      await pair.lab.cut('server1', { link: 0, mode: 'silent' });
      await pair.start('server2', 'keepalived', own(100, 'higher_prio_send_advert'));
      await pair.untilHeldBy('192.0.2.1', ['server1', 'server2']);
      const end = await capture(pair, 'eth0');
      await pair.lab.heal('server1');
      await pair.untilHeldBy('192.0.2.1', ['server1']);
      await new Promise((resolve) => setTimeout(resolve, 3000));
      const found = bursts((await end()).filter(({ target }) => target.startsWith('192.0.2.')));
      // The loser may have sent one advert or two before it heard the winner.
      const told = JSON.stringify(found);
      assert.deepEqual(
        found.map(({ afterS }) => Math.round(afterS)),
        [0, 2],
        `${program}: ${told}`,
      );
      for (const { targets } of found) assert.equal(targets.split(' ').length % (3 * 2), 0, `${program}: ${told}`);
      await pair.stop('server1');
      await pair.stop('server2');
    }
  }),
);

test('vrrp_startup_delay holds both back for as long; promote_secondaries is set and put back by both', whole, () =>
  withPair(async (pair) => {
    const text = `global_defs {\n vrrp_startup_delay 4\n}\nvrrp_instance V {\n interface eth0\n virtual_router_id 51\n promote_secondaries\n ${two.replaceAll('@', '2')}\n}\n`;
    const host = pair.lab.host('server1');
    const setting = () => host.shell('cat /proc/sys/net/ipv4/conf/eth0/promote_secondaries');
    for (const program of ['haven', 'keepalived'] as const) {
      assert.equal((await setting()).trim(), '0');
      await pair.start('server1', program, text);
      await pair.untilHeldBy('192.0.2.1', ['server1']);
      assert.equal((await setting()).trim(), '1', program);
      await pair.stop('server1');
      assert.equal((await setting()).trim(), '0', program);
      const log = await pair.log('server1');
      const delayed = timeOf(log, /Delaying startup for 4 seconds/);
      // 4 s, then the Master_Down_Interval of priority 100: 3.6 s; the log has whole seconds.
      const waited = (timeOf(log, /Entering MASTER STATE/) - delayed) / 1000;
      assert.ok(waited >= 6.5, `${program} waited ${waited} s`);
      await host.shell('rm /var/log/vrrp.log');
    }
  }),
);

function timeOf(log: string, pattern: RegExp): number {
  const line = log.split('\n').find((one) => pattern.test(one)) ?? '';
  return Date.parse(line.slice(0, 'Sat Nov 21 09:14:16 2026'.length));
}

/** The third octet of `192.0.@.1`: of Haven's instances even, of keepalived's odd. */
function mark(index: number, program: Program): number {
  return 100 + 2 * index + (program === 'haven' ? 0 : 1);
}

function instance({ lines }: Manner, index: number, program: Program): string {
  const own = String(mark(index, program));
  return `vrrp_instance V${index} {\n interface eth0\n virtual_router_id ${own}\n${lines.replaceAll('@', own)}\n}\n`;
}

type Frame = { readonly atS: number; readonly target: string };
type Burst = { readonly afterS: number; readonly targets: string };

function isOf(target: string, index: number, program: Program): boolean {
  const own = mark(index, program);
  return [`192.0.${own}.`, `fd00:${own}:`].some((part) => target.startsWith(part)) || target === `fe80::${own}`;
}

function burstsOf(frames: readonly Frame[], index: number, program: Program): Burst[] {
  const own = String(mark(index, program));
  const found = frames
    .filter(({ target }) => isOf(target, index, program))
    .toSorted((left, right) => left.atS - right.atS)
    .map(({ atS, target }) => ({ atS, target: target.replace(own, '@') }));
  return bursts(found).filter(({ afterS }) => afterS < horizonS);
}

/** Frames within half a second of the one before. */
function bursts(frames: readonly Frame[]): Burst[] {
  const first = frames[0]?.atS ?? 0;
  const found: { afterS: number; targets: string[] }[] = [];
  let before = Number.NEGATIVE_INFINITY;
  for (const { atS, target } of frames) {
    if (atS - before > 0.5) found.push({ afterS: atS - first, targets: [] });
    found.at(-1)?.targets.push(target);
    before = atS;
  }
  // Interfaces are captured one by one: what is in a burst counts, and how often.
  return found.map(({ afterS, targets }) => ({ afterS, targets: targets.sort().join(' ') }));
}

/** Gratuitous ARPs and unsolicited NAs on an interface of server2 from now on; the function ends it. */
async function capture(pair: Pair, interfaceName: string): Promise<() => Promise<Frame[]>> {
  const host = pair.lab.host('server2');
  const file = `/var/log/announcements-${interfaceName}`;
  const command = `exec tcpdump -i ${interfaceName} -s ${snapBytes} -n -l -tt --immediate-mode 'arp or icmp6' >${file} 2>${file}.said`;
  const running = host.spawn(['sh', '-c', command], { stdio: 'ignore' });
  await until('tcpdump listens', async () => (await host.shell(`cat ${file}.said || true`)).includes('listening'));
  return async () => {
    running.signal('SIGINT');
    await running.exited;
    const lines = (await host.readFile(file)).split('\n');
    return lines.flatMap((line) => {
      const [, at = '', ipv4, ipv6] =
        /^(\S+) .*(?:who-has (\S+) \(ff:ff:ff:ff:ff:ff\)|neighbor advertisement, tgt is ([^,]+))/.exec(line) ?? [];
      const target = ipv4 ?? ipv6;
      return target === undefined ? [] : [{ atS: Number(at), target }];
    });
  };
}
