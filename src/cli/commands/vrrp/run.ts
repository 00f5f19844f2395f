// `haven vrrp` with Keepalived's own options, so that units and scripts written for it go on working.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandFailure, type Logger, type LogLevel, loggerOf, logLevels } from '../../../kit/index.ts';
import { formatFinding, hostSurroundings, parseConfiguration, verdictOf } from '../../../vrrp/index.ts';
import type { RunFlags } from './flags.ts';

export async function runVrrp(chosen: RunFlags): Promise<void> {
  if (chosen.signum !== undefined) printSignal(chosen.signum);
  else if (chosen.version) await printVersion();
  else if (chosen.configTest !== undefined) await inNamespaceOf(chosen, testConfiguration);
  else if (chosen.dontFork) await inNamespaceOf(chosen, run);
  else await background(chosen);
}

async function background({ logConsole }: RunFlags): Promise<void> {
  const { runInBackground } = await import('./background.ts');
  process.exitCode = await runInBackground(process.argv.slice(2), logConsole ? 'console' : 'silent');
}

async function run(chosen: RunFlags): Promise<void> {
  const { useFile, configId, pid, vrrp_pid: vrrpPid, namespace, umask } = chosen;
  if (chosen.check) {
    const fix = 'Leave -C out, and let another program check the servers';
    throw new CommandFailure({ kind: 'unavailable', what: 'health checks of virtual servers are not done', fix });
  }
  if (umask !== undefined) process.umask(Number.parseInt(umask, 8) & 0o777);
  const daemon = parseIfReadable(chosen)?.configuration.global.process;
  const logger = await loggerFor(chosen, daemon?.instance);
  if (chosen.dontReleaseVrrp) logger.warning('-V is not done: addresses are always removed at the end');
  const { isRestarted, restartWordsFor, runVrrpDaemon, standardPidFiles, statusSocketPath } = await import(
    '../../../daemon/index.ts'
  );
  const { tellStarted } = await import('./background.ts');
  // In the foreground a service manager watches.
  const alone = !chosen.dontRespawn && (process.send !== undefined || isRestarted());
  const pidFiles = pid === undefined ? standardPidFiles(namespace, daemon) : [pid];
  await runVrrpDaemon({
    file: useFile,
    configId,
    pidFiles: [...pidFiles, ...(vrrpPid === undefined ? [] : [vrrpPid])],
    statusSocket: statusSocketPath(namespace, daemon?.instance),
    dumpAtStart: chosen.dumpConf,
    onStarted: tellStarted,
    restartWords: alone ? restartWordsFor([process.execPath, ...process.argv.slice(1)]) : undefined,
    logger,
  });
}

/** Before any other thread or process of ours begins: they are born where this one is. */
async function inNamespaceOf(chosen: RunFlags, act: (chosen: RunFlags) => Promise<void> | void): Promise<void> {
  if (chosen.namespace !== undefined) {
    const { moveIntoNamespace, namedNamespace, orFail } = await import('../../../linux/index.ts');
    orFail(moveIntoNamespace(namedNamespace(chosen.namespace)));
  }
  await act(chosen);
}

/** Where nobody reads the system log, standard error is the only place left. */
async function loggerFor(chosen: RunFlags, instance: string | undefined): Promise<Logger> {
  const { logDetail, logConsole, logFacility, noSyslog } = chosen;
  const levelMax = logDetail ? 'debug' : 'info';
  const { logFile } = chosen;
  const file = logFile === undefined ? () => {} : lineSink(levelMax, (line) => appendFileSync(logFile, line));
  const console = lineSink(levelMax, (line) => process.stderr.write(line));
  if (logConsole || (!noSyslog && !existsSync('/dev/log'))) return loggerOf(both(console, file));
  if (noSyslog) return loggerOf(file);
  const { facilities, openSyslog, orFail } = await import('../../../linux/index.ts');
  const name = /^[0-7]$/.test(logFacility) ? `local${logFacility}` : logFacility;
  const facility = (Object.keys(facilities) as (keyof typeof facilities)[]).find((known) => known === name);
  if (facility === undefined) {
    const fix = `There is: 0 to 7, ${Object.keys(facilities).join(', ')}`;
    throw new CommandFailure({ kind: 'usage', what: `there is no log facility '${logFacility}'`, fix });
  }
  const identity = instance === undefined ? 'Haven_vrrp' : `Haven_vrrp_${instance}`;
  const syslog = orFail(openSyslog({ identity, facility }));
  return loggerOf(
    both(file, (level, message) => {
      if (logLevels.indexOf(level) <= logLevels.indexOf(levelMax)) syslog.log(level, message);
    }),
  );
}

async function printVersion(): Promise<void> {
  const { programDirectory } = await import('../../../lab/index.ts');
  const { version } = JSON.parse(readFileSync(join(programDirectory(), 'package.json'), 'utf8'));
  process.stderr.write(`Haven v${version}, in the place of Keepalived 2.2\n`);
}

/** Keepalived's exit codes: 0 nothing to say, 5 any message, 6 only that scripts run without script security. */
function testConfiguration(chosen: RunFlags): void {
  const { findings, configuration } = readConfiguration(chosen);
  const { configTest: log = standardError } = chosen;
  const text = findings.map((finding) => `${formatFinding(finding)}\n`).join('');
  if (log === standardError) process.stderr.write(text);
  else appendFileSync(log, text);
  if (chosen.dumpConf) process.stdout.write(`${JSON.stringify(configuration, undefined, 2)}\n`);
  process.exitCode = verdictOf(findings);
}

const standardError = '/dev/stderr';

function readConfiguration(chosen: RunFlags) {
  const parsed = parseIfReadable(chosen);
  if (parsed !== undefined) return parsed;
  const fix = 'Give the right path with -f FILE';
  throw new CommandFailure({ kind: 'not-found', what: `cannot read the configuration file ${chosen.useFile}`, fix });
}

function parseIfReadable({ useFile, configId }: RunFlags) {
  const surroundings = hostSurroundings({ randomSeed: 1, ...(configId === undefined ? {} : { configId }) });
  return parseConfiguration(useFile, surroundings);
}

/** `--signum=NAME`, for scripts that ask instead of knowing. */
function printSignal(name: string): void {
  const signals: Readonly<Record<string, number>> = {
    STOP: 15,
    RELOAD: 1,
    DATA: 10,
    STATS: 12,
    JSON: 10,
    STATS_CLEAR: 23,
  };
  const number = signals[name.toUpperCase()];
  if (number === undefined) {
    const fix = `There is: ${Object.keys(signals).join(', ')}`;
    throw new CommandFailure({ kind: 'usage', what: `there is no signal for '${name}'`, fix });
  }
  process.stdout.write(`${number}\n`);
}

/** Lines as Keepalived writes them to its console: `Sat Nov 21 00:04:19 2026: message`. */
function lineSink(levelMax: LogLevel, write: (line: string) => void): Sink {
  return (level, message) => {
    if (logLevels.indexOf(level) <= logLevels.indexOf(levelMax)) write(`${timestamp(new Date())}: ${message}\n`);
  };
}

function both(one: Sink, other: Sink): Sink {
  return (level, message) => {
    one(level, message);
    other(level, message);
  };
}

type Sink = (level: LogLevel, message: string) => void;

/** asctime(3), in local time. */
function timestamp(now: Date): string {
  const [weekday, month, day, year] = now.toDateString().split(' ');
  return `${weekday} ${month} ${String(Number(day)).padStart(2)} ${now.toTimeString().slice(0, 8)} ${year}`;
}
