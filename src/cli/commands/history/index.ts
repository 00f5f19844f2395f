// `haven history`: what the cluster decided, when, why, and how long it took.
import { buildCommand, buildRouteMap } from '@stricli/core';
import { jsonFlag } from '../../cluster/flags.ts';

const list = buildCommand({
  loader: async () => (await import('./list.ts')).list,
  parameters: { flags: { json: jsonFlag } },
  docs: { brief: 'List recorded transitions, oldest first' },
});

const show = buildCommand({
  loader: async () => (await import('./show.ts')).show,
  parameters: {
    flags: {
      json: jsonFlag,
      input: { kind: 'boolean', default: false, withNegated: false, brief: 'Print the document that was decided on' },
    },
    positional: {
      kind: 'tuple',
      parameters: [{ parse: String, placeholder: 'NUMBER', brief: 'Number of a transition' }],
    },
  },
  docs: { brief: 'Show one transition: its cause, every action and its result' },
});

export const historyRoutes = buildRouteMap({
  routes: { list, show },
  defaultCommand: 'list',
  docs: { brief: 'Past transitions' },
});
