// `haven status`: the whole picture on one screen.
import { buildCommand } from '@stricli/core';
import { jsonFlag } from '../../cluster/flags.ts';

export const statusCommand = buildCommand({
  loader: async () => (await import('./status.ts')).status,
  parameters: {
    flags: {
      json: jsonFlag,
      watch: { kind: 'boolean', default: false, withNegated: false, brief: 'Go on showing it as it changes' },
    },
    aliases: { w: 'watch' },
  },
  docs: { brief: 'Show the cluster: nodes, addresses, resources, failures, and what is happening' },
});
