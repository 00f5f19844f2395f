// Writing what can be long, piece by piece: the graph of a large cluster has gigabytes, and need never be in memory whole.
import { closeSync, openSync, writeSync } from 'node:fs';
import { CommandFailure } from '../../../kit/index.ts';

/** @throws CommandFailure when the file cannot be written */
export function save(file: string, texts: Iterable<string>): void {
  try {
    const descriptor = openSync(file, 'w');
    try {
      for (const block of blocksOf(texts)) writeWhole(descriptor, Buffer.from(block));
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    throw new CommandFailure({ kind: 'failed', what: `cannot write ${file}`, why: String(cause) });
  }
}

/** On standard output. */
export function print(texts: Iterable<string>): void {
  for (const block of blocksOf(texts)) process.stdout.write(block);
}

const blockCharacters = 1 << 16;

/** Fewer and longer pieces. */
function* blocksOf(texts: Iterable<string>): Generator<string> {
  let block = '';
  for (const text of texts) {
    block += text;
    if (block.length < blockCharacters) continue;
    yield block;
    block = '';
  }
  if (block !== '') yield block;
}

function writeWhole(descriptor: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
}
