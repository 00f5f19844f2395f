import { buildCommand } from '@stricli/core';
import type { RingSource } from '../../../daemon/index.ts';
import { CommandFailure, type LogLevel, loggerOf, logLevels } from '../../../kit/index.ts';
import { authkeyFlag, fileFlag, socketFlag } from './flags.ts';

type RunFlags = {
  readonly useFile: string;
  readonly cluster?: string;
  readonly node?: readonly string[];
  readonly insecure?: boolean;
  readonly authkey?: string;
  readonly stateDir?: string;
  readonly socket: string;
  readonly debug?: boolean;
};

export const runCommand = buildCommand({
  docs: {
    brief: 'Run a ring in the foreground, from a corosync.conf or from names, addresses and a key',
    fullDescription:
      'With --cluster and one --node NAME=ADDRESS[,ADDRESS…] for each node, in the same order on all of them, no file is ' +
      'needed: datagrams are sealed with the authkey (see keygen), several addresses are several links.',
  },
  parameters: {
    flags: {
      useFile: fileFlag,
      cluster: { kind: 'parsed', parse: String, optional: true, placeholder: 'NAME', brief: "The cluster's name" },
      node: {
        kind: 'parsed',
        parse: String,
        variadic: true,
        optional: true,
        placeholder: 'NAME=ADDRESS[,ADDRESS]',
        brief: 'A node of the cluster; once for each, in order',
      },
      insecure: { kind: 'boolean', optional: true, withNegated: false, brief: 'Do not seal datagrams (with --node)' },
      authkey: authkeyFlag,
      stateDir: {
        kind: 'parsed',
        parse: String,
        optional: true,
        placeholder: 'DIR',
        brief: 'Where the ring number is kept',
      },
      socket: socketFlag,
      debug: { kind: 'boolean', optional: true, withNegated: false, brief: 'Log every detail' },
    },
    aliases: { f: 'useFile' },
  },
  async func(flags: RunFlags) {
    const { runRingDaemon } = await import('../../../daemon/index.ts');
    await runRingDaemon({
      source: sourceOf(flags),
      socketPath: flags.socket,
      logger: loggerOf(consoleSink(flags.debug === true ? 'debug' : 'info')),
      ...(flags.authkey === undefined ? {} : { authkeyFile: flags.authkey }),
      ...(flags.stateDir === undefined ? {} : { stateDirectory: flags.stateDir }),
    });
  },
});

function sourceOf({ useFile, cluster, node, insecure }: RunFlags): RingSource {
  if (node === undefined || node.length === 0) return { kind: 'corosync-conf', file: useFile };
  if (cluster === undefined) {
    const fix = 'Add --cluster NAME: it is part of the key by which nodes know one another';
    throw new CommandFailure({ kind: 'usage', what: 'the cluster has no name', fix });
  }
  return {
    kind: 'nodes',
    clusterName: cluster,
    nodes: node.map(nodeOf),
    security: insecure === true ? 'plain' : 'sealed',
  };
}

function nodeOf(text: string): { name: string; addresses: string[] } {
  const [name = '', addresses = ''] = text.split('=', 2);
  if (name !== '' && addresses !== '') return { name, addresses: addresses.split(',') };
  throw new CommandFailure({
    kind: 'usage',
    what: `--node '${text}'`,
    why: 'a node is written NAME=ADDRESS[,ADDRESS]',
  });
}

function consoleSink(levelMax: LogLevel): (level: LogLevel, message: string) => void {
  return (level, message) => {
    if (logLevels.indexOf(level) > logLevels.indexOf(levelMax)) return;
    process.stderr.write(`${new Date().toISOString()} ${level}: ${message}\n`);
  };
}
