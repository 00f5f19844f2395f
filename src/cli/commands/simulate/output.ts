// Writing what can be long, piece by piece: the graph of a large cluster has gigabytes, and need never be in memory whole.
import { once } from 'node:events';
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
    if (cause instanceof CommandFailure) throw cause; // Of what was to be written.
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailure({ kind: 'failed', what: `cannot write ${file}`, why });
  }
}

/** As it was typed, for formats that repeat it. */
export function commandLine(): string {
  return ['haven', ...process.argv.slice(2)].join(' ');
}

/** On standard output, no faster than it is read: what waits is in memory. A reader that has seen enough ends it. */
export async function print(texts: Iterable<string>): Promise<void> {
  try {
    for (const block of blocksOf(texts)) {
      if (!process.stdout.write(block)) await once(process.stdout, 'drain');
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EPIPE') throw cause;
  }
}

/** A text that has all before it written before the next one is asked for. */
export const pause = '';

const blockCharacters = 1 << 16;

/** Fewer and longer pieces. */
function* blocksOf(texts: Iterable<string>): Generator<string> {
  let block = '';
  for (const text of texts) {
    block += text;
    if (text !== pause && block.length < blockCharacters) continue;
    yield block;
    block = '';
  }
  if (block !== '') yield block;
}

function writeWhole(descriptor: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
}
