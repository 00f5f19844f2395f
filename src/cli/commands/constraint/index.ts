// `haven constraint`: where resources run, with what, after what, and under which ticket.
import { buildCommand, buildRouteMap } from '@stricli/core';
import { changeFlags, idFlag, jsonFlag, resourceParameter } from '../../cluster/flags.ts';

const text = { kind: 'parsed', parse: String, optional: true } as const;
const role = { ...text, placeholder: 'ROLE', brief: 'Only in this role: Started, Promoted or Unpromoted' } as const;
const word = { parse: String } as const;
/** Resources among other words. */
const known = { ...word, proposeCompletions: resourceParameter.proposeCompletions } as const;

const location = buildCommand({
  loader: async () => (await import('./location.ts')).location,
  parameters: {
    flags: {
      ...changeFlags,
      id: idFlag,
      role,
      discovery: {
        ...text,
        placeholder: 'WHERE',
        brief: 'Whether it is looked for there: always, never, or exclusive (only there)',
      },
    },
    positional: {
      kind: 'array',
      parameter: {
        ...known,
        placeholder: 'WORD',
        brief: 'RESOURCE, prefers or avoids, then NODE[=SCORE] …; or a rule',
      },
      minimum: 3,
    },
  },
  docs: {
    brief: 'Say which nodes a resource prefers or avoids, by name or by rule',
    fullDescription:
      'Rules compare node attributes (#uname and #kind among them) and dates: ' +
      'NAME lt|lte|gt|gte|eq|ne [string|integer|number|version] VALUE, defined NAME, not_defined NAME, ' +
      'date lt|gt DATE, date in_range DATE to DATE, date in_range DATE to duration hours=8, ' +
      "date-spec hours=9-16 weekdays=1-5; joined by 'and' and 'or', with parentheses in quotes. Where a rule is true " +
      'the score counts (INFINITY unless given), or the value of the node attribute that score-attribute names. ' +
      "RESOURCE may be a pattern of ids: 'regexp%web-[0-9]+'.",
    customUsage: [
      'RESOURCE prefers NODE[=SCORE] …',
      'RESOURCE avoids NODE[=SCORE] …',
      'RESOURCE rule [score=SCORE|score-attribute=NAME] [role=ROLE] EXPRESSION',
      'web rule score=-INFINITY not_defined pingd or pingd lt 1',
      'web rule score=100 date-spec hours=9-16 weekdays=1-5 and #uname eq n2',
    ],
  },
});

const colocation = buildCommand({
  loader: async () => (await import('./colocation.ts')).colocation,
  parameters: {
    flags: { ...changeFlags, id: idFlag, role, withRole: { ...role, brief: 'The role of the other' } },
    positional: {
      kind: 'array',
      parameter: { ...known, placeholder: 'WORD', brief: 'RESOURCE with RESOURCE[=SCORE]; or sets' },
      minimum: 2,
    },
  },
  docs: {
    brief: 'Keep one resource where another is, or away from it',
    fullDescription: 'The score is INFINITY (always) unless given; a negative one keeps them apart.',
    customUsage: [
      'RESOURCE with RESOURCE[=SCORE]',
      'set RESOURCE … [role=ROLE] [sequential=false] [set …] [setoptions score=SCORE]',
    ],
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
      parameter: { ...known, placeholder: 'WORD', brief: '[ACTION] RESOURCE then [ACTION] RESOURCE; or sets' },
      minimum: 2,
    },
  },
  docs: {
    brief: 'Start (promote, stop) one resource after another',
    customUsage: [
      'RESOURCE then RESOURCE',
      'promote RESOURCE then start RESOURCE',
      'set RESOURCE … [action=ACTION] [sequential=false] [require-all=false] [set …] [setoptions kind=KIND]',
    ],
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
      kind: 'array',
      parameter: { ...known, placeholder: 'WORD', brief: 'TICKET, then RESOURCE; or sets' },
      minimum: 2,
    },
  },
  docs: {
    brief: 'Let a resource run only where a ticket is granted',
    customUsage: ['TICKET RESOURCE', 'TICKET set RESOURCE … [role=ROLE] [set …]'],
  },
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
