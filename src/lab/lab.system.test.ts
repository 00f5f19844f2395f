// The lab on the real kernel: hosts, cables, cuts, power; nothing left afterwards.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { programDirectory } from './boot.ts';
import { createLab, type HostOptions, type Lab } from './index.ts';

const root = { skip: process.getuid?.() === 0 ? false : 'needs root' };

async function withLab(options: Parameters<typeof createLab>[0], use: (lab: Lab) => Promise<void>): Promise<void> {
  const lab = await createLab(options);
  try {
    await use(lab);
  } finally {
    await lab.down();
  }
}

/** Within less time than a busy machine may take: for what is not to be reached; see `becomesReachable`. */
async function reaches(lab: Lab, from: string, address: string): Promise<boolean> {
  const done = await lab.host(from).run(['ping', '-c', '1', '-W', '0.3', '-i', '0.2', address]);
  return done.code === 0;
}

test('hosts have their own name, files, processes and addresses of both families on each link', root, () =>
  withLab({ hosts: 2, links: 2 }, async (lab) => {
    const [one, two] = [lab.host('node1'), lab.host('node2')];
    assert.equal(await one.shell('uname -n; cat /etc/hostname'), 'node1\nnode1\n');
    await one.writeFile('/etc/only-here', 'x');
    assert.equal((await two.run(['test', '-e', '/etc/only-here'])).code, 1);
    await one.writeFile('/run/only-here', 'x');
    // The program itself is there, wherever it is installed; nothing else of this machine is.
    const [installed] = programDirectory().startsWith('/tmp/')
      ? programDirectory().slice('/tmp/'.length).split('/')
      : [];
    const kept = installed === undefined ? '' : `${installed}\n`;
    assert.equal(await two.shell('ls -A /tmp /dev/shm'), `/dev/shm:\n\n/tmp:\n${kept}`);
    assert.equal(await two.shell('ls -d /run/only-here 2>/dev/null || true'), '');
    for (const link of [0, 1]) {
      for (const family of [4, 6] as const) await becomesReachable(lab, 'node1', two.address({ link, family }));
    }
    assert.match(await two.shell('ps -e -o comm='), /^sh\nsleep\nsh\nps\n$/);
  }),
);

test('interfaces have the names, links and addresses that were asked for', root, () =>
  withLab({ links: 2, hosts: [articleHost('server1', 101), articleHost('server2', 102)] }, async (lab) => {
    await becomesReachable(lab, 'server1', '192.168.0.102');
    await becomesReachable(lab, 'server1', '2001:db8::102');
    const shown = await lab.host('server1').shell('ip -brief addr');
    assert.match(shown, /^eth0@\S+ +UP +192\.168\.0\.101\/24 /m);
    assert.match(shown, /^ens9@\S+ +UP +10\.0\.2\.101\/24 2001:db8::101\/64 fe80::/m);
    assert.match(await lab.host('server1').readFile('/etc/hosts'), /^192\.168\.0\.102 server2$/m);
  }),
);

function articleHost(name: string, number: number): HostOptions {
  return {
    name,
    interfaces: [
      { name: 'eth0', link: 0, addresses: [`192.168.0.${number}/24`] },
      { name: 'ens9', link: 1, addresses: [`10.0.2.${number}/24`, `2001:db8::${number}/64`] },
    ],
  };
}

test('a cut is of the link, the direction and the kind that was asked for, and heal undoes it', root, () =>
  withLab({ hosts: 2, links: 2 }, async (lab) => {
    const address = (host: string, link: number) => lab.host(host).address({ link });
    const carrier = () => lab.host('node1').shell('cat /sys/class/net/eth0/carrier');
    await becomesReachable(lab, 'node2', address('node1', 0));

    await lab.cut('node1', { link: 0, mode: 'silent' });
    assert.equal(await carrier(), '1\n');
    assert.equal(await reaches(lab, 'node2', address('node1', 0)), false);
    await becomesReachable(lab, 'node2', address('node1', 1));
    await lab.heal();
    await becomesReachable(lab, 'node2', address('node1', 0));

    await lab.cut('node1', { link: 0 });
    assert.equal(await carrier(), '0\n');
    assert.equal((await lab.hostStatus('node1')).interfaces[0]?.wire?.carrier, 'down');
    await lab.heal('node1', { link: 0 });
    assert.equal(await carrier(), '1\n');
    await becomesReachable(lab, 'node2', address('node1', 0));
  }),
);

test('one-way loss: a deaf host is heard, a mute host hears', root, () =>
  withLab({ hosts: 2 }, async (lab) => {
    const received = (host: string) => lab.host(host).shell('cat /proc/net/snmp').then(echoRequests);
    const exchange = async () => {
      const before = [await received('node1'), await received('node2')];
      await Promise.all([
        reaches(lab, 'node1', lab.host('node2').address()),
        reaches(lab, 'node2', lab.host('node1').address()),
      ]);
      return [(await received('node1')) - (before[0] ?? 0) > 0, (await received('node2')) - (before[1] ?? 0) > 0];
    };
    const hears = (one: boolean, two: boolean) =>
      eventually(`heard: ${one}, ${two}`, async () => isDeepStrictEqual(await exchange(), [one, two]));
    await hears(true, true);
    await lab.cut('node1', { mode: 'silent', direction: 'in' });
    await hears(false, true);
    assert.equal((await lab.hostStatus('node1')).interfaces[0]?.wire?.dropped, 'in');
    await lab.heal();
    await lab.cut('node1', { mode: 'silent', direction: 'out' });
    await hears(true, false);
    await lab.cut('node1', { mode: 'silent', direction: 'in' });
    assert.deepEqual(await exchange(), [false, false]);
    await lab.heal();
    await becomesReachable(lab, 'node1', lab.host('node2').address());
    await hears(true, true);
  }),
);

