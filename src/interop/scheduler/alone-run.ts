// Many strained documents, each with a limit on its time.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { AloneResult, AloneSettings } from './alone-worker.ts';

/** Far beyond what the largest document of the suite takes on a busy machine. */
const documentMsMax = 30_000;
const slowestShown = 5;

/** Tells every document that made Haven throw or that it did not finish; answers how many these were. */
export async function runAlone(
  seeds: readonly string[],
  settings: AloneSettings,
  tell: (line: string) => void,
): Promise<number> {
  const counts = { scheduled: 0, refused: 0, thrown: 0, endless: 0 };
  const slowest: { readonly seed: string; readonly ms: number; readonly source: string }[] = [];
  let worker = startWorker(settings);
  for (const seed of seeds) {
    worker.postMessage(seed);
    const result = await resultWithin(worker);
    counts[result?.kind ?? 'endless']++;
    if (result === undefined) {
      tell(`ENDLESS ${seed}: more than ${documentMsMax} ms`);
      await worker.terminate();
      worker = startWorker(settings);
    } else if (result.kind === 'thrown') {
      tell(`THROWN ${seed}, ${result.source}\n  ${result.changes.join('\n  ')}\n${result.stack}`);
    } else {
      slowest.push({ seed, ms: result.ms, source: result.source });
      slowest.sort((one, other) => other.ms - one.ms).splice(slowestShown);
    }
  }
  await worker.terminate();
  tell(
    Object.entries(counts)
      .map(([kind, count]) => `${count} ${kind}`)
      .join(', '),
  );
  for (const { seed, ms, source } of slowest) tell(`  ${ms.toFixed(0)} ms for ${seed}, ${source}`);
  return counts.thrown + counts.endless;
}

function startWorker(settings: AloneSettings): Worker {
  return new Worker(new URL('./alone-worker.js', import.meta.url), { workerData: settings });
}

async function resultWithin(worker: Worker): Promise<AloneResult | undefined> {
  const limit = AbortSignal.timeout(documentMsMax);
  try {
    const [result]: AloneResult[] = await once(worker, 'message', { signal: limit });
    return result;
  } catch (thrown) {
    if (limit.aborted) return undefined;
    throw thrown;
  }
}
