// One document after the other, in a thread that can be stopped when a document takes forever.
import { parentPort, workerData } from 'node:worker_threads';
import { strain, strainedDocument } from './alone.ts';
import { sourcesOf } from './document.ts';

export type AloneSettings = { readonly folder: string; readonly changesMax: number };

export type AloneResult =
  | { readonly kind: 'scheduled' | 'refused'; readonly ms: number; readonly source: string }
  | { readonly kind: 'thrown'; readonly stack: string; readonly source: string; readonly changes: readonly string[] };

const { folder, changesMax }: AloneSettings = workerData;
const sources = sourcesOf(folder);

parentPort?.on('message', (seed: string) => parentPort?.postMessage(resultOf(seed)));

function resultOf(seed: string): AloneResult {
  const { source, changes, xml } = strainedDocument(seed, sources, changesMax);
  const before = performance.now();
  try {
    const kind = strain(xml);
    return { kind, ms: performance.now() - before, source };
  } catch (thrown) {
    const stack = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    return { kind: 'thrown', stack, source, changes };
  }
}
