// Keywords by their effect: Haven does what the file says, and real keepalived with the same file does the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Pair, type Program, peerAvailable, until, withPair } from './pair.ts';

const root = { skip: process.getuid?.() === 0 ? false : 'needs root' };
const isWhole = process.env.HAVEN_INTEROP === 'whole' && peerAvailable;
/** `npm run interop -- keepalived` asks keepalived too. */
const programs: readonly Program[] = isWhole ? ['haven', 'keepalived'] : ['haven'];
const whole = { skip: root.skip || (isWhole ? false : 'runs with: npm run interop -- keepalived') };

const scripts = 'enable_script_security\n script_user root';

function instance(name: string, virtualRouterId: number, lines: string): string {
  return `vrrp_instance ${name} {\n virtual_router_id ${virtualRouterId}\n advert_int 1\n priority 250\n ${lines}\n}\n`;
}

const vip = (last: number, dev = '') => `virtual_ipaddress {\n 192.168.122.${last}/24 ${dev}\n }`;

/** On both hosts; each program begins on hosts that know nothing of the other. */
async function eachProgram(use: (pair: Pair, program: Program) => Promise<void>): Promise<void> {
  for (const program of programs)
    await withPair(async (pair) => {
      try {
        await use(pair, program);
      } catch (error) {
        const log = await pair.log('server1');
        throw new Error(`${program}: ${String(error)}\n${log}`, { cause: error });
      }
    });
}

const wayfaring = `global_defs {
 ${scripts}
 vrrp_version 3
 vrrp_mcast_group4 224.0.0.99
 vrrp_mcast_group6 ff02::99
 dynamic_interfaces
 startup_script "/etc/keepalived/life.sh startup"
 startup_script_timeout 60
 shutdown_script "/etc/keepalived/life.sh shutdown"
 shutdown_script_timeout 60
}
static_ipaddress {
 192.168.122.250/24 dev eth0
}
static_routes {
 198.51.100.0/24 via 192.168.122.102 dev eth0
}
static_rules {
 from 192.0.2.0/24 table 100
}
${instance('GROUP', 60, `interface eth0\n ${vip(200)}`)}
${instance('SIX', 61, 'interface eth0\n native_ipv6\n virtual_ipaddress {\n fe80::61/64\n }')}
${instance('BASE', 62, `interface eth0\n use_vmac\n vmac_xmit_base\n ${vip(202)}`)}
${instance('SOURCE', 63, `interface eth0\n unicast_src_ip 192.168.122.77\n unicast_peer {\n 192.168.122.102\n }\n ${vip(203)}`)}
${instance('LOOSE', 64, `interface ens9\n dont_track_primary\n ${vip(204)}`)}
${instance('LATE', 65, 'interface late0\n virtual_ipaddress {\n 10.9.9.2/24\n }')}
`;

test('groups, sources, macvlans, static addresses, late interfaces and life scripts are as the file says', root, () =>
  eachProgram(async (pair, program) => {
    const [host] = pair.hosts;
    const shown = () => host.shell('ip -br address; ip route; ip rule');
    await host.writeFile('/etc/keepalived/life.sh', '#!/bin/sh\necho "$1" >> /run/life\n');
    await host.shell('chmod 755 /etc/keepalived/life.sh; ip address add 192.168.122.77/24 dev eth0');
    const before = await shown();
    const capture = await pair.capture('server2', 'ip proto 112 or ip6 proto 112');
    await pair.start('server1', program, wayfaring);
    for (const last of [200, 202, 203, 204]) await pair.untilHeldBy(`192.168.122.${last}`, ['server1']);
    await pair.untilHeldBy('fe80::61', ['server1']);
    const during = await shown();
    for (const line of ['192.168.122.250/24', '198.51.100.0/24 via 192.168.122.102', 'from 192.0.2.0/24 lookup 100'])
      assert.ok(during.includes(line), `${line}\n${during}`);
    assert.match(during, /vrrp\.62@eth0 .*192\.168\.122\.202\/24/);
    assert.equal(await host.readFile('/run/life'), 'startup\n');

    await host.shell('ip link set ens9 down');
    await host.shell(
      'ip link add late0 type veth peer name late1; ip link set late1 up; ip address add 10.9.9.1/24 dev late0; ip link set late0 up',
    );
    await pair.untilHeldBy('10.9.9.2', ['server1']);
    assert.match(await pair.log('server1'), /\(LOOSE\) Entering MASTER STATE/);
    assert.doesNotMatch(await pair.log('server1'), /\(LOOSE\) Entering FAULT STATE/);
    await host.shell('ip link set ens9 up');

    await pair.stop('server1');
    await host.shell('ip link delete late0');
    assert.equal(await host.readFile('/run/life'), 'startup\nshutdown\n');
    await until('all is as before', async () => (await shown()) === before);
    const mac = (await host.shell('cat /sys/class/net/eth0/address')).trim();
    const ways = new Set((await capture.end()).flatMap((frame) => wayOf(frame, mac)));
    assert.deepEqual([...ways].sort(), [
      '60 from base 192.168.122.101 to 224.0.0.99',
      '61 from base fe80:: to ff02::99',
      '62 from base 192.168.122.101 to 224.0.0.99',
      '63 from base 192.168.122.77 to 192.168.122.102',
    ]);
  }),
);

