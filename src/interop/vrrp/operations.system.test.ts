// What an administrator asks of a running `haven vrrp`: status, dumps, a second start, a file that is checked.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { until, withPair } from './pair.ts';

const root = { skip: process.getuid?.() === 0 ? false : 'needs root' };
const haven = [process.execPath, join(process.cwd(), 'bin', 'haven'), 'vrrp'];

const configuration = `vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  priority 244
  track_interface {
    ens9 weight 5
  }
  virtual_ipaddress {
    192.168.122.200/24
  }
}
`;

test('status tells state, priority with its parts, and why the last change came', root, () =>
  withPair(async (pair) => {
    const host = pair.lab.host('server1');
    await pair.start('server1', 'haven', configuration);
    await pair.untilHeldBy('192.168.122.200', ['server1']);
    const shown = await host.output([...haven, 'status']);
    assert.match(shown, /VI_1 {2}MASTER {2}VRRPv2 vrid 51 on eth0 from 192\.168\.122\.101/);
    assert.match(shown, /holds 192\.168\.122\.200\/24 on eth0/);
    assert.match(shown, /priority 249 = 244 \+ 5 \(interface ens9 up\)/);
    assert.match(shown, /BACKUP to MASTER: no advertisement from a master in time/);
    const [instance] = JSON.parse(await host.output([...haven, 'status', '--json'])).instances;
    assert.equal(instance.effectivePriority, 249);
    await host.shell('ip link set ens9 down');
    await until('priority 244', async () => /priority 244$/m.test(await host.output([...haven, 'status'])));
  }),
);

test('signals write data, JSON and statistics as Keepalived does', root, () =>
  withPair(async (pair) => {
    const host = pair.lab.host('server1');
    await pair.start('server1', 'haven', configuration);
    await pair.untilHeldBy('192.168.122.200', ['server1']);
    pair.signal('server1', 'SIGUSR1');
    await pair.untilLogged('server1', /Printing VRRP data on \/tmp\/keepalived\.json/);
    const [dump] = JSON.parse(await host.readFile('/tmp/keepalived.json'));
    assert.equal(dump.data.iname, 'VI_1');
    assert.deepEqual(dump.data.vips, ['192.168.122.200/24 dev eth0 scope global set']);
    assert.equal(dump.stats.become_master, 1);
    assert.match(await host.readFile('/tmp/keepalived.data'), /VRRP Instance = VI_1\n(.|\n)*State = MASTER\n/);
    pair.signal('server1', 'SIGUSR2');
    await pair.untilLogged('server1', /Printing VRRP statistics/);
    assert.match(await host.readFile('/tmp/keepalived.stats'), /Became master: 1\n {2}Released master: 0\n/);
    const clear = (await host.output([...haven, '--signum=STATS_CLEAR'])).trim();
    await host.shell(`kill -${clear} "$(cat /run/haven/vrrp.pid)"`);
    const becameMaster = async () =>
      JSON.parse(await host.output([...haven, 'status', '--json'])).instances[0].statistics.becameMaster;
    await until('the statistics are zero', async () => (await becameMaster()) === 0);
  }),
);

test('a second daemon is refused, and the pid file goes with the first', root, () =>
  withPair(async (pair) => {
    const host = pair.lab.host('server1');
    await pair.start('server1', 'haven', configuration);
    await pair.untilHeldBy('192.168.122.200', ['server1']);
    const second = await host.run([...haven, '-n', '-l', '-f', '/etc/keepalived/keepalived.conf']);
    assert.equal(second.code, 108);
    assert.match(second.stderr, /haven: a VRRP daemon is already running/);
    await pair.stop('server1');
    assert.equal((await host.run(['test', '-e', '/run/haven/vrrp.pid'])).code, 1);
  }),
);

test('-t answers with the place and the exit code scripts rely on', root, () =>
  withPair(async (pair) => {
    const host = pair.lab.host('server1');
    const file = '/etc/keepalived/keepalived.conf';
    await host.writeFile(file, configuration);
    assert.equal((await host.run([...haven, '-t', '-f', file])).code, 0);
    await host.writeFile(file, configuration.replace('priority 244', 'priorty 244'));
    const checked = await host.run([...haven, '-t', '-f', file]);
    assert.equal(checked.code, 5);
    assert.match(checked.stderr, /keepalived\.conf: Line 4\) \(VI_1\) Unknown keyword 'priorty'/);
    assert.equal((await host.run([...haven, '-t/run/said', '-f', file])).code, 5);
    assert.equal(await host.readFile('/run/said'), checked.stderr);
  }),
);

