// Access control lists: who may see and change what in the document. Source: Pacemaker Explained, "Access Control Lists
// (ACLs)"; the filtering follows what `cibadmin --query --user` shows.
//
// A permission names elements; it holds for them and everything below, until a permission further down says otherwise.
// Of several on one element, deny wins over write, and write over read. What nothing names is not accessible.
import type { Diagnostic } from '../../kit/index.ts';
import { queryXml } from '../query/query.ts';
import { isTrue } from '../values/scalar.ts';
import type { XmlElement } from '../xml/element.ts';
import { childAt, type XmlIndex, xmlIndexOf } from '../xml/navigation.ts';

export type Access = 'deny' | 'read' | 'write';

/** Who asks: a user by name, with the groups the user is in. */
export type Subject = { readonly user: string; readonly groups: readonly string[] };

/** The users who may do everything whatever the lists say. */
export const unrestrictedUsers: readonly string[] = ['root', 'hacluster'];

export type Permission = {
  readonly kind: Access;
  /** The elements it is about. */
  readonly xpath: string;
  readonly written: XmlElement;
};

/** What a subject may do; 'everything' when lists are off or do not apply. */
export type Acl = 'everything' | { readonly permissions: readonly Permission[] };

/** The subject's permissions as the document grants them. Lists count only when the option enable-acl is on. */
export function aclFor(cib: XmlElement, subject: Subject): Acl {
  if (unrestrictedUsers.includes(subject.user) || !isEnabled(cib)) return 'everything';
  const acls = childAt(cib, 'configuration', 'acls');
  const entries = (acls?.children ?? []).filter((entry) => {
    const name = entry.get('name') ?? entry.id ?? '';
    if (entry.name === 'acl_target') return name === subject.user;
    return entry.name === 'acl_group' && subject.groups.includes(name);
  });
  const roleIds = new Set(entries.flatMap((entry) => entry.childrenNamed('role').map(({ id }) => id)));
  const roles = (acls?.childrenNamed('acl_role') ?? []).filter(({ id }) => id !== undefined && roleIds.has(id));
  const written = roles.flatMap((role) => role.childrenNamed('acl_permission'));
  return { permissions: written.map(permissionOf).filter((permission) => permission !== undefined) };
}

/** Any set may switch lists on: when in doubt, access is checked. */
function isEnabled(cib: XmlElement): boolean {
  const sets = childAt(cib, 'configuration', 'crm_config')?.childrenNamed('cluster_property_set') ?? [];
  return sets.some((set) =>
    set.childrenNamed('nvpair').some((nvpair) => nvpair.get('name') === 'enable-acl' && isTrue(nvpair.get('value'))),
  );
}

function permissionOf(written: XmlElement): Permission | undefined {
  const kind = written.get('kind');
  if (kind !== 'deny' && kind !== 'read' && kind !== 'write') return undefined;
  const xpath = xpathOf(written);
  return xpath === undefined ? undefined : { kind, xpath, written };
}

function xpathOf(permission: XmlElement): string | undefined {
  const [reference, type] = [permission.get('reference'), permission.get('object-type')];
  if (reference !== undefined) return `//*[@id=${reference.includes("'") ? `"${reference}"` : `'${reference}'`}]`;
  if (type === undefined) return permission.get('xpath');
  const attribute = permission.get('attribute');
  return attribute === undefined ? `//${type}` : `//${type}[@${attribute}]`;
}

/**
 * A document seen through permissions. A permission whose XPath is none is reported in `problems`: it grants nothing,
 * and if it was meant to deny, everything is denied.
 */
export class AccessMap {
  readonly problems: readonly Diagnostic[];
  readonly #explicit = new Map<XmlElement, Access>();
  readonly #index: XmlIndex;
  readonly #deniesAll: boolean;

  constructor(cib: XmlElement, permissions: readonly Permission[]) {
    this.#index = xmlIndexOf(cib);
    const problems: Diagnostic[] = [];
    let deniesAll = false;
    for (const { kind, xpath, written } of permissions) {
      // The document itself is no element: what is said of it is said of everything.
      const selected = queryXml(cib, xpath.trim() === '/' ? '/*' : xpath);
      if (selected.ok) {
        for (const element of selected.value) this.#explicit.set(element, stronger(this.#explicit.get(element), kind));
      } else {
        problems.push({ ...selected.error, place: { path: `//acl_permission[@id='${written.id ?? ''}']` } });
        deniesAll ||= kind === 'deny';
      }
    }
    this.problems = problems;
    this.#deniesAll = deniesAll;
  }

  /** What holds for the element: its own permission, else the nearest above it. */
  accessTo(element: XmlElement): Access {
    if (this.#deniesAll) return 'deny';
    let at: XmlElement | undefined = element;
    while (at !== undefined) {
      const explicit = this.#explicit.get(at);
      if (explicit !== undefined) return explicit;
      at = this.#index.parentOf(at);
    }
    return 'deny';
  }
}

const strength: readonly Access[] = ['read', 'write', 'deny'];

function stronger(present: Access | undefined, added: Access): Access {
  return present !== undefined && strength.indexOf(present) > strength.indexOf(added) ? present : added;
}
