// `haven cib`: the cluster's document itself.
import { buildCommand, buildRouteMap } from '@stricli/core';
import { changeFlags, jsonFlag } from '../../cluster/flags.ts';

const text = { kind: 'parsed', parse: String, optional: true } as const;
const file = { parse: String, placeholder: 'FILE', brief: "A file ('-': standard input)" } as const;

const query = buildCommand({
  loader: async () => (await import('./query.ts')).query,
  parameters: {
    flags: {
      json: jsonFlag,
      xpath: { ...text, placeholder: 'XPATH', brief: 'Only what this finds' },
      section: { ...text, placeholder: 'NAME', brief: 'Only this section: configuration, resources, status …' },
    },
    positional: {
      kind: 'tuple',
      parameters: [{ parse: String, placeholder: 'XPATH', brief: 'The same as --xpath', optional: true }],
    },
  },
  docs: { brief: 'Print the document, or a part of it' },
});

const replace = buildCommand({
  loader: async () => (await import('./replace.ts')).replace,
  parameters: { flags: changeFlags, positional: { kind: 'tuple', parameters: [file] } },
  docs: { brief: 'Put a configuration, or an object of it, in the place of the present one' },
});

const patch = buildCommand({
  loader: async () => (await import('./replace.ts')).patch,
  parameters: { flags: changeFlags, positional: { kind: 'tuple', parameters: [file] } },
  docs: { brief: 'Apply a patch made by: haven cib diff' },
});

const diff = buildCommand({
  loader: async () => (await import('./diff.ts')).diff,
  parameters: {
    flags: { json: jsonFlag },
    positional: { kind: 'tuple', parameters: [file, { ...file, optional: true }] },
  },
  docs: { brief: 'Print the patch from the present document to a file, or from one file to another' },
});

const verify = buildCommand({
  loader: async () => (await import('./verify.ts')).verify,
  parameters: {
    flags: { json: jsonFlag },
    positional: { kind: 'tuple', parameters: [{ ...file, optional: true }] },
  },
  docs: { brief: 'Say what is wrong with the present document, or with a file' },
});

export const cibRoutes = buildRouteMap({
  routes: { query, replace, patch, diff, verify },
  docs: { brief: "The cluster's document" },
});
