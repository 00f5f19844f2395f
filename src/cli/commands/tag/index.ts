// `haven tag`: one name for several resources, of which constraints may speak.
import { buildCommand, buildRouteMap } from '@stricli/core';
import { changeFlags, jsonFlag, resourceParameter } from '../../cluster/flags.ts';

const tag = { parse: String, placeholder: 'TAG', brief: 'Name of a tag' } as const;
const several = {
  kind: 'parsed',
  parse: String,
  variadic: true,
  optional: true,
  placeholder: 'RESOURCE',
  proposeCompletions: resourceParameter.proposeCompletions,
} as const;

export const tagRoutes = buildRouteMap({
  routes: {
    create: buildCommand({
      loader: async () => (await import('./tag.ts')).create,
      parameters: {
        flags: changeFlags,
        positional: {
          kind: 'array',
          parameter: { ...resourceParameter, placeholder: 'WORD', brief: 'TAG, then resources' },
          minimum: 2,
        },
      },
      docs: { brief: 'Give several resources one name', customUsage: ['TAG RESOURCE …'] },
    }),
    update: buildCommand({
      loader: async () => (await import('./tag.ts')).update,
      parameters: {
        flags: {
          ...changeFlags,
          add: { ...several, brief: 'It is for this resource, too; once for each' },
          remove: { ...several, brief: 'It is for this resource no longer; once for each' },
        },
        positional: { kind: 'tuple', parameters: [tag] },
      },
      docs: { brief: 'Add resources to a tag, or take them away' },
    }),
    delete: buildCommand({
      loader: async () => (await import('./tag.ts')).remove,
      parameters: { flags: changeFlags, positional: { kind: 'array', parameter: tag, minimum: 1 } },
      docs: { brief: 'Delete tags; their resources stay' },
    }),
    list: buildCommand({
      loader: async () => (await import('./tag.ts')).list,
      parameters: { flags: { json: jsonFlag } },
      docs: { brief: 'Show the tags' },
    }),
  },
  defaultCommand: 'list',
  docs: { brief: 'Tags: one name for several resources' },
});
