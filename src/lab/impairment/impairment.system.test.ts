// A bad cable between real hosts: what ping and TCP then see.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLab, type Lab } from '../index.ts';

const root = { skip: process.getuid?.() === 0 ? false : 'needs root' };

async function withPair(use: (lab: Lab) => Promise<void>): Promise<void> {
  const lab = await createLab({ hosts: 2 });
  try {
    await use(lab);
  } finally {
    await lab.down();
  }
}

async function ping(lab: Lab, count: number, answerWithinS = 10) {
  const done = await lab
    .host('node2')
    .run(['ping', '-q', '-i', '0.01', '-W', String(answerWithinS), '-c', String(count), lab.host('node1').address()]);
  const [, received = '0'] = /(\d+) received/.exec(done.stdout) ?? [];
  const [, leastMs = '0'] = /= ([\d.]+)\//.exec(done.stdout) ?? [];
  const [, duplicates = '0'] = /\+(\d+) duplicates/.exec(done.stdout) ?? [];
  return { received: Number(received), leastMs: Number(leastMs), duplicates: Number(duplicates) };
}

test('delay, loss and doubling are what was asked for, and end with repair', root, () =>
  withPair(async (lab) => {
    await lab.impair('node1', { delayMs: 20 });
    // A timer may come a millisecond early, each way.
    const { leastMs } = await ping(lab, 5);
    assert.ok(leastMs >= 38, `${leastMs} ms there and back with 20 ms each way`);
    await lab.impair('node1', { loss: 1, direction: 'in' });
    assert.equal((await ping(lab, 5, 1)).received, 0);
    await lab.impair('node1', { loss: 0.3, seed: 3 });
    const { received } = await ping(lab, 200, 3);
    assert.ok(received > 50 && received < 150, `${received} of 200 pass twice with 0.7 each`);
    await lab.impair('node1', { duplicate: 1, direction: 'out' });
    assert.ok((await ping(lab, 5)).duplicates >= 4);
    await lab.repair('node1');
    const good = await ping(lab, 5);
    assert.deepEqual([good.received, good.duplicates], [5, 0]);
  }),
);

test('TCP over an impaired cable arrives whole, in both families, while cuts and power-off work as ever', root, () =>
  withPair(async (lab) => {
    await lab.impair('node1', { jitterMs: 2, loss: 0.01, reorder: 0.02, duplicate: 0.02 });
    await lab.respond(['node1']);
    for (const family of [4, 6] as const) {
      const probe = await lab.probe('node2', { address: lab.host('node1').address({ family }), ask: 'http' });
      await probe.sees('an answer', (event) => event.kind === 'holder' && event.by === 'node1');
      await lab.cut('node1', { mode: 'silent' });
      await probe.sees('an outage', (event) => event.kind === 'outage-began');
      assert.deepEqual((await lab.hostStatus('node1')).interfaces[0]?.wire, {
        carrier: 'up',
        dropped: 'both',
        bridge: 'link0',
      });
      await lab.heal();
      await probe.sees('its end', (event) => event.kind === 'outage-ended');
      await probe.stop();
    }
    const size = 2_000_000;
    const server = `require('net').createServer((s) => s.end(Buffer.alloc(${size}, 'x'))).listen(7001, '::', () => console.log('ready'))`;
    const serving = lab.host('node1').spawn([process.execPath, '-e', server]);
    await new Promise((resolve) => serving.child.stdout?.once('data', resolve));
    const client = `let n = 0; require('net').connect(7001, '${lab.host('node1').address()}').on('data', (d) => { n += d.length; }).on('end', () => console.log(n))`;
    assert.equal(await lab.host('node2').output([process.execPath, '-e', client]), `${size}\n`);
    await lab.kill('node1');
    await lab.boot('node1');
    assert.equal((await lab.hostStatus('node1')).interfaces[0]?.impaired, false);
    assert.equal((await ping(lab, 3)).received > 0, true);
  }),
);
