// The VRRP worker thread: real-time scheduling where permitted, then the engine, until it is told to stop.
import { parentPort } from 'node:worker_threads';
import { CommandFailure, defined, formatFailure } from '../../kit/index.ts';
import { kernelFailure, setRealTime, settleWatchMethod, workerRoleData } from '../../linux/index.ts';
import { Engine } from './engine.ts';
import type { FromWorker, ToWorker, WorkerStart } from './message.ts';

/** Above every ordinary thread, below the kernel's own real-time threads (50). */
const realTimePriority = 20;

export async function runVrrpWorker(): Promise<void> {
  const port = defined(parentPort, 'the VRRP worker is a worker thread');
  const { configuration, reports } = workerRoleData() as WorkerStart;
  const tell = (message: FromWorker) => port.postMessage(message);
  const scheduled = setRealTime(configuration.global.process.realTimePriority ?? realTimePriority);
  if (!scheduled.ok) tell({ kind: 'log', level: 'warning', message: formatFailure(kernelFailure(scheduled.error)) });
  await settleWatchMethod();
  try {
    const engine = new Engine(configuration, tell);
    port.on('message', (message: ToWorker) => engine.handle(message));
    engine.start(reports);
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    tell({ kind: 'failed', failure: error.failure });
  }
}
