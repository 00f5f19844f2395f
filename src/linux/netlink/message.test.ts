import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { attribute, decodeAttributes, decodeMessages, encodeMessage, nested, nestedAttributes } from './message.ts';

const value = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));

test('messages and attributes are the same after encoding and decoding, padding or not', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 200 })), fc.array(value), (types, values) => {
      const pairs = types
        .slice(0, values.length)
        .map((type, index) => [type, values[index] ?? Buffer.alloc(0)] as const);
      const body = Buffer.concat(pairs.map(([type, bytes]) => attribute(type, bytes)));
      const message = { type: 20, flags: 5, sequence: 7, body };
      assert.deepEqual(decodeMessages(Buffer.concat([encodeMessage(message), encodeMessage(message)])), [
        message,
        message,
      ]);
      assert.deepEqual([...decodeAttributes(body)], pairs);
      assert.deepEqual([...nestedAttributes(decodeAttributes(nested(9, body)), 9)], pairs);
    }),
  );
});

test('no bytes make the readers fail or run on', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const buffer = Buffer.from(bytes);
      assert.ok(decodeMessages(buffer).length <= buffer.length / 16);
      assert.ok(decodeAttributes(buffer).size <= buffer.length / 4);
    }),
  );
});
