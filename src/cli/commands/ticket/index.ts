// `haven ticket`: what crm_ticket does. Tickets let a resource run at one of several sites.
import { buildCommand, buildRouteMap } from '@stricli/core';
import { changeFlags, forceFlag, jsonFlag } from '../../cluster/flags.ts';

const oneTicket = {
  kind: 'tuple',
  parameters: [{ parse: String, placeholder: 'TICKET', brief: 'Name of a ticket' }],
} as const;

const ticketCommand = (name: 'revoke' | 'standby' | 'activate', brief: string) =>
  buildCommand({
    loader: async () => (await import('./ticket.ts'))[name],
    parameters: { flags: changeFlags, positional: oneTicket },
    docs: { brief },
  });

const grant = buildCommand({
  loader: async () => (await import('./ticket.ts')).grant,
  parameters: { flags: { ...changeFlags, force: forceFlag }, positional: oneTicket },
  docs: { brief: 'Let what needs the ticket run at this site' },
});

const list = buildCommand({
  loader: async () => (await import('./ticket.ts')).list,
  parameters: { flags: { json: jsonFlag } },
  docs: { brief: 'Show every ticket, whether it is granted, and what needs it' },
});

export const ticketRoutes = buildRouteMap({
  routes: {
    grant,
    revoke: ticketCommand('revoke', 'Take the ticket away: its constraints say what becomes of what needs it'),
    standby: ticketCommand('standby', 'Stop what needs the ticket in order, before it is revoked'),
    activate: ticketCommand('activate', 'End a standby'),
    list,
  },
  docs: { brief: 'Tickets: which site may run what' },
});
