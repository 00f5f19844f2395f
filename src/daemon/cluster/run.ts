// A cluster daemon as a program: until it is dismissed, or a signal tells it to go.
import { CommandFailure } from '../../kit/index.ts';
import { NodeDaemon, type NodeDaemonOptions } from './node-daemon.ts';

/** Runs until the node is dismissed or told to stop by a signal. */
export async function runNodeDaemon(options: NodeDaemonOptions): Promise<void> {
  const daemon = await NodeDaemon.start(options);
  const { logger, configuration } = options;
  logger.notice(`node of cluster '${configuration.cluster}' is up; API at ${configuration.socket}`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      logger.notice(`${signal}: moving what runs here away, then ending`);
      void daemon.command({ kind: 'stop-node' }, signal);
    });
  }
  const why = await daemon.ended;
  logger.notice(`ending: ${why}`);
  await daemon.stop();
  if (why !== 'nothing runs here any more' && why !== 'left the ring') {
    throw new CommandFailure({ kind: 'failed', what: 'the node ended', why });
  }
}
