// `haven ring run`: a ring by itself, from a corosync.conf or from names, addresses and a key, until it is told to stop.
import { readFileSync } from 'node:fs';
import { CommandFailure, formatDiagnostic, type Logger } from '../../kit/index.ts';
import {
  type Keyring,
  RingEngine,
  type RingSettings,
  type RingStatus,
  readCorosyncConf,
  ringOfCorosyncConf,
  ringOfDescription,
  sealedBy,
  thisMachine,
} from '../../membership/index.ts';
import { type RingRequest, serveControl } from './control-socket.ts';
import { rolled } from './keys.ts';

export type RingSource =
  | { readonly kind: 'corosync-conf'; readonly file: string }
  | {
      readonly kind: 'nodes';
      readonly clusterName: string;
      readonly nodes: readonly { readonly name: string; readonly addresses: readonly string[] }[];
      readonly security: 'sealed' | 'plain';
    };

export type RingDaemonOptions = {
  readonly source: RingSource;
  /** Overrides where the key is looked for. */
  readonly authkeyFile?: string;
  readonly stateDirectory?: string;
  readonly socketPath: string;
  readonly logger: Logger;
};

export const ringSocketPath = '/run/haven/ring.sock';

/** Runs until SIGTERM or SIGINT, or until the ring ends. @throws CommandFailure when it cannot start, or is thrown out. */
export async function runRingDaemon(options: RingDaemonOptions): Promise<void> {
  const { logger } = options;
  const settings = ringSettings(options);
  const engine = await RingEngine.start(settings, { logger });
  const closed = new Promise<string>((resolve) => {
    engine.subscribe((event) => {
      if (event.kind === 'closed') resolve(event.reason);
      else if (event.kind === 'configuration') {
        const { ringId, members, joined, left } = event;
        const changes = `${joined.length > 0 ? ` joined: ${joined.join(' ')}` : ''}${left.length > 0 ? ` left: ${left.join(' ')}` : ''}`;
        logger.info(`ring ${ringId.representative}.${ringId.seq.toString(16)}: members ${members.join(' ')}${changes}`);
      }
    });
  });
  const server = await serveControl(options.socketPath, commandsOf(engine, settings, logger));
  const leave = () => void engine.leave();
  process.once('SIGTERM', leave);
  process.once('SIGINT', leave);
  logger.info(
    `ring '${settings.clusterName}': node ${settings.nodeId} at ${settings.links.map(({ address, port }) => `${address}:${port}`).join(', ')}, ${settings.security.kind}`,
  );
  const reason = await closed;
  server.close();
  if (reason !== 'left the ring') throw new CommandFailure({ kind: 'failed', what: `the ring ended: ${reason}` });
  logger.info('left the ring');
}

function commandsOf(
  engine: RingEngine,
  { security }: RingSettings,
  logger: Logger,
): (request: RingRequest) => Promise<RingStatus> {
  let keyring: Keyring | undefined = security.kind === 'sealed' ? security : undefined;
  return async (request) => {
    const status = await engine.status();
    if (request.kind === 'status') return status;
    if (keyring === undefined) {
      throw new CommandFailure({ kind: 'config', what: 'this ring has no key: its datagrams are not sealed' });
    }
    keyring = rolled(keyring, request, status);
    engine.setKeys(keyring);
    logger.notice(`key ${request.verb} ${request.file}: sends with key ${keyring.activeKeyId}`);
    return engine.status();
  };
}

/** @throws CommandFailure `config` and others, with what to correct. */
export function ringSettings(options: Omit<RingDaemonOptions, 'socketPath'>): RingSettings {
  const settings = settingsOf(options);
  return options.stateDirectory === undefined ? settings : { ...settings, stateDirectory: options.stateDirectory };
}

function settingsOf({ source, authkeyFile, logger }: Omit<RingDaemonOptions, 'socketPath'>): RingSettings {
  if (source.kind === 'nodes') {
    const security = source.security === 'plain' ? ({ kind: 'plain' } as const) : sealedBy(authkeyFile);
    return ringOfDescription({ clusterName: source.clusterName, nodes: source.nodes, security });
  }
  const { config, fault, diagnostics } = readCorosyncConf(readConfiguration(source.file), source.file, thisMachine());
  for (const diagnostic of diagnostics) {
    if (diagnostic.severity !== 'error') logger.warning(formatDiagnostic(diagnostic));
  }
  if (config === undefined) {
    const error = diagnostics.find(({ severity }) => severity === 'error');
    const what = error === undefined ? `${source.file}: ${fault}` : formatDiagnostic(error);
    throw new CommandFailure({ kind: 'config', what, fix: `See also: haven ring check-conf -f ${source.file}` });
  }
  if (!config.secure) logger.warning(`${source.file} asks for no encryption: datagrams of this ring are not sealed`);
  return ringOfCorosyncConf(config, config.secure ? sealedBy(authkeyFile ?? config.keyFile) : { kind: 'plain' });
}

function readConfiguration(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    const what = `cannot read the configuration file ${file}`;
    const why = (thrown as Error).message;
    const fix = 'Give its path with -f FILE, or describe the ring with --cluster NAME and --node NAME=ADDRESS';
    throw new CommandFailure({ kind: 'not-found', what, why, fix });
  }
}
