// `haven fence`: what stonith_admin does.
import { buildCommand, buildRouteMap } from '@stricli/core';
import { changeFlags, forceFlag, jsonFlag, nodeParameter } from '../../cluster/flags.ts';

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

export const fenceRoutes = buildRouteMap({
  routes: {
    reboot: fenceCommand('reboot', 'Cut a node off and let it come up again'),
    off: fenceCommand('off', 'Cut a node off'),
    unfence: fenceCommand('on', 'Let a node that was cut off take part again'),
    confirm,
    history,
    devices,
    list,
  },
  defaultCommand: 'reboot',
  docs: { brief: 'Fencing: cut nodes off, devices, history' },
});