test('without -n it goes into the background once all is well, and says what is not', root, () =>
  withPair(async (pair) => {
    const host = pair.lab.host('server1');
    const file = '/etc/keepalived/keepalived.conf';
    const wrong = await host.run([...haven, '-D', '-f', file]);
    assert.equal(wrong.code, 105);
    assert.match(wrong.stderr, /cannot read the configuration file/);
    await host.writeFile(file, configuration);
    await host.output([...haven, '-dDg/run/log', `-f${file}`, '-p', '/run/keepalived.pid']);
    await pair.untilHeldBy('192.168.122.200', ['server1']);
    assert.match(await host.readFile('/run/log'), /VRRP Instance = VI_1\n(.|\n)*Entering MASTER STATE/);
    await host.shell('kill "$(cat /run/keepalived.pid)"');
    await pair.untilHeldBy('192.168.122.200', []);
    await until('the pid file is gone', async () => (await host.run(['test', '-e', '/run/keepalived.pid'])).code === 1);
  }),
);

test('-s: the instances live in the named network namespace, and status finds them', root, () =>
  withPair(async (pair) => {
    const host = pair.lab.host('server1');
    const file = '/etc/keepalived/keepalived.conf';
    await host.writeFile(file, configuration.replace('ens9', 'eth0'));
    await host.shell(`ip netns add inner; ip link set eth0 netns inner; ip -n inner link set eth0 up
      ip -n inner address add 192.168.122.101/24 dev eth0`);
    await host.output([...haven, '-s', 'inner', '-f', file]);
    await until('the address is held inside', async () =>
      (await host.shell('ip -n inner address show eth0')).includes('192.168.122.200/24'),
    );
    assert.match(await host.output([...haven, 'status', '-s', 'inner']), /VI_1 {2}MASTER/);
    await host.shell('kill "$(cat /run/haven/inner/vrrp.pid)"');
    await until(
      'the address is gone',
      async () => !(await host.shell('ip -n inner address show eth0')).includes('192.168.122.200/24'),
    );
  }),
);

test('a daemon in the background that is killed is started again by its guardian', root, () =>
  withPair(async (pair) => {
    const host = pair.lab.host('server1');
    const file = '/etc/keepalived/keepalived.conf';
    const pidFile = '/run/haven/vrrp.pid';
    await host.writeFile(file, configuration);
    await host.output([...haven, '-f', file]);
    await pair.untilHeldBy('192.168.122.200', ['server1']);
    const first = await host.readFile(pidFile);
    // The time in which nobody has it may pass between two looks.
    const watched = '/run/addresses';
    host.spawn(['sh', '-c', `exec ip -o monitor address >${watched}`], { stdio: 'ignore' });
    await until('changes are written', async () => {
      await host.shell('ip address add 192.0.2.1/32 dev lo; ip address delete 192.0.2.1/32 dev lo');
      return (await host.readFile(watched)).includes('192.0.2.1');
    });
    await host.shell(`kill -KILL ${first}`);
    await until('it is taken away, and set again', async () =>
      /Deleted [^\n]*192\.168\.122\.200\/24(.|\n)*^\d[^\n]*192\.168\.122\.200\/24/m.test(await host.readFile(watched)),
    );
    const second = await host.readFile(pidFile);
    assert.notEqual(second, first);
    await pair.untilHeldBy('192.168.122.200', ['server1']);
    await host.shell(`kill ${second}`);
    await pair.untilHeldBy('192.168.122.200', []);
  }),
);

test('no_accept: the address answers for itself and takes nothing, and no rule outlives a killed daemon', root, () =>
  withPair(async (pair) => {
    const [host, client] = pair.hosts;
    const reaches = async () => (await client.run(['ping', '-c1', '-W1', '192.168.122.200'])).code === 0;
    const refusing = configuration.replace('priority 244', 'priority 244\n  no_accept');
    await pair.start('server1', 'haven', refusing);
    await pair.untilHeldBy('192.168.122.200', ['server1']);
    await until('the rules are there', async () =>
      (await host.output(['nft', 'list', 'ruleset'])).includes('haven_vrrp_'),
    );
    await until('the client knows where it is', async () => {
      assert.equal(await reaches(), false);
      return /lladdr/.test(await client.output(['ip', 'neighbour', 'show', '192.168.122.200']));
    });
    await host.writeFile('/etc/keepalived/keepalived.conf', configuration);
    pair.signal('server1', 'SIGHUP');
    await until('the address takes packets', reaches);
    await host.writeFile('/etc/keepalived/keepalived.conf', refusing);
    pair.signal('server1', 'SIGHUP');
    await until('the address refuses packets', async () => !(await reaches()));
    await pair.stop('server1', 'SIGKILL');
    await until('no rule is left', async () => (await host.output(['nft', 'list', 'ruleset'])) === '');
  }),
);

