// bin/precompiled.js has V8 optimise late and little, which pays when the run is over in a second. This takes it back.
import { statSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';

/** The V8 of Node 20 counts bytes of bytecode, later ones calls. */
const countsBytes = process.versions.v8.startsWith('11.');

/** V8's own number. */
const soon = countsBytes ? '--interrupt-budget=67584' : '--invocation-count-for-turbofan=3000';
/** Three times that; but then wholly, as V8 by itself does. */
const later = countsBytes ? '--interrupt-budget=200000' : '--invocation-count-for-turbofan=9000';
const wholly = ['--max-optimized-bytecode-size=61440', '--turbo-inlining'];

/**
 * Of a document of 80 MB it took a fifth of the main thread's time away, and a fifteenth of all; of 30 MB, the same fifth, for as
 * much in all, since V8 optimises in another thread; of 10 MB a run took a fifth more in all. V8's own number was dearer.
 */
const largeBytes = 24 * 1024 * 1024;

/** For many documents in turn: the later ones gain. */
export function optimiseSoon(): void {
  setFlagsFromString(soon);
}

/** As much as the document is worth. */
export function optimiseFor(file: string): void {
  if (sizeOf(file) < largeBytes) return;
  for (const flag of [later, ...wholly]) setFlagsFromString(flag);
}

/** What is no plain file has none; what cannot be read is said by who reads it. */
function sizeOf(file: string): number {
  try {
    return statSync(file === '-' ? '/dev/stdin' : file).size;
  } catch {
    return 0;
  }
}
