// `npm run sim -- fuzz [--seed S] [--datagrams N] [--captured FOLDER]`
//
// Feeds N mutated datagrams, half of them to a plain ring and half to a sealed one. FOLDER has captured ones to mutate besides
// the ring's own: .jsonl files, an object with `hex` per line. Says how much the heap has grown, and fails when it was much.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { fuzz, type Security } from '../ring.ts';

const megabyte = 2 ** 20;
/** What a ring holds at any time varies by so much: a full window of messages and a few unfinished ones. */
const growthBytesMax = 32 * megabyte;

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: { seed: { type: 'string' }, datagrams: { type: 'string' }, captured: { type: 'string' } },
});
const seed = values.seed ?? String(Date.now());
const datagrams = Number(values.datagrams ?? 1_000_000);
if (!Number.isInteger(datagrams) || datagrams < 2) throw new Error(`--datagrams ${values.datagrams}: a whole number`);
const captured = values.captured === undefined ? [] : readCaptured(values.captured);
setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');
for (const security of ['plain', 'sealed'] as const) run(security);

function run(security: Security): void {
  const startedMs = performance.now();
  const sizes: number[] = [];
  let bursts = 0;
  const onBurst = (): void => {
    if (bursts++ % 50 === 0) sizes.push(heapBytes());
  };
  const verdict = fuzz({ seed, security, datagrams: Math.ceil(datagrams / 2), captured, onBurst });
  sizes.push(heapBytes());
  const grown = Math.max(0, (sizes.at(-1) ?? 0) - (sizes[Math.min(1, sizes.length - 1)] ?? 0));
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  const hours = (verdict.virtualMs / 3_600_000).toFixed(2);
  console.log(
    `${security}: ${verdict.datagrams} mutated datagrams, ${hours} virtual hours in ${seconds} s, ${verdict.rings} rings installed, ` +
      `${verdict.delivered} messages delivered, heap grown by ${(grown / megabyte).toFixed(1)} MiB`,
  );
  for (const violation of verdict.violations) console.log(`  ${violation}`);
  if (grown > growthBytesMax) console.log(`  memory: more than ${growthBytesMax / megabyte} MiB`);
  if (verdict.violations.length > 0 || grown > growthBytesMax) process.exitCode = 1;
}

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
}

function readCaptured(folder: string): Uint8Array[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'))
    .map((line) => Uint8Array.from(Buffer.from((JSON.parse(line) as { hex: string }).hex, 'hex')));
}
