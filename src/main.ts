// The program's only entry: the command line on the main thread, a named role in a worker thread.
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  const { runCommandLine } = await import('./cli/index.ts');
  await runCommandLine(process.argv.slice(2));
} else {
  const { runWorker } = await import('./daemon/workers.ts');
  await runWorker();
}
