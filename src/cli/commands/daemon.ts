import { buildCommand } from '@stricli/core';
import { type LogLevel, loggerOf, logLevels } from '../../kit/index.ts';

type Flags = { readonly config: string; readonly debug: boolean; readonly json: boolean };

export const daemonCommand = buildCommand({
  docs: { brief: "Run this machine's node of the cluster, in the foreground" },
  parameters: {
    flags: {
      config: {
        kind: 'parsed',
        parse: String,
        default: '/etc/haven/cluster.json',
        brief: "The cluster's name and nodes",
      },
      debug: { kind: 'boolean', default: false, brief: 'Log every detail' },
      json: { kind: 'boolean', default: false, brief: 'Log lines as JSON' },
    },
  },
  async func(flags: Flags) {
    const { readClusterConfiguration, runNodeDaemon } = await import('../../daemon/index.ts');
    const configuration = readClusterConfiguration(flags.config);
    try {
      await runNodeDaemon({ configuration, logger: loggerOf(sink(flags)) });
    } finally {
      // An agent that does not end must not keep the process of a node that has: nobody would start it again.
      setTimeout(() => process.exit(), lingerMs).unref();
    }
  },
});

/** For what is still to be written when the node has ended. */
const lingerMs = 200;

/** One line an event on standard error, where a service manager collects it. */
function sink({ debug, json }: Flags): (level: LogLevel, message: string) => void {
  const most = logLevels.indexOf(debug ? 'debug' : 'info');
  return (level, message) => {
    if (logLevels.indexOf(level) > most) return;
    const at = new Date().toISOString();
    const line = json ? JSON.stringify({ at, level, message }) : `${at} ${level}: ${message}`;
    process.stderr.write(`${line}\n`);
  };
}
