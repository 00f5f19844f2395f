// `haven resource`: what the cluster keeps running.
import { buildCommand, buildRouteMap } from '@stricli/core';
import { changeFlags, jsonFlag, nodeFlag, resourceParameter } from '../../cluster/flags.ts';
import { agentsCommand } from './agents.ts';
import {
  ban,
  bundle,
  clone,
  defaults,
  group,
  meta,
  move,
  op,
  promotable,
  unclone,
  update,
  utilization,
} from './changes.ts';
import { describeCommand } from './describe.ts';

const text = { kind: 'parsed', parse: String, optional: true } as const;
const yes = { kind: 'boolean', default: false, withNegated: false } as const;
const oneResource = { kind: 'tuple', parameters: [resourceParameter] } as const;
const optionalResource = { kind: 'tuple', parameters: [{ ...resourceParameter, optional: true }] } as const;

const create = buildCommand({
  loader: async () => (await import('./create.ts')).create,
  parameters: {
    flags: {
      ...changeFlags,
      group: { ...text, placeholder: 'GROUP', brief: 'Put it at the end of this group' },
      clone: { ...yes, brief: 'Run it on every node' },
      promotable: { ...yes, brief: 'Run it on every node, promoted on one' },
    },
    positional: {
      kind: 'array',
      parameter: { parse: String, placeholder: 'WORD', brief: 'NAME AGENT NAME=VALUE … [op …] [meta …]' },
      minimum: 2,
    },
  },
  docs: {
    brief: 'Create a resource',
    customUsage: [
      'NAME AGENT [PARAMETER=VALUE …] [op OPERATION interval=10s timeout=20s …] [meta NAME=VALUE …]',
      'vip ocf:heartbeat:IPaddr2 ip=192.0.2.10 cidr_netmask=24 op monitor interval=10s',
    ],
  },
});

const remove = buildCommand({
  loader: async () => (await import('./delete.ts')).remove,
  parameters: { flags: changeFlags, positional: oneResource },
  docs: { brief: 'Delete a resource, and every constraint on it' },
});

const start = buildCommand({
  loader: async () => (await import('./start.ts')).start,
  parameters: { flags: changeFlags, positional: oneResource },
  docs: { brief: 'Let a stopped resource run again' },
});

const stop = buildCommand({
  loader: async () => (await import('./start.ts')).stop,
  parameters: { flags: changeFlags, positional: oneResource },
  docs: { brief: 'Stop a resource, and keep it stopped' },
});

const clear = buildCommand({
  loader: async () => (await import('./move.ts')).clear,
  parameters: { flags: { ...changeFlags, node: nodeFlag }, positional: oneResource },
  docs: { brief: 'Forget earlier moves: the cluster chooses the node again' },
});

const restart = buildCommand({
  loader: async () => (await import('./restart.ts')).restart,
  parameters: { flags: changeFlags, positional: oneResource },
  docs: { brief: 'Stop a resource, wait, and start it again' },
});

const cleanup = buildCommand({
  loader: async () => (await import('./cleanup.ts')).cleanup,
  parameters: { flags: { ...changeFlags, node: nodeFlag }, positional: optionalResource },
  docs: { brief: 'Forget failures of a resource, or of all, and look at them again' },
});

const refresh = buildCommand({
  loader: async () => (await import('./cleanup.ts')).refresh,
  parameters: { flags: { ...changeFlags, node: nodeFlag }, positional: optionalResource },
  docs: { brief: 'Forget everything known of a resource, or of all, and find out anew' },
});

const manage = buildCommand({
  loader: async () => (await import('./manage.ts')).manage,
  parameters: { flags: changeFlags, positional: oneResource },
  docs: { brief: 'Let the cluster start and stop a resource again' },
});

const unmanage = buildCommand({
  loader: async () => (await import('./manage.ts')).unmanage,
  parameters: { flags: changeFlags, positional: oneResource },
  docs: { brief: 'Leave a resource as it is, whatever happens' },
});

const show = buildCommand({
  loader: async () => (await import('./show.ts')).show,
  parameters: { flags: { json: jsonFlag }, positional: optionalResource },
  docs: { brief: 'Show how a resource, or each, is configured and where it runs' },
});

const why = buildCommand({
  loader: async () => (await import('./why.ts')).why,
  parameters: { flags: { json: jsonFlag, node: nodeFlag }, positional: oneResource },
  docs: { brief: 'Say why a resource runs where it runs, or nowhere' },
});

export const resourceRoutes = buildRouteMap({
  routes: {
    create,
    update,
    delete: remove,
    start,
    stop,
    move,
    ban,
    clear,
    restart,
    cleanup,
    refresh,
    manage,
    unmanage,
    group,
    bundle,
    clone,
    promotable,
    unclone,
    meta,
    op,
    utilization,
    defaults,
    show,
    why,
    agents: agentsCommand,
    describe: describeCommand,
  },
  aliases: { enable: 'start', disable: 'stop' },
  docs: { brief: 'Resources: create, start, stop, move, clean up, explain; and the agents that run them' },
});
