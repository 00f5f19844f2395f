// `haven property`: the options of the cluster as a whole.
import { buildCommand, buildRouteMap } from '@stricli/core';
import { changeFlags, jsonFlag } from '../../cluster/flags.ts';

const optionName = { parse: String, proposeCompletions: optionNames } as const;

/** Completion is asked for at every key: the names are loaded only then. */
async function optionNames(partial: string): Promise<string[]> {
  const { clusterOptionTypes } = await import('../../../cib/index.ts');
  return Object.keys(clusterOptionTypes).filter((name) => name.startsWith(partial));
}

const set = buildCommand({
  loader: async () => (await import('./set.ts')).set,
  parameters: {
    flags: changeFlags,
    positional: {
      kind: 'array',
      parameter: { ...optionName, placeholder: 'NAME=VALUE', brief: 'Option and value' },
      minimum: 1,
    },
  },
  docs: { brief: 'Set cluster options' },
});

const unset = buildCommand({
  loader: async () => (await import('./set.ts')).unset,
  parameters: {
    flags: changeFlags,
    positional: { kind: 'array', parameter: { ...optionName, placeholder: 'NAME', brief: 'Option' }, minimum: 1 },
  },
  docs: { brief: 'Go back to the default of cluster options' },
});

const list = buildCommand({
  loader: async () => (await import('./list.ts')).list,
  parameters: {
    flags: {
      json: jsonFlag,
      all: {
        kind: 'boolean',
        default: false,
        withNegated: false,
        brief: 'Every option that there is, and what it takes',
      },
    },
  },
  docs: { brief: 'Show the cluster options that are set' },
});

export const propertyRoutes = buildRouteMap({
  routes: { set, unset, list },
  docs: { brief: 'Options of the cluster' },
});
