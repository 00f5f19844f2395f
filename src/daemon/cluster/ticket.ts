// Granting and revoking tickets by hand, as crm_ticket(8) does: the state of a ticket stands in the status section.
import type { Command } from '../../api/index.ts';
import { childAt, type XmlElement } from '../../cib/index.ts';
import type { StatusUpdate } from '../../controller/index.ts';
import { err, type Failure, nearest, ok, type Result } from '../../kit/index.ts';

type TicketCommand = Extract<Command, { kind: 'ticket' }>;

/** A ticket that neither a constraint nor the status section names is taken for a slip of the pen. */
export function ticketUpdates(
  cib: XmlElement,
  { ticket: id, change }: TicketCommand,
  nowSeconds: number,
): Result<StatusUpdate[], Failure> {
  const wanted = (childAt(cib, 'configuration', 'constraints')?.childrenNamed('rsc_ticket') ?? []).flatMap(
    (each) => each.get('ticket') ?? [],
  );
  const known = (childAt(cib, 'status', 'tickets')?.children ?? []).flatMap((each) => each.id ?? []);
  const names = [...new Set([...wanted, ...known])];
  if (!names.includes(id)) return err(unknownTicket(id, names));
  return ok([{ kind: 'ticket', id, attributes: attributesOf(change, nowSeconds) }]);
}

function attributesOf(change: TicketCommand['change'], nowSeconds: number): Record<string, string> {
  switch (change) {
    case 'grant':
      return { granted: 'true', 'last-granted': String(nowSeconds) };
    case 'revoke':
      return { granted: 'false' };
    case 'standby':
      return { standby: 'true' };
    case 'activate':
      return { standby: 'false' };
  }
}

function unknownTicket(id: string, names: readonly string[]): Failure {
  const near = nearest(id, names);
  const fix =
    near === undefined ? `haven constraint ticket ${id} RESOURCE makes one need it` : `Did you mean '${near}'?`;
  return { kind: 'not-found', what: `no resource needs a ticket '${id}'`, fix };
}
