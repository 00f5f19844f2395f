// `haven vrrp` with Keepalived's own options, so that units and scripts written for it go on working.
import { buildCommand } from '@stricli/core';
import { CommandFailure, type LogLevel, loggerOf, logLevels } from '../../../kit/index.ts';
import { formatFinding, hostSurroundings, parseConfiguration, verdictOf } from '../../../vrrp/index.ts';

type RunFlags = {
  readonly useFile: string;
  readonly configId?: string;
  readonly logDetail: boolean;
  readonly configTest: boolean;
  readonly dumpConf: boolean;
  readonly signum?: string;
  readonly pid: string;
  readonly vrrpPid?: string;
  readonly namespace?: string;
  /** Accepted from Keepalived's units and scripts; nothing here depends on them. */
  readonly dontFork: boolean;
  readonly logConsole: boolean;
  readonly vrrp: boolean;
  readonly dontRespawn: boolean;
  readonly logFacility?: string;
};

const accepted = { kind: 'boolean', default: false } as const;

const flags = {
  useFile: { kind: 'parsed', parse: String, default: '/etc/keepalived/keepalived.conf', brief: 'Configuration file' },
  configId: { kind: 'parsed', parse: String, optional: true, brief: "What '@NAME' lines are compared with" },
  logDetail: { kind: 'boolean', default: false, brief: 'Log every detail' },
  configTest: {
    kind: 'boolean',
    default: false,
    brief: 'Check the file and end: 0 nothing to say, 5 or 6 as Keepalived',
  },
  dumpConf: { kind: 'boolean', default: false, brief: 'Print the configuration as it was understood' },
  signum: {
    kind: 'parsed',
    parse: String,
    optional: true,
    brief: 'Print the number of a signal: STOP, RELOAD, DATA, STATS',
  },
  pid: { kind: 'parsed', parse: String, default: '/run/haven/vrrp.pid', brief: 'Pid file' },
  vrrpPid: { kind: 'parsed', parse: String, optional: true, brief: 'A second pid file, of the VRRP process' },
  namespace: { kind: 'parsed', parse: String, optional: true, brief: 'Not done here: see below' },
  dontFork: { ...accepted, brief: 'Accepted: it stays in the foreground always' },
  logConsole: { ...accepted, brief: 'Accepted: it logs to standard error always' },
  vrrp: { ...accepted, brief: 'Accepted: VRRP is all it does' },
  dontRespawn: { ...accepted, brief: 'Accepted: the service manager restarts it' },
  logFacility: {
    kind: 'parsed',
    parse: String,
    optional: true,
    brief: 'Accepted: the journal knows where lines come from',
  },
} as const;

export const runCommand = buildCommand({
  docs: {
    brief: 'Run the VRRP instances of a keepalived.conf, in the foreground',
    fullDescription:
      "Takes Keepalived's options. It stays in the foreground and logs to standard error: let the service manager keep it " +
      'running (Type=simple). For a network namespace: ip netns exec NAME haven vrrp …. ' +
      'Signals: HUP reloads, TERM hands over and ends, USR1 writes data and JSON, USR2 statistics.',
  },
  parameters: {
    flags,
    aliases: {
      f: 'useFile',
      i: 'configId',
      D: 'logDetail',
      t: 'configTest',
      d: 'dumpConf',
      p: 'pid',
      r: 'vrrpPid',
      s: 'namespace',
      n: 'dontFork',
      l: 'logConsole',
      P: 'vrrp',
      R: 'dontRespawn',
      S: 'logFacility',
    },
  },
  async func(chosen: RunFlags) {
    if (chosen.signum !== undefined) printSignal(chosen.signum);
    else if (chosen.configTest) testConfiguration(chosen);
    else if (chosen.dumpConf) printConfiguration(chosen);
    else await run(chosen);
  },
});

async function run({ useFile, configId, logDetail, pid, vrrpPid, namespace }: RunFlags): Promise<void> {
  if (namespace !== undefined) {
    const fix = `Run: ip netns exec ${namespace} haven vrrp -f ${useFile}`;
    throw new CommandFailure({ kind: 'unavailable', what: '-s NAMESPACE is not done by haven vrrp itself', fix });
  }
  const { runVrrpDaemon } = await import('../../../daemon/index.ts');
  await runVrrpDaemon({
    file: useFile,
    configId,
    pidFiles: [pid, ...(vrrpPid === undefined ? [] : [vrrpPid])],
    logger: loggerOf(consoleSink(logDetail ? 'debug' : 'info')),
  });
}

/** Keepalived's exit codes: 0 nothing to say, 5 any message, 6 only that scripts run without script security. */
function testConfiguration(chosen: RunFlags): void {
  const { findings } = readConfiguration(chosen);
  for (const finding of findings) process.stderr.write(`${formatFinding(finding)}\n`);
  process.exitCode = verdictOf(findings);
}

function printConfiguration(chosen: RunFlags): void {
  process.stdout.write(`${JSON.stringify(readConfiguration(chosen).configuration, undefined, 2)}\n`);
}

function readConfiguration({ useFile, configId }: RunFlags) {
  const surroundings = hostSurroundings({ randomSeed: 1, ...(configId === undefined ? {} : { configId }) });
  const parsed = parseConfiguration(useFile, surroundings);
  if (parsed !== undefined) return parsed;
  const fix = 'Give the right path with -f FILE';
  throw new CommandFailure({ kind: 'not-found', what: `cannot read the configuration file ${useFile}`, fix });
}

/** `--signum=NAME`, for scripts that ask instead of knowing. */
function printSignal(name: string): void {
  const signals: Readonly<Record<string, number>> = { STOP: 15, RELOAD: 1, DATA: 10, STATS: 12, JSON: 10 };
  const number = signals[name.toUpperCase()];
  if (number === undefined) {
    const fix = `There is: ${Object.keys(signals).join(', ')}`;
    throw new CommandFailure({ kind: 'usage', what: `there is no signal for '${name}'`, fix });
  }
  process.stdout.write(`${number}\n`);
}

/** Lines as Keepalived writes them to its console: `Sat Nov 21 00:04:19 2026: message`. */
function consoleSink(levelMax: LogLevel): (level: LogLevel, message: string) => void {
  return (level, message) => {
    if (logLevels.indexOf(level) > logLevels.indexOf(levelMax)) return;
    process.stderr.write(`${timestamp(new Date())}: ${message}\n`);
  };
}

/** asctime(3), in local time. */
function timestamp(now: Date): string {
  const [weekday, month, day, year] = now.toDateString().split(' ');
  return `${weekday} ${month} ${String(Number(day)).padStart(2)} ${now.toTimeString().slice(0, 8)} ${year}`;
}
