// What the access control lists let a caller of the API do. Source: Pacemaker Explained, "Access Control Lists (ACLs)".
//
// Lists speak of the document only. What is not a change of the document is measured by it: forgetting results and setting
// transient attributes need write access to the status section; fencing, stopping a node and the like are for who is not
// restricted at all.
import { AccessMap, type Acl, childAt, forbiddenChanges, visiblePart, type XmlElement } from '../cib/index.ts';
import { applyEdit, type Edit } from '../controller/index.ts';
import type { Failure } from '../kit/index.ts';
import type { Command } from './types.ts';

/** Status, events and history show all of the document in other words: they are for who may read all of it. */
export function readRefusal(cib: XmlElement, acl: Acl): Failure | undefined {
  if (visiblePart(cib, acl) === cib) return undefined;
  return {
    kind: 'permission',
    what: 'the access control lists let you see a part of the document only',
    fix: 'See it with: haven cib query',
  };
}

/** Against the document of this moment: a list that changes while the edit waits for its turn counts from the next on. */
export function editRefusal(cib: XmlElement, acl: Acl, edit: Edit): Failure | undefined {
  if (acl === 'everything') return undefined;
  const edited = applyEdit(cib, edit);
  // What cannot be made at all is refused in better words where it would be made.
  if (!edited.ok) return undefined;
  const [first, ...others] = forbiddenChanges(cib, edited.value, acl);
  if (first === undefined) return undefined;
  const why = first.why ?? `${first.place.path ?? 'that place'} is not yours to change`;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return { kind: 'permission', what: `the access control lists forbid it: ${first.what}${more}`, why };
}

export function commandRefusal(cib: XmlElement, acl: Acl, { kind }: Command): Failure | undefined {
  if (acl === 'everything') return undefined;
  switch (kind) {
    case 'cleanup':
    case 'refresh':
    case 'ticket':
    case 'attribute': {
      const status = childAt(cib, 'status');
      if (status !== undefined && new AccessMap(cib, acl.permissions).accessTo(status) === 'write') return undefined;
      return forbidden(kind, 'it needs write access to the status section');
    }
    case 'fence':
    case 'remove-node':
    case 'confirm-fenced':
    case 'kill-test':
    case 'reschedule':
    case 'stop-node':
      return forbidden(kind, 'it is for root and hacluster');
  }
}

/** Whoever is let in may do everything. */
export function invitationRefusal(_cib: XmlElement, acl: Acl): Failure | undefined {
  return acl === 'everything' ? undefined : forbidden('invite', 'it is for root and hacluster');
}

function forbidden(kind: Command['kind'] | 'invite', why: string): Failure {
  return { kind: 'permission', what: `the access control lists forbid '${kind}'`, why };
}