/** InEchos of the Icmp line of /proc/net/snmp. */
function echoRequests(snmp: string): number {
  const [names, values] = snmp
    .split('\n')
    .filter((line) => line.startsWith('Icmp:'))
    .map((line) => line.split(' '));
  return Number(values?.[names?.indexOf('InEchos') ?? -1]);
}

test('a partition lets each group hear itself only, on the links that were asked for', root, () =>
  withLab({ hosts: 4, links: 2 }, async (lab) => {
    const at = (number: number, link = 0) => lab.host(`node${number}`).address({ link });
    await lab.partition([['node1', 'node2'], ['node3']], { link: 0 });
    await becomesReachable(lab, 'node1', at(2));
    await becomesReachable(lab, 'node1', at(3, 1));
    assert.deepEqual(await Promise.all([reaches(lab, 'node1', at(3)), reaches(lab, 'node3', at(4))]), [false, false]);
    await lab.partition([['node1'], ['node2', 'node3']], { link: 0 });
    await becomesReachable(lab, 'node2', at(3));
    assert.equal(await reaches(lab, 'node1', at(2)), false);
    await lab.heal();
    await becomesReachable(lab, 'node1', at(3));
    await becomesReachable(lab, 'node4', at(2));
  }),
);

test(
  'kill is a power-off: no frame leaves, processes and memory go, the disk stays, boot scripts run again',
  root,
  () =>
    withLab({ hosts: 2 }, async (lab) => {
      const one = lab.host('node1');
      await lab.onBoot('node1', 'echo booted >>/var/log/boots');
      await one.shell('echo kept >/etc/kept; echo gone >/run/gone');
      const listener = one.spawn(['sleep', '1000'], { stdio: 'ignore' });
      const mac = one.plan.interfaces[0]?.mac;
      await lab.kill('node1');
      assert.equal(await listener.exited, 137);
      assert.equal((await lab.hostStatus('node1')).state, 'off');
      assert.equal(await reaches(lab, 'node2', one.address()), false);
      await assert.rejects(one.run(['true']), /host 'node1' of lab '.*' is powered off\. Run: haven lab boot node1/);
      await lab.boot('node1');
      assert.equal(
        await one.shell('cat /etc/kept; ls /run/gone 2>/dev/null || true; cat /sys/class/net/eth0/address'),
        `kept\n${mac}\n`,
      );
      await eventually(
        'the boot script has run',
        async () => (await one.run(['cat', '/var/log/boots'])).stdout === 'booted\n',
      );
      await becomesReachable(lab, 'node2', one.address());
    }),
);

test('a killed host sends no FIN: its TCP peer still believes in the connection', root, () =>
  withLab({ hosts: 2 }, async (lab) => {
    const [server, client] = [lab.host('node1'), lab.host('node2')];
    const program = "require('net').createServer().listen(7000, () => console.log('listening'))";
    const listening = server.spawn([process.execPath, '-e', program]);
    await new Promise((resolve) => listening.child.stdout?.once('data', resolve));
    const dial = `require('net').connect(7000, '${server.address()}').on('connect', () => console.log('connected')).on('close', () => console.log('closed')).on('error', () => {})`;
    const dialling = client.spawn([process.execPath, '-e', dial]);
    let said = '';
    dialling.child.stdout?.on('data', (chunk) => {
      said += chunk;
    });
    await eventually('the connection stands', async () => said === 'connected\n');
    await lab.kill('node1');
    assert.match(await client.shell('ss -Htn'), /ESTAB/);
    assert.equal(said, 'connected\n');
    dialling.signal('SIGKILL');
    assert.equal(await dialling.exited, 137);
  }),
);

test(
  'pause stops every process while the kernel answers; freeze silences the kernel too; resume undoes both',
  root,
  () =>
    withLab({ hosts: 2 }, async (lab) => {
      const one = lab.host('node1');
      // One process: a shell that has just been stopped while it starts another waits for that one, and is not shown as stopped.
      const counter = one.spawn([process.execPath, '-e', "setInterval(() => console.log('x'), 10)"]);
      let ticks = 0;
      counter.child.stdout?.on('data', () => ticks++);
      await eventually('it runs', async () => ticks > 2);
      await lab.pause('node1');
      assert.equal((await lab.hostStatus('node1')).state, 'paused');
      assert.doesNotMatch(await one.shell('ps -e -o pid=,stat=,comm= | grep -v -E "^ *1 | (sh|ps|grep)$"'), / [RSD]/);
      await becomesReachable(lab, 'node2', one.address());
      await lab.resume('node1');
      const before = ticks;
      await eventually('it runs on', async () => ticks > before + 2);
      await lab.freeze('node1');
      assert.equal(await reaches(lab, 'node2', one.address()), false);
      await lab.pause('node1');
      assert.equal((await lab.hostStatus('node1')).state, 'frozen');
      await lab.resume('node1');
      await becomesReachable(lab, 'node2', one.address());
      assert.equal((await lab.hostStatus('node1')).state, 'up');
    }),
);

/** After an interruption the asking kernel repeats its ARP request each second only. */
function becomesReachable(lab: Lab, from: string, address: string): Promise<void> {
  return eventually(`${from} reaches ${address}`, () => reaches(lab, from, address));
}

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, `not within 60 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
