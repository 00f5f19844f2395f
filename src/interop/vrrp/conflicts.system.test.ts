// What two sides may disagree about without VRRP noticing: who has an address, and how adverts are authenticated. Each is
// told with both sides' values.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Pair, until, withPair } from './pair.ts';

const root = { skip: process.getuid?.() === 0 ? false : 'needs root' };
const whole = {
  skip: root.skip || (process.env.HAVEN_INTEROP === 'whole' ? false : 'runs with: npm run interop -- keepalived'),
};
const status = [process.execPath, join(process.cwd(), 'bin', 'haven'), 'vrrp', 'status'];

function instance(name: string, virtualRouterId: number, more: string): string {
  return `vrrp_instance ${name} {\n interface eth0\n virtual_router_id ${virtualRouterId}\n ${more}\n}\n`;
}

async function macOf(pair: Pair, name: string): Promise<string> {
  return (await pair.lab.host(name).shell('cat /sys/class/net/eth0/address')).trim();
}

test('an address that another host has is told, with both hardware addresses, until it is gone there', root, () =>
  withPair(async (pair) => {
    const [server1, server2] = pair.hosts;
    await server2.shell('ip address add 192.168.122.200/24 dev eth0; ip address add fd00::200/64 dev eth0 nodad');
    const v3 = (addresses: string) => `version 3\n advert_int 0.1\n virtual_ipaddress {\n ${addresses}\n }`;
    await pair.start(
      'server1',
      'haven',
      instance('V4', 51, v3('192.168.122.200/24\n 192.168.122.201/24')) +
        instance('V6', 52, v3('fe80::200/64\n fd00::200/64')),
    );
    const [ours, theirs] = [await macOf(pair, 'server1'), await macOf(pair, 'server2')];
    const told = (name: string, address: string) =>
      new RegExp(
        `\\(${name}\\) address ${address} is in use by another host: ours is ${ours} on eth0, theirs ${theirs}`,
      );
    await pair.untilLogged('server1', told('V4', '192.168.122.200'));
    await pair.untilLogged('server1', told('V6', 'fd00::200'));
    assert.match(await server1.output(status), new RegExp(`conflict: fd00::200 is ${ours} on eth0, and ${theirs}`));
    assert.doesNotMatch(await pair.log('server1'), /address (192\.168\.122\.201|fe80::200) is in use/);
    // It is noticed from any word of the other host, too: here its own question for somebody else.
    await server2.shell('ip address add 192.168.122.201/24 dev eth0; ip neighbour flush all');
    await until('the second address is told', async () => {
      await server2.shell('ip neighbour flush all; ping -c 1 -W 1 -I 192.168.122.201 192.168.122.101 || true');
      return told('V4', '192.168.122.201').test(await pair.log('server1'));
    });
  }),
);

test('an address that this host has already, there or elsewhere, is told with the interface', root, () =>
  withPair(async (pair) => {
    const [server1] = pair.hosts;
    await server1.shell('ip address add 192.168.122.201/24 dev ens9');
    const addresses = ['200', '201'].map((last) => `192.168.122.${last}/24`).join('\n');
    const lines = `version 3\n advert_int 1\n virtual_ipaddress {\n ${addresses}\n }`;
    await pair.start('server1', 'haven', instance('V', 51, lines));
    await pair.untilLogged('server1', /\(V\) Entering BACKUP STATE/);
    await server1.shell('ip address add 192.168.122.200/32 dev eth0');
    await pair.untilLogged('server1', /\(V\) address 192\.168\.122\.200 was on eth0 already, set by somebody else/);
    await pair.untilLogged(
      'server1',
      /\(V\) address 192\.168\.122\.201 is in use on this host: ours is on eth0, and somebody set it on ens9 too/,
    );
    assert.match(await server1.output(status), /conflict: 192\.168\.122\.201 is on eth0, and on ens9 of this host too/);
    await server1.shell('ip address add 192.168.122.200/32 dev ens9');
    await pair.untilLogged('server1', /address 192\.168\.122\.200 is in use on this host: .* on ens9 too/);
    await server1.shell('ip address delete 192.168.122.200/32 dev ens9; ip address delete 192.168.122.201/24 dev ens9');
    await until('no conflict is left', async () => !(await server1.output(status)).includes('conflict'));
  }),
);

test('authentication that differs is told on both sides, with both kinds, or both hashes', whole, () =>
  withPair(async (pair) => {
    const authentication = (kind: string, secret: string) =>
      `virtual_ipaddress {\n 192.168.122.200/24\n }\n authentication {\n auth_type ${kind}\n auth_pass ${secret}\n }`;
    await pair.start('server1', 'haven', instance('V', 51, authentication('AH', '12345')));
    await pair.start('server2', 'haven', instance('V', 51, authentication('AH', '54321')));
    const hashes = /\(V\) IPSEC-AH : invalid IPSEC HMAC-MD5 value [0-9a-f]{24}, expect [0-9a-f]{24}: another auth_pass/;
    await pair.untilLogged('server1', new RegExp(`${hashes.source} \\(from 192\\.168\\.122\\.102\\)`));
    await pair.stop('server2');
    await pair.start('server2', 'haven', instance('V', 51, authentication('PASS', '12345')));
    await pair.untilLogged('server1', /\(V\) received a 1 auth, expecting 2! \(from 192\.168\.122\.102\)/);
    await pair.untilLogged('server2', /\(V\) received a 2 auth, expecting 1! \(from 192\.168\.122\.101\)/);
    assert.equal((await pair.log('server1')).match(/HMAC-MD5/g)?.length, 1, 'told once a minute');
  }),
);