test('vrrp_strict: no authentication, and nothing but its owner or `accept` takes packets to an address', root, () =>
  eachProgram(async (pair, program) => {
    const client = pair.lab.host('server2');
    const reaches = async (address: string) => (await client.run(['ping', '-c1', '-W1', address])).code === 0;
    const strict = `global_defs {\n vrrp_strict\n vrrp_version 3\n}\n${instance('CLOSED', 70, `interface eth0\n ${vip(200)}`)}${instance('OPEN', 71, `interface eth0\n accept\n ${vip(201)}`)}`;
    await pair.start('server1', program, strict);
    for (const last of [200, 201]) await pair.untilHeldBy(`192.168.122.${last}`, ['server1']);
    await until('the open address takes packets', () => reaches('192.168.122.201'));
    await until('the client knows where the closed address is', async () => {
      assert.equal(await reaches('192.168.122.200'), false);
      return /lladdr/.test(await client.output(['ip', 'neighbour', 'show', '192.168.122.200']));
    });
  }),
);

test('vrrp_strict: authentication of version 2 is left out of the adverts', whole, () =>
  eachProgram(async (pair, program) => {
    const lines = `interface eth0\n authentication {\n auth_type PASS\n auth_pass 12345\n }\n ${vip(200)}`;
    const capture = await pair.capture('server2', 'ip proto 112');
    await pair.start('server1', program, `global_defs {\n vrrp_strict\n}\n${instance('V', 70, lines)}`);
    await pair.untilHeldBy('192.168.122.200', ['server1']);
    await pair.stop('server1');
    const types = new Set((await capture.end()).map((frame) => Buffer.from(frame, 'hex')[38]));
    assert.deepEqual([...types], [0]);
  }),
);

test('every notify_ script is called for its own change', whole, () =>
  eachProgram(async (pair, program) => {
    const [host] = pair.hosts;
    await host.writeFile('/etc/keepalived/tell.sh', '#!/bin/sh\necho "$@" >> /run/told\n');
    await host.shell('chmod 755 /etc/keepalived/tell.sh');
    const notify = ['master', 'backup', 'fault', 'stop', 'master_rx_lower_pri']
      .map((state) => `notify_${state} "/etc/keepalived/tell.sh ${state}"`)
      .join('\n ');
    const lines = `interface eth0\n track_interface {\n ens9\n }\n ${notify}\n ${vip(200)}`;
    const file = `global_defs {\n ${scripts}\n}\n${instance('V', 51, lines)}`;
    const other = instance('V', 51, `interface eth0\n higher_prio_send_advert\n ${vip(200)}`).replace('250', '100');
    const told = async () => new Set((await host.shell('cat /run/told || true')).trim().split('\n'));
    await pair.start('server1', program, file);
    await pair.untilHeldBy('192.168.122.200', ['server1']);
    await pair.lab.cut('server1', { link: 0, mode: 'silent' });
    await pair.start('server2', 'keepalived', other);
    await pair.untilHeldBy('192.168.122.200', ['server1', 'server2']);
    await pair.lab.heal('server1');
    await until('the lower advert is told', async () => (await told()).has('master_rx_lower_pri'));
    await host.shell('ip link set ens9 down');
    await until('the fault is told', async () => (await told()).has('fault'));
    await pair.stop('server1');
    await until('the stop is told', async () => (await told()).has('stop'));
    assert.deepEqual([...(await told())].sort(), ['backup', 'fault', 'master', 'master_rx_lower_pri', 'stop']);
  }),
);

test('vrrp_min_garp: one announcement of each address, and no second burst', whole, () =>
  eachProgram(async (pair, program) => {
    const capture = await pair.capture('server2', 'arp');
    const file = `global_defs {\n vrrp_min_garp\n}\n${instance('V', 51, `interface eth0\n ${vip(200)}`)}`;
    await pair.start('server1', program, file);
    await pair.untilHeldBy('192.168.122.200', ['server1']);
    // A second burst would come after five seconds.
    await new Promise((resolve) => setTimeout(resolve, 6500));
    const announced = (await capture.end()).filter((frame) => frame.slice(56, 64) === 'c0a87ac8');
    assert.equal(announced.length, 1);
  }),
);

test('vrrp_rt_priority and vrrp_cpu_affinity are those of the VRRP thread', root, () =>
  withPair(async (pair) => {
    const [host] = pair.hosts;
    const globals = 'global_defs {\n vrrp_rt_priority 33\n vrrp_cpu_affinity 0\n}\n';
    await pair.start('server1', 'haven', globals + instance('V', 51, `interface eth0\n ${vip(200)}`));
    await pair.untilHeldBy('192.168.122.200', ['server1']);
    const pid = (await host.readFile('/run/haven/vrrp.pid')).trim();
    const threads = await host.shell(`for t in /proc/${pid}/task/*; do
      echo "$(chrt -p \${t##*/} | tr '\\n' ' ') $(grep Cpus_allowed_list $t/status)"; done`);
    assert.match(threads, /SCHED_RR.*priority: 33 .*Cpus_allowed_list:\s+0$/m);
  }),
);

/** `VRID from MAC-or-base SOURCE to DESTINATION`; of link-local sources the prefix. */
function wayOf(frame: string, baseMac: string): string[] {
  const bytes = Buffer.from(frame, 'hex');
  const from = bytes.subarray(6, 12).toString('hex') === baseMac.replaceAll(':', '') ? 'base' : 'virtual';
  if (bytes.readUInt16BE(12) === 0x0800) {
    const [source, destination] = [bytes.subarray(26, 30).join('.'), bytes.subarray(30, 34).join('.')];
    return [`${bytes[35]} from ${from} ${source} to ${destination}`];
  }
  const destination = bytes
    .subarray(38, 54)
    .toString('hex')
    .replace(/^(....)0+/, '$1::');
  const source = bytes.readUInt16BE(22).toString(16);
  return [`${bytes[55]} from ${from} ${source}:: to ${destination}`];
}
