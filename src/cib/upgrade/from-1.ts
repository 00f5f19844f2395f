// 1.3 → 2.0: access control lists got targets, kinds and object types.
import { rewriteElements } from '../xml/edit.ts';
import { type XmlElement, xmlElement } from '../xml/element.ts';
import type { UpgradeNotes } from './notes.ts';

const kinds = ['read', 'write', 'deny'];

export function upgradeFrom1(root: XmlElement, notes: UpgradeNotes): XmlElement {
  return rewriteElements(root, (element) => (element.name === 'acls' ? upgradeAcls(element, notes) : element)) ?? root;
}

function upgradeAcls(acls: XmlElement, notes: UpgradeNotes): XmlElement {
  const ownRoles: XmlElement[] = [];
  const upgraded = acls.children.map((entry) => {
    if (entry.name === 'acl_role') return entry.withNodes(entry.children.map(permissionOf));
    if (entry.name !== 'acl_user') return entry;
    notes.add('info', entry, 'acl_user is now acl_target; its own permissions become a role of its own');
    return targetOf(entry, ownRoles);
  });
  return acls.withNodes([...upgraded, ...ownRoles]);
}

function targetOf(user: XmlElement, ownRoles: XmlElement[]): XmlElement {
  const roles = user.childrenNamed('role_ref').map((reference) => reference.renamed('role'));
  const permissions = user.children.filter(({ name }) => kinds.includes(name)).map(permissionOf);
  if (permissions.length > 0) {
    const id = `auto-${user.id ?? ''}`;
    ownRoles.push(xmlElement('acl_role', { id }, permissions));
    roles.push(xmlElement('role', { id }));
  }
  return user.renamed('acl_target').withNodes(roles);
}

function permissionOf(rule: XmlElement): XmlElement {
  if (!kinds.includes(rule.name)) return rule;
  return xmlElement('acl_permission', {
    id: rule.id,
    kind: rule.name,
    xpath: rule.get('xpath'),
    reference: rule.get('ref'),
    'object-type': rule.get('tag'),
    attribute: rule.get('attribute'),
  });
}
