import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MalformedMessage, typesOf } from './marshalling.ts';
import { decodeMessage, encodeMessage, type Message, messageLength } from './message.ts';

const changed: Message = {
  type: 'signal',
  serial: 7,
  path: '/unit/web',
  interface: 'org.freedesktop.DBus.Properties',
  member: 'PropertiesChanged',
  signature: 'sa{sv}asb',
  body: ['Unit', [['ActiveState', { signature: 's', value: 'wörking' }]], [], true],
};

test('a message is read as it was written, and tells its length from its first bytes', () => {
  const bytes = encodeMessage(changed);
  assert.deepEqual(decodeMessage(bytes), changed);
  assert.equal(messageLength(bytes.subarray(0, 16)), bytes.length);
  assert.equal(messageLength(bytes.subarray(0, 15)), undefined);
});

test('every message cut short is refused', () => {
  const bytes = encodeMessage(changed);
  for (let end = 16; end < bytes.length; end++) {
    assert.throws(() => decodeMessage(bytes.slice(0, end)), MalformedMessage, `cut after ${end} bytes`);
  }
});

test('a big-endian peer is understood', () => {
  const bytes = [
    0x42, 2, 0, 1, 0, 0, 0, 4, 0, 0, 0, 9, 0, 0, 0, 15, 5, 1, 0x75, 0, 0, 0, 0, 3, 8, 1, 0x67, 0, 1, 0x75, 0,
  ];
  const message = decodeMessage(Uint8Array.from([...bytes, 0, 0, 0, 1, 2]));
  assert.deepEqual(message, { type: 'return', serial: 9, replySerial: 3, signature: 'u', body: [258] });
});

test('signatures are split into whole types, and what is not spoken or never ends is refused', () => {
  assert.deepEqual(typesOf('ua(yv)sa{sv}'), ['u', 'a(yv)', 's', 'a{sv}']);
  for (const wrong of ['(', 'a', 'x', 'a()', '(s']) assert.throws(() => typesOf(wrong), MalformedMessage, wrong);
});
