// `haven fence`: what stonith_admin does.
import { buildCommand, buildRouteMap } from '@stricli/core';
import { changeFlags, forceFlag, jsonFlag, nodeParameter, resourceParameter } from '../../cluster/flags.ts';

const oneNode = { kind: 'tuple', parameters: [nodeParameter] } as const;

const fenceCommand = (name: 'reboot' | 'off' | 'on', brief: string) =>
  buildCommand({
    loader: async () => (await import('./fence.ts'))[name],
    parameters: { flags: changeFlags, positional: oneNode },
    docs: { brief },
  });

const confirm = buildCommand({
  loader: async () => (await import('./fence.ts')).confirm,
  parameters: { flags: { ...changeFlags, force: forceFlag }, positional: oneNode },
  docs: { brief: 'Swear that a lost node is off, so that others may take over what it ran' },
});

const history = buildCommand({
  loader: async () => (await import('./history.ts')).history,
  parameters: {
    flags: { json: jsonFlag },
    positional: { kind: 'tuple', parameters: [{ ...nodeParameter, optional: true }] },
  },
  docs: { brief: 'Show what was fenced, by what, and what came of it' },
});

const devices = buildCommand({
  loader: async () => (await import('./devices.ts')).devices,
  parameters: { flags: { json: jsonFlag } },
  docs: { brief: 'Show the fence devices, and where each may run' },
});

const list = buildCommand({
  loader: async () => (await import('./devices.ts')).list,
  parameters: { flags: { json: jsonFlag }, positional: oneNode },
  docs: { brief: 'Show which devices would fence a node, in the order in which they are tried' },
});

const levelWord = { ...resourceParameter, placeholder: 'WORD', brief: 'LEVEL TARGET, then fence devices' } as const;

const level = buildRouteMap({
  routes: {
    add: buildCommand({
      loader: async () => (await import('./level.ts')).add,
      parameters: { flags: changeFlags, positional: { kind: 'array', parameter: levelWord, minimum: 3 } },
      docs: {
        brief: 'Say which devices are tried at a level; all of one level have to succeed',
        fullDescription:
          'Level 1 is tried first. TARGET is a node, a pattern of node names (regexp%PATTERN), or a node attribute ' +
          '(attrib%NAME=VALUE).',
        customUsage: ['LEVEL TARGET DEVICE …', '1 n1 pdu1 pdu2', '2 regexp%web[0-9]+ ipmi'],
      },
    }),
    remove: buildCommand({
      loader: async () => (await import('./level.ts')).remove,
      parameters: { flags: changeFlags, positional: { kind: 'array', parameter: levelWord, minimum: 2 } },
      docs: {
        brief: 'Take a level away from a target, or devices out of it',
        customUsage: ['LEVEL TARGET', 'LEVEL TARGET DEVICE …'],
      },
    }),
    clear: buildCommand({
      loader: async () => (await import('./level.ts')).clear,
      parameters: {
        flags: changeFlags,
        positional: {
          kind: 'tuple',
          parameters: [{ parse: String, placeholder: 'NAME', brief: 'Of this target or device', optional: true }],
        },
      },
      docs: { brief: 'Delete every level, or those of a target or device' },
    }),
    list: buildCommand({
      loader: async () => (await import('./level.ts')).list,
      parameters: { flags: { json: jsonFlag } },
      docs: { brief: 'Show the levels, in the order in which they are tried' },
    }),
  },
  defaultCommand: 'list',
  docs: { brief: 'The fencing topology: which devices are tried, in which order' },
});

export const fenceRoutes = buildRouteMap({
  routes: {
    reboot: fenceCommand('reboot', 'Cut a node off and let it come up again'),
    off: fenceCommand('off', 'Cut a node off'),
    unfence: fenceCommand('on', 'Let a node that was cut off take part again'),
    confirm,
    history,
    devices,
    list,
    level,
  },
  defaultCommand: 'reboot',
  docs: { brief: 'Fencing: cut nodes off, devices, levels, history' },
});
