import { buildCommand } from '@stricli/core';
import { jsonFlag } from '../../cluster/flags.ts';

export const eventsCommand = buildCommand({
  loader: async () => (await import('./events.ts')).events,
  parameters: {
    flags: {
      json: jsonFlag,
      follow: { kind: 'boolean', default: false, withNegated: false, brief: 'Go on with what happens' },
    },
    aliases: { f: 'follow' },
  },
  docs: { brief: 'Show what has happened, a line an event' },
});