test('routes and rules of a killed daemon go with its addresses', root, () =>
  withPair(async (pair) => {
    const host = pair.lab.host('server1');
    const routed = configuration.replace(
      /}\n$/,
      `  virtual_routes {
    198.51.100.0/24 via 192.168.122.102 dev eth0
  }
  virtual_rules {
    from 192.0.2.0/24 table 100
  }
}
`,
    );
    const shown = () => host.shell('ip route; ip rule');
    const before = await shown();
    await pair.start('server1', 'haven', routed);
    await until('route and rule are set', async () => /198\.51\.100\.0\/24(.|\n)*192\.0\.2\.0\/24/.test(await shown()));
    await pair.stop('server1', 'SIGKILL');
    await pair.untilHeldBy('192.168.122.200', []);
    await until('all is as before', async () => (await shown()) === before);
  }),
);

test('track_src_ip: without its source address the instance is in FAULT', root, () =>
  withPair(async (pair) => {
    const host = pair.lab.host('server1');
    const tracked = configuration.replace('priority 244', 'mcast_src_ip 192.168.122.77\n  track_src_ip');
    await pair.start('server1', 'haven', tracked);
    await pair.untilLogged('server1', /Entering FAULT STATE/);
    await host.shell('ip address add 192.168.122.77/24 dev eth0');
    await pair.untilHeldBy('192.168.122.200', ['server1']);
    await host.shell('ip address del 192.168.122.77/24 dev eth0');
    await pair.untilHeldBy('192.168.122.200', []);
  }),
);

test('unicast_fault_no_peer: without a peer the instance is in FAULT, and a reload that names one ends it', root, () =>
  withPair(async (pair) => {
    const host = pair.lab.host('server1');
    const lonely = configuration.replace(
      'priority 244',
      'priority 244\n  unicast_fault_no_peer\n  unicast_peer {\n  }',
    );
    await pair.start('server1', 'haven', lonely);
    await pair.untilLogged('server1', /Entering FAULT STATE/);
    assert.match(await host.output([...haven, 'status']), /it has no unicast peers/);
    const met = lonely.replace('unicast_peer {', 'unicast_peer {\n 192.168.122.102');
    await host.writeFile('/etc/keepalived/keepalived.conf', met);
    pair.signal('server1', 'SIGHUP');
    await pair.untilHeldBy('192.168.122.200', ['server1']);
  }),
);

test('a killed backup leaves no macvlan behind', root, () =>
  withPair(async (pair) => {
    const [first, second] = pair.hosts;
    const withMac = configuration.replace('ens9 weight 5', 'ens9').replace('priority 244', 'use_vmac\n  priority 244');
    await pair.start('server1', 'haven', withMac);
    await pair.untilHeldBy('192.168.122.200', ['server1']);
    await pair.start('server2', 'haven', withMac.replace('244', '150'));
    await pair.untilLogged('server2', /Entering BACKUP STATE/);
    assert.match(await second.output(['ip', '-br', 'link']), /vrrp\.51/);
    await pair.stop('server2', 'SIGKILL');
    await until('it is gone', async () => !(await second.output(['ip', '-br', 'link'])).includes('vrrp.51'));
    assert.match(await first.output(['ip', '-br', 'link']), /vrrp\.51/);
  }),
);

test(
  'instance, process_names, vrrp_priority and vrrp_rlimit_rttime: as Keepalived names and ranks its process',
  root,
  () =>
    withPair(async (pair) => {
      const host = pair.lab.host('server1');
      const named = `instance abc
global_defs {
  process_names
  vrrp_priority -7
  vrrp_rlimit_rttime 100000
}
${configuration}`;
      await pair.start('server1', 'haven', named);
      await pair.untilHeldBy('192.168.122.200', ['server1']);
      const pid = (await host.readFile('/run/keepalived/keepalived_abc.pid')).trim();
      assert.equal((await host.readFile('/run/keepalived/vrrp_abc.pid')).trim(), pid);
      assert.match(await host.output(['ps', '-o', 'ni=,comm=', '-p', pid]), /^\s*-7 keepalived_vrrp\s*$/);
      assert.match(await host.readFile(`/proc/${pid}/limits`), /Max realtime timeout\s+\d+\s+unlimited/);
      assert.match(await host.output([...haven, 'status', '--instance', 'abc']), /VI_1 {2}MASTER/);
      await pair.stop('server1');
      assert.equal(await host.shell('ls /run/keepalived'), '');
    }),
);
