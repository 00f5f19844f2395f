// What instances track, on real hosts, with real keepalived as the other router: the article's scripts, files and
// processes, and a BFD session between the two programs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Pair, peerAvailable, until, withPair } from './pair.ts';

const withPeer = {
  skip: process.getuid?.() !== 0 ? 'needs root' : peerAvailable ? false : 'needs the Debian package keepalived',
};

const address = '192.168.122.200';
const globals = 'global_defs {\n enable_script_security\n script_user root\n}\n';

function instance(priority: number, more: string): string {
  return `vrrp_instance VI_1 {
  state MASTER
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

const tracked = `${globals}
vrrp_track_process track_apache {
  process httpd
  weight 10
}
track_file track_app_file {
  file /run/vrrp_track_file
}
vrrp_script keepalived_check {
  script "/etc/keepalived/check.sh"
  interval 1
  timeout 5
  rise 3
  fall 3
}
${instance(
  236,
  ` track_process {
  track_apache
 }
 track_file {
  track_app_file weight 1
 }
 track_script {
  keepalived_check
 }
 notify "/etc/keepalived/notify.sh"`,
)}`;

test('scripts, files and processes of the article: the priorities, the states and the status strings', withPeer, () =>
  withPair(async (pair) => {
    const host = pair.lab.host('server1');
    await host.writeFile('/etc/keepalived/check.sh', '#!/bin/sh\n[ ! -e /run/fail ]\n');
    await host.writeFile(
      '/etc/keepalived/notify.sh',
      '#!/bin/bash\necho "$1 $2 has transitioned to the $3 state with a priority of $4" >> /run/keepalived_status\n',
    );
    await host.shell('chmod 755 /etc/keepalived/*.sh; cp /bin/sleep /run/httpd');
    const httpd = () => host.spawn(['/run/httpd', '1000'], { stdio: 'ignore' });
    let running = httpd();
    await pair.start('server2', 'keepalived', instance(243, ''));
    await pair.start('server1', 'haven', tracked);
    await pair.untilHeldBy(address, ['server1']);

    running.signal('SIGKILL');
    await pair.untilLogged('server1', /Quorum lost for tracked process track_apache/);
    await pair.untilLogged('server1', /Changing effective priority from 246 to 236/);
    await pair.untilHeldBy(address, ['server2']);
    running = httpd();
    await pair.untilHeldBy(address, ['server1']);

    await host.shell('echo 5 > /run/vrrp_track_file');
    await pair.untilLogged('server1', /Changing effective priority from 246 to 251/);
    await host.shell('echo -300 > /run/vrrp_track_file');
    await pair.untilHeldBy(address, ['server2']);
    await host.shell('rm /run/vrrp_track_file');
    await pair.untilHeldBy(address, ['server1']);

    await host.shell('touch /run/fail');
    await pair.untilLogged('server1', /VRRP_Script\(keepalived_check\) failed \(exited with status 1\)/);
    await pair.untilHeldBy(address, ['server2']);
    await host.shell('rm /run/fail');
    await pair.untilHeldBy(address, ['server1']);

    await pair.stop('server1');
    const status = (await host.readFile('/run/keepalived_status')).trimEnd().split('\n');
    const states = status.map(
      (line) => /^INSTANCE VI_1 has transitioned to the (\w+) state with a priority of \d+$/.exec(line)?.[1],
    );
    assert.deepEqual(states, [
      ...['BACKUP', 'MASTER', 'BACKUP', 'MASTER'],
      ...['FAULT', 'BACKUP', 'MASTER'],
      ...['FAULT', 'BACKUP', 'MASTER', 'STOP'],
    ]);
    running.signal('SIGKILL');
  }),
);

test('a BFD session between the two programs: up on both, down when the other is gone', withPeer, () =>
  withPair(async (pair) => {
    const bfd = (own: number, other: number): string => `${globals}
bfd_instance b {
  source_ip 192.168.122.${own}
  neighbor_ip 192.168.122.${other}
  min_rx 100
  min_tx 100
  multiplier 5
}
${instance(own, ' track_bfd {\n  b weight 5\n }')}`;
    await pair.start('server1', 'haven', bfd(101, 102));
    await pair.start('server2', 'keepalived', bfd(102, 101));
    await pair.untilLogged('server1', /BFD_Instance\(b\) Entering UP state/);
    await pair.untilLogged('server1', /Changing effective priority from 101 to 106/);
    await pair.untilLogged('server2', /Tracked BFD instance b is UP/);
    await pair.stop('server2');
    await pair.untilLogged('server1', /Changing effective priority from 106 to 101/);
    await pair.start('server2', 'keepalived', bfd(102, 101));
    await untilCount(pair, /BFD_Instance\(b\) Entering UP state/g, 2);
    await pair.lab.cut('server2', { link: 0 });
    await pair.untilLogged('server1', /Entering DOWN state \(detection time expired\)/);
  }),
);

async function untilCount(pair: Pair, pattern: RegExp, count: number): Promise<void> {
  await until(
    `${count} times ${pattern}`,
    async () => ((await pair.log('server1')).match(pattern) ?? []).length >= count,
  );
}
