// Access control lists: roles with permissions, and the users and groups who have them. Ids are those of pcs(8).
// Source: Pacemaker Explained, "Access Control Lists".
import { queryXml, type XmlElement, xmlElement, xmlIndexOf } from '../../cib/index.ts';
import type { Edit } from '../../controller/index.ts';
import { CommandFailure } from '../../kit/index.ts';
import { assertFreeId, assertIdForm } from './names.ts';
import { additions, objectNamed, objectsIn, removalOf, replacementBy } from './section.ts';

export type Permission = {
  readonly kind: 'read' | 'write' | 'deny';
  /** An XPath, or the id of an object. */
  readonly to: { readonly xpath: string } | { readonly reference: string };
};

export type Holder = 'user' | 'group';

const kinds = ['read', 'write', 'deny'] as const;
const elementOf = { user: 'acl_target', group: 'acl_group' } as const;

/** `read xpath XPATH`, `write id ID`, one after the other. @throws CommandFailure `usage` */
export function permissionWords(words: readonly string[]): Permission[] {
  const permissions: Permission[] = [];
  for (let at = 0; at < words.length; at += 3) {
    const [kindWord, way, what] = words.slice(at, at + 3);
    const kind = kinds.find((each) => each === kindWord);
    if (kind === undefined || what === undefined || (way !== 'xpath' && way !== 'id')) {
      const fix = 'Write, for example: read xpath /cib, or: write id web';
      throw new CommandFailure({ kind: 'usage', what: `'${words.slice(at).join(' ')}' is no permission`, fix });
    }
    permissions.push({ kind, to: way === 'id' ? { reference: what } : { xpath: what } });
  }
  return permissions;
}

export type RoleRequest = {
  readonly role: string;
  readonly description: string | undefined;
  readonly permissions: readonly Permission[];
};

/** @throws CommandFailure for a name that is taken, an XPath that is none, and ids that there are not */
export function roleEdits(cib: XmlElement, { role, description, permissions }: RoleRequest): Edit[] {
  assertIdForm(role);
  assertFreeId(cib, role);
  const elements = permissionElements(cib, role, permissions);
  return additions(cib, 'acls', [xmlElement('acl_role', { id: role, description }, elements)]);
}

/** Whoever has the role loses it. @throws CommandFailure `not-found` */
export function roleRemovalEdits(cib: XmlElement, role: string): Edit[] {
  const element = roleNamed(cib, role);
  const holders = holdersIn(cib).filter((holder) => rolesOf(holder).includes(role));
  return [...holders.map((holder) => replacementBy(without(holder, role))), removalOf(element)];
}

/** @throws CommandFailure as `roleEdits` does */
export function permissionEdits(cib: XmlElement, role: string, permissions: readonly Permission[]): Edit[] {
  const element = roleNamed(cib, role);
  return [replacementBy(element.append(...permissionElements(cib, role, permissions)))];
}

/** By its id. @throws CommandFailure `not-found` */
export function permissionRemovalEdits(cib: XmlElement, id: string): Edit[] {
  const permissions = rolesIn(cib).flatMap((role) => role.childrenNamed('acl_permission'));
  return [removalOf(objectNamed(permissions, id, 'no permission'))];
}

/** A user or group of the system with these roles. @throws CommandFailure `exists`, `not-found` */
export function holderEdits(cib: XmlElement, kind: Holder, name: string, roles: readonly string[]): Edit[] {
  for (const role of roles) roleNamed(cib, role);
  if (holderNamed(cib, kind, name) !== undefined) {
    const fix = `Give it roles: haven acl role assign ROLE ${kind} ${name}`;
    throw new CommandFailure({ kind: 'exists', what: `the ${kind} ${name} is there already`, fix });
  }
  const given = [...new Set(roles)].map((id) => xmlElement('role', { id }));
  return additions(cib, 'acls', [xmlElement(elementOf[kind], { id: name }, given)]);
}

/** @throws CommandFailure `not-found` */
export function holderRemovalEdits(cib: XmlElement, kind: Holder, name: string): Edit[] {
  return [removalOf(existingHolder(cib, kind, name))];
}

/** The user or group is made when it is not there. @throws CommandFailure `not-found` */
export function assignmentEdits(cib: XmlElement, role: string, kind: Holder, name: string): Edit[] {
  roleNamed(cib, role);
  const holder = holderNamed(cib, kind, name);
  if (holder === undefined) return holderEdits(cib, kind, name, [role]);
  return rolesOf(holder).includes(role) ? [] : [replacementBy(holder.append(xmlElement('role', { id: role })))];
}

