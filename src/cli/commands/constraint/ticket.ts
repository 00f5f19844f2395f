import { type ChangeFlags, ClusterSession } from '../../cluster/session.ts';
import { ticketEdit } from '../../edits/constraint.ts';

type TicketFlags = ChangeFlags & { readonly id?: string; readonly role?: string; readonly lossPolicy?: string };

export async function ticket(flags: TicketFlags, name: string, resource: string): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  const { role, lossPolicy, id } = flags;
  const done = `${resource} needs the ticket ${name}`;
  const edits = [ticketEdit(document, { ticket: name, resource, role, lossPolicy, id })];
  await session.change(flags, { document, edits, done, unchanged: done });
}
