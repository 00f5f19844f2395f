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

const numberOf = (brief: string) => ({ parse: String, placeholder: 'NUMBER', brief });

const replay = buildCommand({
  loader: async () => (await import('./replay.ts')).replay,
  parameters: {
    flags: { json: jsonFlag },
    positional: { kind: 'tuple', parameters: [numberOf('Number of a transition')] },
  },
  docs: { brief: 'Decide again on the recorded document: the same actions, or the difference' },
});

const diff = buildCommand({
  loader: async () => (await import('./diff.ts')).diff,
  parameters: {
    flags: {
      json: jsonFlag,
      status: { kind: 'boolean', default: false, withNegated: false, brief: 'Changes of the status section, too' },
    },
    positional: { kind: 'tuple', parameters: [numberOf('The earlier transition'), numberOf('The later one')] },
  },
  docs: { brief: 'What changed between two transitions: in the document, and in what was to be done' },
});

export const historyRoutes = buildRouteMap({
  routes: { list, show, replay, diff },
  defaultCommand: 'list',
  docs: { brief: 'Past transitions' },
});
