import { buildCommand } from '@stricli/core';
import { type LogLevel, loggerOf, logLevels } from '../../../kit/index.ts';

type RunFlags = {
  readonly useFile: string;
  readonly configId?: string;
  readonly logDetail: boolean;
};

export const runCommand = buildCommand({
  docs: { brief: 'Run the VRRP instances of a keepalived.conf, in the foreground' },
  parameters: {
    flags: {
      useFile: {
        kind: 'parsed',
        parse: String,
        default: '/etc/keepalived/keepalived.conf',
        brief: 'The configuration file',
      },
      configId: { kind: 'parsed', parse: String, optional: true, brief: "What '@NAME' lines are compared with" },
      logDetail: { kind: 'boolean', default: false, brief: 'Log every detail' },
    },
    aliases: { f: 'useFile', i: 'configId', D: 'logDetail' },
  },
  async func(flags: RunFlags) {
    const { runVrrpDaemon } = await import('../../../daemon/index.ts');
    await runVrrpDaemon({
      file: flags.useFile,
      configId: flags.configId,
      logger: loggerOf(consoleSink(flags.logDetail ? 'debug' : 'info')),
    });
  },
});

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
