// `haven vrrp`: reads keepalived.conf, starts the VRRP worker, and stays in charge of it until it is told to stop.
import { CommandFailure, formatDuration, type Logger } from '../../kit/index.ts';
import { serviceManager } from '../../linux/index.ts';
import {
  formatFinding,
  hostSurroundings,
  Mailer,
  Notifier,
  parseConfiguration,
  type VrrpConfiguration,
} from '../../vrrp/index.ts';
import { runLifeScript } from './life-script.ts';
import { claimPidFiles, logDump, startOperations } from './operations.ts';
import { PacketFilter } from './packet-filter.ts';
import { applyProcessOptions } from './process-options.ts';
import { promoteSecondaries } from './secondaries.ts';
import { VrrpSupervisor } from './supervisor.ts';
import { TrackerSet } from './trackers/tracker-set.ts';

export type VrrpDaemonOptions = {
  readonly file: string;
  /** `-i`: what `@NAME` lines are compared with. */
  readonly configId: string | undefined;
  readonly pidFiles: readonly string[];
  /** Where `haven vrrp status` asks. */
  readonly statusSocket: string;
  /** The file is read, the pid files are ours: what can be wrong with the call itself is not. */
  readonly onStarted?: () => void;
  /** `-d`: log the instances as SIGUSR1 would write them. */
  readonly dumpAtStart: boolean;
  /** The command that starts this daemon again, for the guardian; undefined: a service manager does. */
  readonly restartWords: readonly string[] | undefined;
  readonly logger: Logger;
};

/** Runs until SIGTERM or SIGINT. @throws CommandFailure when the file cannot be read or the kernel refuses. */
export async function runVrrpDaemon(options: VrrpDaemonOptions): Promise<void> {
  const { logger } = options;
  const startedMs = performance.now();
  logger.info('Starting Haven VRRP');
  const configuration = readConfiguration(options);
  const releasePidFiles = claimPidFiles(options.pidFiles, logger);
  options.onStarted?.();
  try {
    await runWith(configuration, options);
  } finally {
    releasePidFiles();
  }
  logger.info(`Stopped Haven VRRP after ${formatDuration(performance.now() - startedMs)}`);
}

async function runWith(configuration: VrrpConfiguration, options: VrrpDaemonOptions): Promise<void> {
  const { logger } = options;
  const { startupScript, shutdownScript, scriptUser } = configuration.global;
  const manager = serviceManager();
  const endProcessOptions = applyProcessOptions(configuration.global.process, logger);
  await runLifeScript(startupScript, scriptUser, logger);
  const log = (level: 'warning' | 'info' | 'detail', message: string) =>
    logger[level === 'detail' ? 'debug' : level](message);
  const notifier = new Notifier(configuration, log);
  const mailer = new Mailer(configuration, log);
  let supervisor: VrrpSupervisor | undefined;
  const trackers = new TrackerSet(configuration, {
    onNews: (news) => supervisor?.tracker(news),
    log: (level, message) => logger[level](message),
  });
  supervisor = new VrrpSupervisor(configuration, trackers.reports(), {
    logger,
    onNotify: (notification) => {
      notifier.notify(notification);
      mailer.notify(notification);
    },
    restartWords: options.restartWords,
    onHeld: () => {},
  });
  const restoreSecondaries = promoteSecondaries(configuration, logger);
  const filter = new PacketFilter(logger);
  filter.apply(configuration);
  const parts: Parts = { configuration, supervisor, trackers, notifier, mailer, filter };
  const operations = {
    supervisor,
    configuration: () => parts.configuration,
    statusSocket: options.statusSocket,
    logger,
  };
  const endOperations = startOperations(operations);
  if (options.dumpAtStart) void logDump(operations);
  const stop = () => {
    manager.stopping('gives up its addresses');
    parts.supervisor.stop();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  process.on('SIGHUP', () => {
    manager.reloading();
    reload(options, parts);
    manager.ready(servingText(parts.configuration));
  });
  manager.ready(servingText(configuration));
  await supervisor.ended;
  endOperations();
  filter.close();
  endProcessOptions();
  restoreSecondaries();
  trackers.close();
  await notifier.close(configuration.global.process.childWaitMs);
  await runLifeScript(shutdownScript, scriptUser, logger);
  manager.close();
}

function servingText({ instances }: VrrpConfiguration): string {
  return instances.length === 1 ? '1 virtual router' : `${instances.length} virtual routers`;
}

type Parts = {
  configuration: VrrpConfiguration;
  readonly supervisor: VrrpSupervisor;
  readonly trackers: TrackerSet;
  readonly notifier: Notifier;
  readonly mailer: Mailer;
  readonly filter: PacketFilter;
};

/** A broken file changes nothing: the daemon goes on with what it has, and says where the file is broken. */
function reload(options: VrrpDaemonOptions, parts: Parts): void {
  const { logger } = options;
  const { supervisor, trackers, notifier, mailer, filter } = parts;
  logger.info('Reloading ...');
  const read = parse(options);
  if (read === undefined || read.errors > 0) {
    logger.error(`New config failed validation, keeping the running one: ${options.file}`);
    return;
  }
  parts.configuration = read.configuration;
  notifier.reconfigure(read.configuration);
  mailer.reconfigure(read.configuration);
  trackers.reconfigure(read.configuration);
  filter.apply(read.configuration);
  supervisor.reconfigure(read.configuration);
  logger.info('Reload complete');
}

function readConfiguration(options: VrrpDaemonOptions): VrrpConfiguration {
  const read = parse(options);
  if (read === undefined) {
    const fix = 'Give the right path with -f FILE';
    throw new CommandFailure({ kind: 'not-found', what: `cannot read the configuration file ${options.file}`, fix });
  }
  if (read.configuration.instances.length === 0) {
    const what = `${options.file} has no vrrp_instance that could run`;
    throw new CommandFailure({ kind: 'config', what, fix: 'Correct the lines named above' });
  }
  return read.configuration;
}

function parse({ file, configId, logger }: VrrpDaemonOptions) {
  logger.info(`Opening file '${file}'.`);
  const surroundings = hostSurroundings({ randomSeed: 1, ...(configId === undefined ? {} : { configId }) });
  const parsed = parseConfiguration(file, surroundings);
  if (parsed === undefined) return undefined;
  for (const finding of parsed.findings)
    logger[finding.severity === 'info' ? 'info' : 'warning'](formatFinding(finding));
  const errors = parsed.findings.filter((finding) => finding.severity === 'error').length;
  return { configuration: parsed.configuration, errors };
}
