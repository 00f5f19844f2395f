// The whole of it on a real peer: five hosts, keepalived on two of them, its address moved by a power-off; what the prober
// reports must agree with what a capture of the switch shows.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { type CapturedFrame, createLab, type Lab } from './index.ts';

const skip =
  process.getuid?.() !== 0 ? 'needs root' : existsSync('/usr/sbin/keepalived') ? false : 'needs the package keepalived';
const virtual = '10.77.0.200';
/** Two advertisements a second: they may be late by a second and more, on a busy machine, before the other takes over. */
const configuration = (priority: number) => `
vrrp_instance VI_1 {
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority ${priority}
  advert_int 0.5
  version 3
  virtual_ipaddress { ${virtual}/24 }
}
`;
const [VRRP, ECHO_PORT] = [112, 7007];

async function startKeepalived(lab: Lab, host: string, priority: number): Promise<void> {
  await lab.host(host).writeFile('/etc/keepalived/keepalived.conf', configuration(priority));
  await lab.onBoot(host, 'keepalived --dont-fork --log-console --vrrp\n');
  await lab.kill(host);
  await lab.boot(host);
}

test('the prober and a capture tell the same of a failover of real keepalived', { skip }, async () => {
  const lab = await createLab({ hosts: ['server1', 'server2', 'other1', 'other2', 'client'] });
  try {
    await lab.respond(['server1', 'server2']);
    await startKeepalived(lab, 'server1', 200);
    await startKeepalived(lab, 'server2', 100);
    const capture = await lab.capture(
      { link: 0 },
      { filter: `proto ${VRRP} or (udp port ${ECHO_PORT} and host ${virtual})` },
    );
    const probe = await lab.probe('client', { address: virtual });
    await probe.sees('server1', (event) => event.kind === 'holder' && event.by === 'server1');
    await lab.kill('server1');
    await probe.sees('server2', (event) => event.kind === 'holder' && event.by === 'server2');
    const report = await probe.stop();
    const frames = await capture.stop();

    assert.deepEqual(
      report.holdings.slice(-2).map(({ by }) => by),
      ['server1', 'server2'],
    );
    assert.deepEqual(report.arp?.doubles, []);
    // So is the time before the first has the address, and a responder that waits for a processor; but nothing moves then.
    const [outage, ...others] = report.outages.filter(({ before, after }) => before !== undefined && before !== after);
    assert.deepEqual([outage?.before, outage?.after, others], ['server1', 'server2', []]);

    const macOf = (host: string) => lab.host(host).plan.interfaces[0]?.mac;
    const outageMs = outage?.durationMs ?? 0;
    const silenceMs = silenceOf(frames, macOf('server1'), macOf('server2'));
    assert.ok(Math.abs(outageMs - silenceMs) < 5 + report.gapMs.max, `prober ${outageMs} ms, capture ${silenceMs} ms`);

    // Three advertisements and the skew of priority 100: (256 - 100) / 256 of one.
    const adverts = frames.filter(
      ({ ip }) => ip?.protocol === VRRP && ip.hopLimit === 255 && ip.destination === '224.0.0.18',
    );
    const lastOfFirst = adverts.filter(({ source }) => source === macOf('server1')).at(-1)?.epochMs ?? 0;
    const firstOfSecond =
      adverts.find(({ source, epochMs }) => source === macOf('server2') && epochMs > lastOfFirst)?.epochMs ?? 0;
    assert.ok(firstOfSecond - lastOfFirst >= 1500, `${firstOfSecond - lastOfFirst} ms`);
    console.log(
      `5 hosts, failover of keepalived: prober ${Math.round(outageMs)} ms, capture ${Math.round(silenceMs)} ms`,
    );
  } finally {
    await lab.down();
  }
});

/** On the wire: from the first echo request after those that one host answered to the first that the other answered. */
function silenceOf(frames: readonly CapturedFrame[], one: string | undefined, other: string | undefined): number {
  const echoes = frames.flatMap(({ epochMs, source, ip }) => {
    if (ip?.ports === undefined) return [];
    return [{ epochMs, source, number: ip.payload.readUInt32BE(8), isRequest: ip.destination === virtual }];
  });
  const requests = echoes.filter(({ isRequest }) => isRequest);
  const answers = new Map(echoes.filter(({ isRequest }) => !isRequest).map(({ number, source }) => [number, source]));
  const answeredBy = requests.map(({ number }) => answers.get(number));
  const [from, to] = [requests[answeredBy.lastIndexOf(one) + 1], requests[answeredBy.indexOf(other)]];
  return (to?.epochMs ?? 0) - (from?.epochMs ?? 0);
}
