// `haven cluster`: making a cluster, who belongs to it, and this node's part in it.
import { buildCommand, buildRouteMap } from '@stricli/core';
import { CommandFailure, parseDurationMs } from '../../../kit/index.ts';
import { forceFlag, jsonFlag, nodeParameter } from '../../cluster/flags.ts';
import { statusCommand } from '../status/index.ts';

const pathFlag = (path: string, brief: string) => ({ kind: 'parsed', parse: String, default: path, brief }) as const;

const durationFlag = (duration: string, brief: string) =>
  ({ kind: 'parsed', parse: durationMs, default: duration, placeholder: 'DURATION', brief }) as const;

function durationMs(text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== undefined) return ms;
  throw new CommandFailure({ kind: 'usage', what: `'${text}' is no duration`, fix: 'Write 30s, 10min or 2h' });
}

const init = buildCommand({
  loader: async () => (await import('./init.ts')).init,
  docs: {
    brief: 'Make a cluster: write its configuration, key and certificate authority on this node',
    fullDescription:
      'With this machine as its only node; others come by invitation. With all nodes given, copy the files that it names ' +
      'to each of them before their daemons start.',
  },
  parameters: {
    flags: {
      config: pathFlag('/etc/haven/cluster.json', 'Where to write the configuration'),
      key: pathFlag('/etc/haven/authkey', 'Where the key is'),
      certificates: pathFlag('/etc/haven/tls', 'Where certificates are'),
      force: { kind: 'boolean', default: false, brief: 'Replace a configuration that is there' },
    },
    positional: {
      kind: 'array',
      parameter: {
        parse: String,
        placeholder: 'NAME-OR-NODE',
        brief: "The cluster's name, then NODE=ADDRESS[,ADDRESS] for each node",
      },
      minimum: 2,
    },
  },
});

const authority = buildCommand({
  loader: async () => (await import('./authority.ts')).authority,
  parameters: { flags: { json: jsonFlag } },
  docs: { brief: 'Make the certificate authority of a cluster that has none' },
});

const invite = buildCommand({
  loader: async () => (await import('./invite.ts')).invite,
  parameters: { flags: { json: jsonFlag, for: durationFlag('1h', 'How long the invitation is good') } },
  docs: { brief: 'Let one machine join: prints the command to run there' },
});

const join = buildCommand({
  loader: async () => (await import('./join.ts')).join,
  parameters: {
    flags: {
      json: jsonFlag,
      name: { kind: 'parsed', parse: String, optional: true, brief: "The node's name; this machine's unless given" },
      address: {
        kind: 'parsed',
        parse: String,
        optional: true,
        placeholder: 'ADDRESS[,ADDRESS]',
        brief: 'Its address on each link; the one that reaches the member unless given',
      },
      force: forceFlag,
    },
    positional: {
      kind: 'tuple',
      parameters: [{ parse: String, placeholder: 'TOKEN', brief: "What 'haven cluster invite' printed on a member" }],
    },
  },
  docs: { brief: 'Make this machine a node of the cluster that invites it' },
});

const leave = buildCommand({
  loader: async () => (await import('./leave.ts')).leave,
  parameters: {
    flags: {
      json: jsonFlag,
      force: forceFlag,
      wait: durationFlag('10min', 'How long resources may take to move away'),
    },
  },
  docs: { brief: 'Move everything away, take this node off the list of the others, and clear its files' },
});

const remove = buildCommand({
  loader: async () => (await import('./remove.ts')).remove,
  parameters: {
    flags: { json: jsonFlag, force: forceFlag },
    positional: { kind: 'tuple', parameters: [nodeParameter] },
  },
  docs: { brief: 'Take a node that is gone for good off the list' },
});

const stop = buildCommand({
  loader: async () => (await import('./stop.ts')).stop,
  parameters: { flags: { json: jsonFlag } },
  docs: { brief: 'Move everything away from this node, and end its daemon' },
});

const start = buildCommand({
  loader: async () => (await import('./start.ts')).start,
  parameters: { flags: { json: jsonFlag } },
  docs: { brief: "Start this node's daemon, and wait until it answers" },
});

export const clusterRoutes = buildRouteMap({
  routes: { init, invite, join, leave, remove, authority, start, stop, status: statusCommand },
  docs: { brief: 'Make a cluster, let machines join and leave it, start and stop nodes' },
});
