import type { Command } from '../../../api/index.ts';
import { childAt, isTrue, type XmlElement } from '../../../cib/index.ts';
import { CommandFailure } from '../../../kit/index.ts';
import { type AnswerFlags, type ChangeFlags, ClusterSession, show } from '../../cluster/session.ts';
import { constraintsIn } from '../../edits/constraint.ts';
import { alignedRows } from '../../terminal/columns.ts';
import { localTime } from '../events/events.ts';

type TicketChange = Extract<Command, { kind: 'ticket' }>['change'];
type GrantFlags = ChangeFlags & { readonly force: boolean };

const done = {
  grant: 'is granted: what needs it may run here',
  revoke: 'is revoked: what needs it does as its loss policy says',
  standby: 'is in standby: what needs it stops, in order',
  activate: 'is no longer in standby',
} as const satisfies Record<TicketChange, string>;

/** Two sites that both hold a ticket run what needs it twice: nobody but the administrator knows about the other. */
export async function grant({ force, ...flags }: GrantFlags, ticket: string): Promise<void> {
  if (force) return change('grant')(flags, ticket);
  const what = `if another site still holds the ticket ${ticket}, what needs it will run twice and may ruin data`;
  const fix = `Make sure that it is revoked there, then: haven ticket grant ${ticket} --force`;
  throw new CommandFailure({ kind: 'unsafe', what, fix });
}

export const revoke = change('revoke');
export const standby = change('standby');
export const activate = change('activate');

export async function list(flags: AnswerFlags): Promise<void> {
  const tickets = ticketsOf(await new ClusterSession().document());
  show(flags, tickets, () =>
    tickets.length === 0
      ? ['no resource needs a ticket']
      : alignedRows(
          tickets.map(({ id, granted, standby: aside, lastGranted, neededBy }) => [
            id,
            granted ? (aside ? 'granted, in standby' : 'granted') : 'not granted',
            lastGranted === undefined ? '' : `last granted ${localTime(lastGranted * 1000)}`,
            neededBy.length === 0 ? '' : `needed by ${neededBy.join(', ')}`,
          ]),
          0,
        ),
  );
}

function change(how: TicketChange) {
  return (flags: ChangeFlags, ticket: string): Promise<void> =>
    new ClusterSession().command(flags, { kind: 'ticket', ticket, change: how }, `the ticket ${ticket} ${done[how]}`);
}

function ticketsOf(cib: XmlElement) {
  const constraints = constraintsIn(cib).filter(({ name }) => name === 'rsc_ticket');
  const states = childAt(cib, 'status', 'tickets')?.children ?? [];
  const ids = new Set([...constraints.map((each) => each.get('ticket')), ...states.map((state) => state.id)]);
  return [...ids].flatMap((id) => {
    if (id === undefined) return [];
    const state = states.find((each) => each.id === id);
    const last = state?.get('last-granted');
    const needing = constraints.filter((each) => each.get('ticket') === id);
    return {
      id,
      granted: isTrue(state?.get('granted')),
      standby: isTrue(state?.get('standby')),
      lastGranted: last === undefined ? undefined : Number(last),
      neededBy: needing.flatMap((each) => each.get('rsc') ?? membersOf(each)),
    };
  });
}

function membersOf(constraint: XmlElement): string[] {
  return constraint.childrenNamed('resource_set').flatMap((set) => set.children.flatMap(({ id }) => id ?? []));
}
