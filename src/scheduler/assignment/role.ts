// The role of a resource that consists of others is the highest among them.

import { visitPrimitives } from '../configuration/tree.ts';
import { type Resource, type Role, roles } from '../model/index.ts';

export function nextRoleOf(resource: Resource): Role {
  return highest(resource, 'nextRole');
}

export function currentRoleOf(resource: Resource): Role {
  return highest(resource, 'currentRole');
}

function highest(resource: Resource, which: 'currentRole' | 'nextRole'): Role {
  if (resource.variant === 'primitive') return resource[which];
  let role: Role = roles.unknown;
  visitPrimitives(resource, (primitive) => {
    if (primitive[which] > role) role = primitive[which];
  });
  return role;
}
