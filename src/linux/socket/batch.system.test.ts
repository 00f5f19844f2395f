import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { orFail } from '../error.ts';
import { eventually, makeTestPair, type TestPair } from '../testing/pair.ts';
import type { RememberedMessage } from './batch.ts';
import { openUdpSocket } from './udp.ts';

let pair: TestPair;
before(() => {
  pair = makeTestPair();
});
after(() => pair.remove());

test('a batch holds every message in order, and knows one it has seen, varying bytes aside', async (context) => {
  const { left, right } = pair;
  const receiver = orFail(openUdpSocket({ family: 'ipv4', port: 5410, namespace: right.namespace }));
  context.after(() => receiver.close());
  const sender = orFail(openUdpSocket({ family: 'ipv4', port: 5411, namespace: left.namespace }));
  context.after(() => sender.close());
  const sent = Array.from({ length: 100 }, (_, index) => `${String(index % 10)} same`);
  for (const text of sent) orFail(sender.send(Buffer.from(text), { to: { address: right.address, port: 5410 } }));
  const seen: string[] = [];
  const repeats: boolean[] = [];
  let first: RememberedMessage | undefined;
  const listener = {
    onBatch: (batch: Parameters<Parameters<typeof receiver.listenInBatches>[0]['onBatch']>[0]) => {
      for (let place = 0; place < batch.count; place++) {
        const { bytes, source } = batch.message(place);
        seen.push(bytes.toString());
        assert.deepEqual(source, { address: left.address, port: 5411 });
        assert.equal(batch.byteAt(place, 0), bytes[0]);
        assert.equal(batch.byteAt(place, bytes.length), undefined);
        first ??= batch.remember(place);
        assert.ok(batch.isRepeat(place, first, new Set([0])));
        repeats.push(batch.isRepeat(place, first, new Set()));
      }
    },
    onError: () => assert.fail('the socket reports no error'),
  };
  orFail(receiver.listenInBatches(listener));
  await eventually('all arrived', () => seen.length === sent.length);
  assert.deepEqual(seen, sent);
  assert.deepEqual(
    repeats,
    sent.map((text) => text.startsWith('0')),
  );
});
