import { CommandFailure } from '../../../kit/index.ts';
import { type AnswerFlags, type ChangeFlags, type ChangeRequest, ClusterSession, show } from '../../cluster/session.ts';
import {
  aclView,
  assignmentEdits,
  type Holder,
  holderEdits,
  holderRemovalEdits,
  permissionEdits,
  permissionRemovalEdits,
  permissionWords,
  roleEdits,
  roleRemovalEdits,
  unassignmentEdits,
} from '../../edits/acl.ts';
import { propertiesOf, propertyEdits } from '../../edits/property.ts';

export const enable = (flags: ChangeFlags) => setEnforced(flags, 'true');
export const disable = (flags: ChangeFlags) => setEnforced(flags, 'false');

type RoleFlags = ChangeFlags & { readonly description?: string };

export async function createRole(
  { description, ...flags }: RoleFlags,
  role: string,
  ...words: string[]
): Promise<void> {
  const permissions = permissionWords(words);
  await change(flags, (cib) => ({
    edits: roleEdits(cib, { role, description, permissions }),
    done: `${role} is a role${permissions.length === 0 ? ' without permissions: haven acl permission add' : ''}`,
  }));
}

export async function deleteRole(flags: ChangeFlags, role: string): Promise<void> {
  await change(flags, (cib) => ({ edits: roleRemovalEdits(cib, role), done: `deleted: the role ${role}` }));
}

/** `to` and `from` may be written, as pcs has it. */
export async function assign(flags: ChangeFlags, role: string, ...words: string[]): Promise<void> {
  const { kind, name } = holderWords(words, 'to');
  await change(flags, (cib) => ({
    edits: assignmentEdits(cib, role, kind, name),
    done: `the ${kind} ${name} has the role ${role}`,
  }));
}

export async function unassign(flags: ChangeFlags, role: string, ...words: string[]): Promise<void> {
  const { kind, name } = holderWords(words, 'from');
  await change(flags, (cib) => ({
    edits: unassignmentEdits(cib, role, kind, name),
    done: `the ${kind} ${name} has the role ${role} no longer`,
  }));
}

export const creationOf =
  (kind: Holder) =>
  async (flags: ChangeFlags, name: string, ...roles: string[]) => {
    const has =
      roles.length === 0
        ? 'no role, so it may do nothing'
        : `the role${roles.length === 1 ? '' : 's'} ${roles.join(', ')}`;
    await change(flags, (cib) => ({
      edits: holderEdits(cib, kind, name, roles),
      done: `the ${kind} ${name} has ${has}`,
    }));
  };

export const deletionOf = (kind: Holder) => async (flags: ChangeFlags, name: string) => {
  await change(flags, (cib) => ({ edits: holderRemovalEdits(cib, kind, name), done: `deleted: the ${kind} ${name}` }));
};

export async function addPermission(flags: ChangeFlags, role: string, ...words: string[]): Promise<void> {
  const permissions = permissionWords(words);
  await change(flags, (cib) => ({ edits: permissionEdits(cib, role, permissions), done: `${role} is changed` }));
}

export async function deletePermission(flags: ChangeFlags, id: string): Promise<void> {
  await change(flags, (cib) => ({ edits: permissionRemovalEdits(cib, id), done: `deleted: ${id}` }));
}

export async function list(flags: AnswerFlags): Promise<void> {
  const document = await new ClusterSession().document();
  const enforced = propertiesOf(document).get('enable-acl') === 'true';
  const { roles, holders } = aclView(document);
  show(flags, { enforced, roles, holders }, () => [
    enforced ? 'ACLs are enforced' : 'ACLs are not enforced: haven acl enable',
    ...holders.map(({ kind, name, roles: has }) => `${kind} ${name}: ${has.join(', ') || 'no role'}`),
    ...roles.flatMap(({ id, description, permissions }) => [
      `role ${id}${description === '' ? '' : `: ${description}`}`,
      ...permissions.map((each) => `  ${each}`),
    ]),
  ]);
}

async function setEnforced(flags: ChangeFlags, value: 'true' | 'false'): Promise<void> {
  const done = value === 'true' ? 'ACLs are enforced' : 'ACLs are not enforced';
  await change(flags, (cib) => ({ edits: propertyEdits(cib, new Map([['enable-acl', value]])), done }));
}

async function change(
  flags: ChangeFlags,
  changeOf: (document: ChangeRequest['document']) => Pick<ChangeRequest, 'edits' | 'done'>,
): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  const { edits, done } = changeOf(document);
  await session.change(flags, { document, edits, done, unchanged: done });
}

/** `[to] [user|group] NAME`; a name alone is a user's. */
function holderWords(words: readonly string[], link: 'to' | 'from'): { readonly kind: Holder; readonly name: string } {
  const rest = words[0] === link && words.length > 1 ? words.slice(1) : words;
  const [first = '', second, ...others] = rest;
  if (second === undefined) return { kind: 'user', name: first };
  if ((first === 'user' || first === 'group') && others.length === 0) return { kind: first, name: second };
  const fix = `Write: ROLE ${link} user NAME, or: ROLE ${link} group NAME`;
  throw new CommandFailure({ kind: 'usage', what: `'${words.join(' ')}' names no user or group`, fix });
}
