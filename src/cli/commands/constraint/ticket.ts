import { type ChangeFlags, ClusterSession } from '../../cluster/session.ts';
import { setEdit, ticketEdit } from '../../edits/constraint.ts';
import { setWords } from '../../edits/constraint-set.ts';

type TicketFlags = ChangeFlags & { readonly id?: string; readonly role?: string; readonly lossPolicy?: string };

export async function ticket(flags: TicketFlags, name: string, resource: string, ...others: string[]): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  const { role, lossPolicy, id } = flags;
  const done = `${[resource, ...others].join(' ')} needs the ticket ${name}`;
  const edit =
    resource === 'set'
      ? setEdit(document, 'rsc_ticket', setWords([resource, ...others]), {
          ticket: name,
          'loss-policy': lossPolicy,
          id,
        })
      : ticketEdit(document, { ticket: name, resource, role, lossPolicy, id });
  await session.change(flags, { document, edits: [edit], done, unchanged: done });
}
