// `haven ring run`: a ring by itself, from a corosync.conf or from names, addresses and a key, until it is told to stop.
import { CommandFailure, type Logger } from '../../kit/index.ts';
import { RingEngine } from '../../membership/index.ts';
import { claim } from '../sole.ts';
import { type RingOptions, readRing } from './configuration.ts';
import { serveControl } from './control-socket.ts';
import { RingLog } from './log.ts';
import { RunningRing } from './running-ring.ts';

export type RingDaemonOptions = RingOptions & {
  readonly socketPath: string;
  /** What standard error gets. */
  readonly logger: Logger;
};

export const ringSocketPath = '/run/haven/ring.sock';

/** Runs until SIGTERM or SIGINT, or until the ring ends; SIGHUP reloads. @throws CommandFailure when it cannot start, or is thrown out. */
export async function runRingDaemon(options: RingDaemonOptions): Promise<void> {
  const fix =
    'See it with: haven ring status. Another one beside it needs a --socket, a --state-dir and a port of its own';
  const release = claim({ program: 'haven ring run', socket: options.socketPath, fix });
  try {
    await run(options);
  } finally {
    release();
  }
}

async function run(options: RingDaemonOptions): Promise<void> {
  const log = new RingLog(options.logger);
  const { logger } = log;
  const current = readRing(options);
  const { settings } = current;
  if (current.logging !== undefined) log.follow(current.logging);
  for (const warning of current.warnings) logger.warning(warning);
  let running: RunningRing | undefined;
  const engine = await RingEngine.start(settings, { logger, onReload: () => running?.reload() });
  running = new RunningRing(engine, { options, current, log });
  const closed = told(engine, logger);
  const server = await serveControl(options.socketPath, (request) => running.obey(request));
  const leave = () => void engine.leave();
  process.once('SIGTERM', leave);
  process.once('SIGINT', leave);
  const reload = () => running.reload();
  process.on('SIGHUP', reload);
  const endpoints = settings.links.map(({ address, port }) => `${address}:${port}`).join(', ');
  logger.info(`ring '${settings.clusterName}': node ${settings.nodeId} at ${endpoints}, ${settings.security.kind}`);
  const reason = await closed;
  server.close();
  process.off('SIGHUP', reload);
  if (reason !== 'left the ring') throw new CommandFailure({ kind: 'failed', what: `the ring ended: ${reason}` });
  logger.info('left the ring');
  log.close();
}

/** Logs each ring; resolves with the reason when the last has ended. */
function told(engine: RingEngine, logger: Logger): Promise<string> {
  return new Promise((resolve) => {
    engine.subscribe((event) => {
      if (event.kind === 'closed') return resolve(event.reason);
      if (event.kind !== 'configuration') return;
      const { ringId, members, joined, left } = event;
      const list = (name: string, nodeIds: readonly number[]) =>
        nodeIds.length > 0 ? ` ${name}: ${nodeIds.join(' ')}` : '';
      const changes = `${list('joined', joined)}${list('left', left)}`;
      logger.info(`ring ${ringId.representative}.${ringId.seq.toString(16)}: members ${members.join(' ')}${changes}`);
    });
  });
}
