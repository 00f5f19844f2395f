// The prober against addresses that are moved by hand: what it reports must be what was done.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { monotonicMs } from '../../linux/index.ts';
import { createLab, type Lab, type Question } from '../index.ts';
import { answerWithinDefaultMs } from './options.ts';

const root = { skip: process.getuid?.() === 0 ? false : 'needs root' };
const virtual = '10.77.0.200';
/** Of a responder that is there: it may have to wait for a processor. */
const answerWithinMs = 2000;

async function withTrio(use: (lab: Lab) => Promise<void>): Promise<void> {
  const lab = await createLab({ hosts: ['left', 'right', 'client'] });
  try {
    await lab.respond(['left', 'right']);
    await use(lab);
  } finally {
    await lab.down();
  }
}

const add = (lab: Lab, host: string) =>
  lab
    .host(host)
    .shell(
      `ip addr add ${virtual}/24 dev eth0 && ip addr add fd77::200/64 dev eth0 nodad && arping -c 1 -A -I eth0 ${virtual} >/dev/null`,
    );
const remove = (lab: Lab, host: string) =>
  lab.host(host).shell(`ip addr del ${virtual}/24 dev eth0 && ip addr del fd77::200/64 dev eth0`);

test('left alone, a prober reports no outage, one holder, and an even pace', root, () =>
  withTrio(async (lab) => {
    await add(lab, 'left');
    // Slow enough for a busy client, patient enough for a responder that waits for a processor.
    const probe = await lab.probe('client', { address: virtual, everyMs: 10, answerWithinMs });
    await probe.sees('an answer', (event) => event.kind === 'holder');
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const report = await probe.stop();
    assert.deepEqual(
      report.holdings.map(({ by }) => by),
      ['left'],
    );
    assert.deepEqual(report.outages, []);
    assert.deepEqual(report.arp?.doubles, []);
    assert.ok(report.requests > 20, `${report.requests} requests`);
    assert.ok(report.gapMs.p50 < 50, `a request each ${report.gapMs.p50} ms`);
  }),
);

for (const ask of ['arp', 'udp'] as const) {
  test(`${ask}: an address that moves is out while nobody has it, and the report says from whom to whom`, root, () =>
    withTrio((lab) => moves(lab, ask)),
  );
}

async function moves(lab: Lab, ask: 'arp' | 'udp'): Promise<void> {
  await add(lab, 'left');
  const probe = await lab.probe('client', { address: virtual, ask });
  await probe.sees('the first holder', (event) => event.kind === 'holder' && event.by === 'left');
  const gone = { fromMs: monotonicMs(), byMs: 0 };
  await lab.kill('left');
  gone.byMs = monotonicMs();
  await new Promise((resolve) => setTimeout(resolve, 300));
  const back = { fromMs: monotonicMs(), byMs: 0 };
  await add(lab, 'right');
  await probe.sees('the second holder', (event) => event.kind === 'holder' && event.by === 'right');
  back.byMs = monotonicMs();
  const { outages, gapMs } = await probe.stop();
  // A responder that waits for a processor is an outage, too, but of one host.
  const [outage, ...others] = outages.filter(({ before, after }) => before !== after);
  assert.deepEqual([outage?.before, outage?.after, others], ['left', 'right', []]);
  // A kernel answers at once; what a responder is asked may wait for it, or for the client's kernel to find it.
  const slackMs = gapMs.max + (ask === 'arp' ? 20 : answerWithinDefaultMs);
  const [fromMs, toMs] = [outage?.fromMs ?? 0, outage?.toMs ?? 0];
  assert.ok(fromMs > gone.fromMs - slackMs && fromMs < gone.byMs + slackMs, `${fromMs}: ${JSON.stringify(gone)}`);
  assert.ok(toMs > back.fromMs - slackMs && toMs < back.byMs, `${toMs}: ${JSON.stringify(back)}`);
}

test('two hosts that have the address at once are both named', root, () =>
  withTrio(async (lab) => {
    await add(lab, 'left');
    const probe = await lab.probe('client', { address: virtual, ask: 'arp' });
    await probe.sees('a holder', (event) => event.kind === 'holder');
    await add(lab, 'right');
    const seen = await probe.sees('a double answer', (event) => event.kind === 'double');
    assert.deepEqual(seen.kind === 'double' ? [...seen.by].sort() : [], ['left', 'right']);
    await remove(lab, 'left');
    await probe.sees('the other holder', (event) => event.kind === 'holder' && event.by === 'right');
    const report = await probe.stop();
    assert.deepEqual(report.doubles.at(-1)?.by, ['left', 'right']);
    assert.deepEqual(report.outages, []);
  }),
);

for (const [ask, address] of [
  ['udp', 'fd77::200'],
  ['icmp', virtual],
  ['icmp', 'fd77::200'],
  ['tcp', virtual],
  ['tcp', 'fd77::200'],
  ['http', virtual],
] as const satisfies readonly (readonly [Question, string])[]) {
  test(`${ask} to ${address} is answered by the host that has it, and not while that is off the network`, root, () =>
    withTrio(async (lab) => {
      await add(lab, 'left');
      const probe = await lab.probe('client', { address, ask });
      await probe.sees('the holder', (event) => event.kind === 'holder' && event.by === 'left');
      await lab.cut('left', { mode: 'silent' });
      await probe.sees('the outage', (event) => event.kind === 'outage-began');
      await lab.heal();
      await probe.sees(
        'the end of the outage',
        (event) => event.kind === 'outage-ended' && event.outage.after === 'left',
      );
      await probe.stop();
    }),
  );
}

test('an address to which there is no route is refused in one sentence', root, () =>
  withTrio(async (lab) => {
    await assert.rejects(
      lab.probe('client', { address: '192.168.7.1' }),
      /^CommandFailure: host 'client' has no route to '192.168.7.1'/,
    );
  }),
);
