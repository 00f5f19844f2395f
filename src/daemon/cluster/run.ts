// A cluster daemon as a program: until it is dismissed, or a signal tells it to go.
import { CommandFailure } from '../../kit/index.ts';
import { serviceManager, setNiceness } from '../../linux/index.ts';
import { claim } from '../sole.ts';
import { NodeDaemon, type NodeDaemonOptions } from './node-daemon.ts';

/** Decisions and orders go before ordinary work: what they take is little, and an address is out meanwhile. */
const niceness = -10;

/**
 * Runs until the node is dismissed or told to stop by a signal.
 * @throws CommandFailure `exists` when this machine's node runs already, and what `NodeDaemon.start` throws.
 */
export async function runNodeDaemon(options: NodeDaemonOptions): Promise<void> {
  const { socket, stateDirectory } = options.configuration;
  const fix = 'It goes on untouched. See it with: haven status; to start it anew, end it first: haven cluster stop';
  const release = claim({ program: 'haven daemon', socket, stateDirectory, fix });
  try {
    await run(options);
  } finally {
    release();
  }
}

async function run(options: NodeDaemonOptions): Promise<void> {
  // Refused without privilege: then it waits for a processor as everything else does.
  setNiceness(niceness);
  const manager = serviceManager();
  const daemon = await NodeDaemon.start(options);
  const { logger, configuration } = options;
  logger.notice(`node of cluster '${configuration.cluster}' is up; API at ${configuration.socket}`);
  // The daemon is up before there is a quorum: whoever starts the machine must not wait for other machines.
  manager.ready(`node of cluster '${configuration.cluster}'`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      logger.notice(`${signal}: moving what runs here away, then ending`);
      manager.stopping('moving what runs here away');
      void daemon.command({ kind: 'stop-node' }, signal);
    });
  }
  const why = await daemon.ended;
  logger.notice(`ending: ${why}`);
  manager.stopping(why);
  await daemon.stop();
  manager.close();
  if (why !== 'nothing runs here any more' && why !== 'left the ring') {
    throw new CommandFailure({ kind: 'failed', what: 'the node ended', why });
  }
}
