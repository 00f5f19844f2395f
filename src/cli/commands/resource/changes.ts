// The commands that change how a resource is configured.
import { buildCommand, buildRouteMap } from '@stricli/core';
import { changeFlags, nodeParameter, resourceParameter } from '../../cluster/flags.ts';

const text = { kind: 'parsed', parse: String, optional: true } as const;
const yes = { kind: 'boolean', default: false, withNegated: false } as const;
const oneResource = { kind: 'tuple', parameters: [resourceParameter] } as const;

const words = (brief: string, minimum: number) =>
  ({ kind: 'array', parameter: { ...resourceParameter, placeholder: 'WORD', brief }, minimum }) as const;

export const update = buildCommand({
  loader: async () => (await import('./update.ts')).update,
  parameters: { flags: changeFlags, positional: words('RESOURCE NAME=VALUE … [op …] [meta …]', 2) },
  docs: {
    brief: 'Change parameters, operations and meta-attributes of a resource',
    fullDescription: 'NAME= takes a parameter or an attribute away.',
    customUsage: ['RESOURCE [PARAMETER=VALUE …] [op OPERATION NAME=VALUE …] [meta NAME=VALUE …]'],
  },
});

export const meta = buildCommand({
  loader: async () => (await import('./update.ts')).meta,
  parameters: { flags: changeFlags, positional: words('RESOURCE, then NAME=VALUE; NAME= takes away', 1) },
  docs: {
    brief: 'Show or set meta-attributes of a resource, group or clone',
    customUsage: ['RESOURCE', 'RESOURCE NAME=VALUE …', 'RESOURCE NAME='],
  },
});

export const utilization = buildCommand({
  loader: async () => (await import('./update.ts')).utilizationOf('resource'),
  parameters: { flags: changeFlags, positional: words('RESOURCE, then NAME=NUMBER; NAME= takes away', 1) },
  docs: {
    brief: 'Show or set how much of a node a resource takes; see the property placement-strategy',
    customUsage: ['RESOURCE', 'RESOURCE NAME=NUMBER …'],
  },
});

const pairs = {
  kind: 'array',
  parameter: { parse: String, placeholder: 'NAME=VALUE', brief: 'NAME= takes away; without any they are shown' },
} as const;

export const defaults = buildCommand({
  loader: async () => (await import('./update.ts')).defaultsOf('rsc_defaults'),
  parameters: { flags: changeFlags, positional: pairs },
  docs: {
    brief: 'Show or set meta-attributes of all resources that do not set them',
    customUsage: ['', 'NAME=VALUE …'],
  },
});

export const op = buildRouteMap({
  routes: {
    add: buildCommand({
      loader: async () => (await import('./operation.ts')).add,
      parameters: { flags: changeFlags, positional: words('RESOURCE OPERATION NAME=VALUE …', 2) },
      docs: { brief: 'Add an operation', customUsage: ['RESOURCE OPERATION [interval=10s timeout=20s …]'] },
    }),
    remove: buildCommand({
      loader: async () => (await import('./operation.ts')).remove,
      parameters: { flags: changeFlags, positional: words('RESOURCE OPERATION NAME=VALUE …', 2) },
      docs: {
        brief: 'Take an operation away, named by its id or by what tells it from others',
        customUsage: ['RESOURCE OPERATION [interval=10s …]', 'RESOURCE ID'],
      },
    }),
    defaults: buildCommand({
      loader: async () => (await import('./update.ts')).defaultsOf('op_defaults'),
      parameters: { flags: changeFlags, positional: pairs },
      docs: {
        brief: 'Show or set attributes of all operations that do not set them',
        customUsage: ['', 'NAME=VALUE …'],
      },
    }),
  },
  docs: { brief: 'Operations of a resource: add, remove, defaults' },
});

const beside = { ...text, placeholder: 'RESOURCE', proposeCompletions: resourceParameter.proposeCompletions } as const;

