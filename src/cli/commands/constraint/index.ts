// `haven constraint`: where resources run, with what, after what, and under which ticket.
import { buildCommand, buildRouteMap } from '@stricli/core';
import { changeFlags, idFlag, jsonFlag, resourceParameter } from '../../cluster/flags.ts';

const text = { kind: 'parsed', parse: String, optional: true } as const;
const role = { ...text, placeholder: 'ROLE', brief: 'Only in this role: Started, Promoted or Unpromoted' } as const;
const word = { parse: String } as const;

const location = buildCommand({
  loader: async () => (await import('./location.ts')).location,
  parameters: {
    flags: { ...changeFlags, id: idFlag },
    positional: {
      kind: 'array',
      parameter: { ...word, placeholder: 'WORD', brief: 'RESOURCE, prefers or avoids, then NODE[=SCORE] …' },
      minimum: 3,
    },
  },
  docs: {
    brief: 'Say which nodes a resource prefers or avoids',
    customUsage: ['RESOURCE prefers NODE[=SCORE] …', 'RESOURCE avoids NODE[=SCORE] …'],
  },
});

const colocation = buildCommand({
  loader: async () => (await import('./colocation.ts')).colocation,
  parameters: {
    flags: { ...changeFlags, id: idFlag, role, withRole: { ...role, brief: 'The role of the other' } },
    positional: {
      kind: 'tuple',
      parameters: [
        resourceParameter,
        { ...word, placeholder: 'with', brief: "The word 'with'" },
        resourceParameter,
        { ...word, placeholder: 'SCORE', brief: 'INFINITY (always) unless given', optional: true },
      ],
    },
  },
  docs: {
    brief: 'Keep one resource where another is, or away from it',
    customUsage: ['RESOURCE with RESOURCE[=SCORE]'],
  },
});

const order = buildCommand({
  loader: async () => (await import('./order.ts')).order,
  parameters: {
    flags: {
      ...changeFlags,
      id: idFlag,
      kind: { ...text, placeholder: 'KIND', brief: 'Mandatory, Optional or Serialize' },
      asymmetrical: {
        kind: 'boolean',
        default: false,
        withNegated: false,
        brief: 'Do not order stopping the other way round',
      },
    },
    positional: {
      kind: 'array',
      parameter: { ...word, placeholder: 'WORD', brief: '[ACTION] RESOURCE then [ACTION] RESOURCE' },
      minimum: 3,
    },
  },
  docs: {
    brief: 'Start (promote, stop) one resource after another',
    customUsage: ['RESOURCE then RESOURCE', 'promote RESOURCE then start RESOURCE'],
  },
});

const ticket = buildCommand({
  loader: async () => (await import('./ticket.ts')).ticket,
  parameters: {
    flags: {
      ...changeFlags,
      id: idFlag,
      role,
      lossPolicy: { ...text, placeholder: 'POLICY', brief: 'Without the ticket: stop, demote, freeze or fence' },
    },
    positional: {
      kind: 'tuple',
      parameters: [{ ...word, placeholder: 'TICKET', brief: 'Name of a ticket' }, resourceParameter],
    },
  },
  docs: { brief: 'Let a resource run only where a ticket is granted' },
});

const list = buildCommand({
  loader: async () => (await import('./list.ts')).list,
  parameters: {
    flags: { json: jsonFlag },
    positional: { kind: 'tuple', parameters: [{ ...resourceParameter, optional: true }] },
  },
  docs: { brief: 'Show every constraint, or those of a resource' },
});

const remove = buildCommand({
  loader: async () => (await import('./delete.ts')).remove,
  parameters: {
    flags: changeFlags,
    positional: { kind: 'array', parameter: { ...word, placeholder: 'ID', brief: 'Id of a constraint' }, minimum: 1 },
  },
  docs: { brief: 'Delete constraints' },
});

export const constraintRoutes = buildRouteMap({
  routes: { location, colocation, order, ticket, list, delete: remove },
  docs: { brief: 'Constraints: location, colocation, order, tickets' },
});