/** @throws CommandFailure `not-found`: the role, the holder, or that it has the role */
export function unassignmentEdits(cib: XmlElement, role: string, kind: Holder, name: string): Edit[] {
  roleNamed(cib, role);
  const holder = existingHolder(cib, kind, name);
  if (rolesOf(holder).includes(role)) return [replacementBy(without(holder, role))];
  const has = rolesOf(holder);
  const why = has.length === 0 ? 'it has no role at all' : `it has: ${has.join(', ')}`;
  throw new CommandFailure({ kind: 'not-found', what: `the ${kind} ${name} has no role ${role}`, why });
}

export type AclView = {
  readonly roles: readonly {
    readonly id: string;
    readonly description: string;
    readonly permissions: readonly string[];
  }[];
  readonly holders: readonly { readonly kind: Holder; readonly name: string; readonly roles: readonly string[] }[];
};

export function aclView(cib: XmlElement): AclView {
  return {
    roles: rolesIn(cib).map((role) => ({
      id: role.id ?? '',
      description: role.get('description') ?? '',
      permissions: role.childrenNamed('acl_permission').map(permissionText),
    })),
    holders: holdersIn(cib).map((holder) => ({
      kind: holder.name === elementOf.user ? 'user' : 'group',
      name: holder.get('name') ?? holder.id ?? '',
      roles: rolesOf(holder),
    })),
  };
}

function permissionText(permission: XmlElement): string {
  const [xpath, reference, type, attribute] = ['xpath', 'reference', 'object-type', 'attribute'].map((name) =>
    permission.get(name),
  );
  const to = xpath ?? (reference === undefined ? `every <${type}>` : `id ${reference}`);
  const part = attribute === undefined ? '' : `, attribute ${attribute}`;
  return `${permission.get('kind')} ${to}${part} (${permission.id})`;
}

function permissionElements(cib: XmlElement, role: string, permissions: readonly Permission[]): XmlElement[] {
  const taken = new Set<string>();
  return permissions.map(({ kind, to }) => {
    assertLeadsSomewhere(cib, to);
    const id = freePermissionId(cib, `${role}-${kind}`, taken);
    taken.add(id);
    return xmlElement('acl_permission', { id, kind, ...to });
  });
}

function freePermissionId(cib: XmlElement, base: string, taken: ReadonlySet<string>): string {
  const isFree = (id: string) => !taken.has(id) && xmlIndexOf(cib).allById(id).length === 0;
  for (let number = 0; ; number++) {
    const id = number === 0 ? base : `${base}-${number}`;
    if (isFree(id)) return id;
  }
}

function assertLeadsSomewhere(cib: XmlElement, to: Permission['to']): void {
  if ('reference' in to) {
    if (xmlIndexOf(cib).allById(to.reference).length > 0) return;
    throw new CommandFailure({ kind: 'not-found', what: `nothing in the document has the id '${to.reference}'` });
  }
  const found = queryXml(cib, to.xpath);
  if (found.ok) return;
  throw new CommandFailure({ kind: 'usage', what: `'${to.xpath}': ${found.error.what}` });
}

function rolesIn(cib: XmlElement): XmlElement[] {
  return objectsIn(cib, 'acls').filter(({ name }) => name === 'acl_role');
}

function roleNamed(cib: XmlElement, role: string): XmlElement {
  return objectNamed(rolesIn(cib), role, 'no role');
}

function holdersIn(cib: XmlElement): XmlElement[] {
  return objectsIn(cib, 'acls').filter(({ name }) => name === elementOf.user || name === elementOf.group);
}

function holderNamed(cib: XmlElement, kind: Holder, name: string): XmlElement | undefined {
  return holdersIn(cib).find((each) => each.name === elementOf[kind] && (each.get('name') ?? each.id) === name);
}

function existingHolder(cib: XmlElement, kind: Holder, name: string): XmlElement {
  const found = holderNamed(cib, kind, name);
  if (found !== undefined) return found;
  return objectNamed(
    holdersIn(cib).filter((each) => each.name === elementOf[kind]),
    name,
    `no ACL ${kind}`,
  );
}

function rolesOf(holder: XmlElement): string[] {
  return holder.childrenNamed('role').flatMap(({ id }) => id ?? []);
}

function without(holder: XmlElement, role: string): XmlElement {
  return holder.withNodes(holder.children.filter((each) => each.id !== role));
}
