import assert from 'node:assert/strict';
import { test } from 'node:test';
import { childAt, parseXml, type XmlElement } from '../../cib/index.ts';
import { applyStatus } from '../../controller/index.ts';
import { ticketUpdates } from './ticket.ts';

const constraint = '<rsc_ticket id="t" rsc="web" ticket="east"/>';
const parsed = parseXml(`<cib><configuration><constraints>${constraint}</constraints></configuration><status/></cib>`);
assert.ok(parsed.ok);

function changed(cib: XmlElement, change: 'grant' | 'revoke' | 'standby' | 'activate'): XmlElement {
  const updates = ticketUpdates(cib, { kind: 'ticket', ticket: 'east', change }, 1_800_000_000);
  assert.ok(updates.ok);
  return updates.value.reduce(applyStatus, cib);
}

test('a ticket is granted, set aside and revoked, and remembers when it was last granted', () => {
  const state = (cib: XmlElement) =>
    Object.fromEntries(childAt(cib, 'status', 'tickets', 'ticket_state')?.attributes() ?? []);
  const granted = changed(parsed.value, 'grant');
  assert.deepEqual(state(granted), { id: 'east', granted: 'true', 'last-granted': '1800000000' });
  const aside = changed(granted, 'standby');
  assert.equal(state(aside).standby, 'true');
  assert.deepEqual(state(changed(changed(aside, 'activate'), 'revoke')), {
    ...{ id: 'east', granted: 'false', 'last-granted': '1800000000', standby: 'false' },
  });
});

test('a ticket that nothing needs is refused, with the nearest', () => {
  const refused = ticketUpdates(parsed.value, { kind: 'ticket', ticket: 'esat', change: 'grant' }, 0);
  assert.deepEqual(refused.ok ? undefined : refused.error.fix, "Did you mean 'east'?");
});
