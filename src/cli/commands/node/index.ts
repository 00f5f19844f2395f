// `haven node`: what administrators do with a node.
import { buildCommand, buildRouteMap } from '@stricli/core';
import { changeFlags, durationMs, forceFlag, jsonFlag, nodeParameter } from '../../cluster/flags.ts';

const oneNode = { kind: 'tuple', parameters: [nodeParameter] } as const;

const standby = buildCommand({
  loader: async () => (await import('./standby.ts')).standby,
  parameters: { flags: changeFlags, positional: oneNode },
  docs: { brief: 'Move everything away from a node and start nothing there' },
});

const online = buildCommand({
  loader: async () => (await import('./standby.ts')).online,
  parameters: { flags: changeFlags, positional: oneNode },
  docs: { brief: 'End a standby' },
});

const maintenance = buildCommand({
  loader: async () => (await import('./maintenance.ts')).maintenance,
  parameters: { flags: changeFlags, positional: oneNode },
  docs: { brief: 'Leave everything on a node as it is, unwatched' },
});

const unmaintenance = buildCommand({
  loader: async () => (await import('./maintenance.ts')).unmaintenance,
  parameters: { flags: changeFlags, positional: oneNode },
  docs: { brief: 'End a maintenance' },
});

const attribute = buildCommand({
  loader: async () => (await import('./attribute.ts')).attribute,
  parameters: {
    flags: {
      ...changeFlags,
      transient: {
        kind: 'boolean',
        default: false,
        withNegated: false,
        brief: 'Only until the node leaves the cluster',
      },
      dampen: {
        kind: 'parsed',
        parse: String,
        optional: true,
        placeholder: 'DURATION',
        brief: 'Write a transient value once no node has had a new one for so long',
      },
    },
    positional: {
      kind: 'array',
      parameter: { parse: String, placeholder: 'NODE NAME=VALUE', brief: 'The node, then NAME=VALUE; NAME= removes' },
      minimum: 1,
    },
  },
  docs: { brief: "Show or set a node's attributes", customUsage: ['NODE', 'NODE NAME=VALUE …', 'NODE NAME='] },
});

const utilization = buildCommand({
  loader: async () => (await import('../resource/update.ts')).utilizationOf('node'),
  parameters: {
    flags: changeFlags,
    positional: {
      kind: 'array',
      parameter: { ...nodeParameter, placeholder: 'WORD', brief: 'NODE, then NAME=NUMBER; NAME= takes away' },
      minimum: 1,
    },
  },
  docs: {
    brief: 'Show or set how much a node has for resources; see the property placement-strategy',
    customUsage: ['NODE', 'NODE NAME=NUMBER …'],
  },
});

const fence = buildCommand({
  loader: async () => (await import('../fence/fence.ts')).reboot,
  parameters: { flags: changeFlags, positional: oneNode },
  docs: { brief: "Cut a node off and let it come up again; more under 'haven fence'" },
});

const confirmFenced = buildCommand({
  loader: async () => (await import('../fence/fence.ts')).confirm,
  parameters: { flags: { ...changeFlags, force: forceFlag }, positional: oneNode },
  docs: { brief: 'Swear that a lost node is off, so that others may take over what it ran' },
});

const killTest = buildCommand({
  loader: async () => (await import('./kill-test/kill-test.ts')).killTest,
  parameters: {
    flags: {
      json: jsonFlag,
      kind: {
        kind: 'enum',
        values: ['daemon', 'freeze', 'silence'],
        default: 'daemon',
        brief: 'How it fails: its daemon dies, its daemon stands still, it is cut off from the cluster',
      },
      for: {
        kind: 'parsed',
        parse: durationMs,
        default: '10s',
        placeholder: 'DURATION',
        brief: 'How long it is cut off (--kind silence)',
      },
      within: {
        kind: 'parsed',
        parse: durationMs,
        default: '2min',
        placeholder: 'DURATION',
        brief: 'How soon it has to be back',
      },
      yes: { kind: 'boolean', default: false, withNegated: false, brief: 'Really do it' },
    },
    positional: oneNode,
  },
  docs: { brief: 'Make a node fail for real, and show what the cluster does; without --yes, what it would do' },
});

const list = buildCommand({
  loader: async () => (await import('./list.ts')).list,
  parameters: { flags: { json: jsonFlag } },
  docs: { brief: 'Show every node, its state and how much it runs' },
});

export const nodeRoutes = buildRouteMap({
  routes: { standby, online, maintenance, unmaintenance, attribute, utilization, fence, confirmFenced, killTest, list },
  docs: { brief: 'Nodes: standby, maintenance, attributes, fencing' },
});
