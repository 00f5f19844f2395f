import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Frees at once what nobody refers to any more. V8 by itself lets a heap of hundreds of megabytes grow to several times
 * its size before it looks again. The look costs as much as what is left is large, so this is for the moment when little is;
 * a small heap is let be.
 */
export function freeUnused(): void {
  if (process.memoryUsage().heapUsed < worthwhileBytes) return;
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
}

const worthwhileBytes = 256 * 1024 * 1024;