export const group = buildRouteMap({
  routes: {
    add: buildCommand({
      loader: async () => (await import('./collective.ts')).addToGroup,
      parameters: {
        flags: {
          ...changeFlags,
          before: { ...beside, brief: 'Before this member' },
          after: { ...beside, brief: 'After this member; at the end otherwise' },
        },
        positional: words('GROUP, then resources in their order', 2),
      },
      docs: { brief: 'Put resources into a group, which is made if need be', customUsage: ['GROUP RESOURCE …'] },
    }),
    remove: buildCommand({
      loader: async () => (await import('./collective.ts')).removeFromGroup,
      parameters: { flags: changeFlags, positional: words('GROUP, then members; all of them otherwise', 1) },
      docs: { brief: 'Take resources out of a group, or dissolve it', customUsage: ['GROUP', 'GROUP RESOURCE …'] },
    }),
  },
  docs: { brief: 'Groups of resources: add, remove' },
});

const parts =
  'container podman|docker image=IMAGE [replicas=3 …] [network ip-range-start=ADDRESS …] [port-map port=80 …]… [storage-map source-dir=/srv target-dir=/srv …]… [meta …]';

export const bundle = buildRouteMap({
  routes: {
    create: buildCommand({
      loader: async () => (await import('./bundle.ts')).create,
      parameters: { flags: changeFlags, positional: words('BUNDLE, then its parts', 2) },
      docs: {
        brief: 'Create a bundle: replicas of a container, with their addresses, ports and directories',
        fullDescription:
          "Each node that is to run it needs the container engine. The container's own command has to run the service: Haven makes no connections to what is inside.",
        customUsage: [`BUNDLE ${parts}`],
      },
    }),
    update: buildCommand({
      loader: async () => (await import('./bundle.ts')).update,
      parameters: { flags: changeFlags, positional: words('BUNDLE, then what is to be changed', 2) },
      docs: {
        brief: 'Change a bundle',
        fullDescription: 'NAME= takes an option away.',
        customUsage: [
          'BUNDLE [container NAME=VALUE …] [network NAME=VALUE …] [meta NAME=VALUE …]',
          'BUNDLE port-map|storage-map add NAME=VALUE …',
          'BUNDLE port-map|storage-map remove ID …',
        ],
      },
    }),
  },
  docs: { brief: 'Bundles of containers: create, update; delete and show them like any resource' },
});

export const clone = buildCommand({
  loader: async () => (await import('./collective.ts')).clone,
  parameters: { flags: changeFlags, positional: words('RESOURCE, then meta-attributes', 1) },
  docs: { brief: 'Run a resource or group on every node', customUsage: ['RESOURCE [clone-max=2 …]'] },
});

export const promotable = buildCommand({
  loader: async () => (await import('./collective.ts')).promotable,
  parameters: { flags: changeFlags, positional: words('RESOURCE, then meta-attributes', 1) },
  docs: {
    brief: 'Run a resource or group on every node, promoted on one',
    customUsage: ['RESOURCE [promoted-max=1 …]'],
  },
});

export const unclone = buildCommand({
  loader: async () => (await import('./collective.ts')).unclone,
  parameters: { flags: changeFlags, positional: oneResource },
  docs: { brief: 'Run what was cloned once again' },
});

const moveFlags = {
  ...changeFlags,
  lifetime: { ...text, placeholder: 'DURATION', brief: 'Only for so long: 30min, or as ISO 8601 has it, P1D' },
  promoted: { ...yes, brief: 'Only the promoted role' },
} as const;

const resourceAndNode = {
  kind: 'tuple',
  parameters: [resourceParameter, { ...nodeParameter, optional: true }],
} as const;

export const move = buildCommand({
  loader: async () => (await import('./move.ts')).move,
  parameters: { flags: moveFlags, positional: resourceAndNode },
  docs: { brief: 'Move a resource to a node, or away from where it runs; see clear' },
});

export const ban = buildCommand({
  loader: async () => (await import('./move.ts')).ban,
  parameters: { flags: moveFlags, positional: resourceAndNode },
  docs: { brief: 'Keep a resource away from a node, or from where it runs; see clear' },
});
