// The VRRP worker thread: real-time scheduling where permitted, then the engine, until it is told to stop.
import { parentPort } from 'node:worker_threads';
import { Guard } from '../../guardian/index.ts';
import { CommandFailure, defined, formatFailure, loggerOf } from '../../kit/index.ts';
import {
  type KernelResult,
  kernelFailure,
  setProcessors,
  setRealTime,
  settleWatchMethod,
  workerRoleData,
} from '../../linux/index.ts';
import { Engine } from './engine.ts';
import type { FromWorker, ToWorker, WorkerStart } from './message.ts';
import { restartLimits } from './restart.ts';

/** Above every ordinary thread, below the kernel's own real-time threads (50). */
const realTimePriority = 20;

const lookMs = 20;
/**
 * A thread that has slept or spun for this long is given up on, so that its addresses are off within 100 ms: three missed
 * looks of the guardian and some more than a collection of its heap takes. One that only waits has more time.
 */
const hungMs = 75;
const starvedMs = 5000;

export async function runVrrpWorker(): Promise<void> {
  const port = defined(parentPort, 'the VRRP worker is a worker thread');
  const { configuration, reports, restartWords } = workerRoleData() as WorkerStart;
  const logger = loggerOf((level, message) => port.postMessage({ kind: 'log', level, message } satisfies FromWorker));
  const restart = restartWords === undefined ? {} : { restart: { argv: restartWords, ...restartLimits } };
  const { realTimePriority: priority = realTimePriority, processors } = configuration.global.process;
  const guard = new Guard({ lookMs, hungMs, starvedMs, ...restart }, logger);
  const tell = (message: FromWorker) => {
    if (message.kind === 'stopped') guard.release().then(() => port.postMessage(message));
    else port.postMessage(message);
  };
  const complain = (done: KernelResult<void>) => {
    if (!done.ok) tell({ kind: 'log', level: 'warning', message: formatFailure(kernelFailure(done.error)) });
  };
  complain(setRealTime(priority));
  await settleWatchMethod();
  try {
    await guard.start();
    // After the guardian was started, which would inherit it.
    if (processors.length > 0) complain(setProcessors(processors));
    const engine = new Engine(configuration, {
      tell,
      pledge: (pledge) => guard.pledge(pledge),
      alive: () => guard.alive(),
    });
    port.on('message', (message: ToWorker) => engine.handle(message));
    engine.start(reports);
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    await guard.release();
    tell({ kind: 'failed', failure: error.failure });
  }
}
