// `haven acl`: who may see and change which part of the document.
import { buildCommand, buildRouteMap } from '@stricli/core';
import { changeFlags, jsonFlag, wordsOf } from '../../cluster/flags.ts';

const one = (placeholder: string, brief: string) =>
  ({ kind: 'tuple', parameters: [{ parse: String, placeholder, brief }] }) as const;
const permissions = '(read|write|deny) (xpath XPATH | id ID) …';

const role = buildRouteMap({
  routes: {
    create: buildCommand({
      loader: async () => (await import('./acl.ts')).createRole,
      parameters: {
        flags: {
          ...changeFlags,
          description: { kind: 'parsed', parse: String, optional: true, placeholder: 'TEXT', brief: 'What it is for' },
        },
        positional: wordsOf('ROLE, then permissions', 1),
      },
      docs: { brief: 'Make a role', customUsage: [`ROLE [${permissions}]`, 'operator read xpath /cib write id web'] },
    }),
    delete: buildCommand({
      loader: async () => (await import('./acl.ts')).deleteRole,
      parameters: { flags: changeFlags, positional: one('ROLE', 'Id of a role') },
      docs: { brief: 'Delete a role; whoever has it loses it' },
    }),
    assign: buildCommand({
      loader: async () => (await import('./acl.ts')).assign,
      parameters: { flags: changeFlags, positional: wordsOf('ROLE [to] [user|group] NAME', 2) },
      docs: { brief: 'Give a role to a user or group', customUsage: ['ROLE [to] [user|group] NAME'] },
    }),
    unassign: buildCommand({
      loader: async () => (await import('./acl.ts')).unassign,
      parameters: { flags: changeFlags, positional: wordsOf('ROLE [from] [user|group] NAME', 2) },
      docs: { brief: 'Take a role from a user or group', customUsage: ['ROLE [from] [user|group] NAME'] },
    }),
  },
  docs: { brief: 'Roles: create, delete, assign, unassign' },
});

const permission = buildRouteMap({
  routes: {
    add: buildCommand({
      loader: async () => (await import('./acl.ts')).addPermission,
      parameters: { flags: changeFlags, positional: wordsOf('ROLE, then permissions', 4) },
      docs: { brief: 'Let a role see or change more, or deny it', customUsage: [`ROLE ${permissions}`] },
    }),
    delete: buildCommand({
      loader: async () => (await import('./acl.ts')).deletePermission,
      parameters: { flags: changeFlags, positional: one('ID', 'Id of a permission, as list shows it') },
      docs: { brief: 'Delete a permission' },
    }),
  },
  docs: { brief: 'Permissions of roles: add, delete' },
});

const holder = (kind: 'user' | 'group') =>
  buildRouteMap({
    routes: {
      create: buildCommand({
        loader: async () => (await import('./acl.ts')).creationOf(kind),
        parameters: { flags: changeFlags, positional: wordsOf('NAME, then roles', 1) },
        docs: { brief: `Restrict a ${kind} of the system to roles`, customUsage: ['NAME [ROLE …]'] },
      }),
      delete: buildCommand({
        loader: async () => (await import('./acl.ts')).deletionOf(kind),
        parameters: { flags: changeFlags, positional: one('NAME', `Name of the ${kind}`) },
        docs: { brief: `Take a ${kind} out of the lists` },
      }),
    },
    docs: { brief: `ACLs of ${kind}s: create, delete` },
  });

const simple = (name: 'enable' | 'disable', brief: string) =>
  buildCommand({
    loader: async () => (await import('./acl.ts'))[name],
    parameters: { flags: changeFlags },
    docs: { brief },
  });

export const aclRoutes = buildRouteMap({
  routes: {
    enable: simple('enable', 'Enforce the lists: users without a role see nothing; root is free'),
    disable: simple('disable', 'Do not enforce the lists'),
    role,
    permission,
    user: holder('user'),
    group: holder('group'),
    list: buildCommand({
      loader: async () => (await import('./acl.ts')).list,
      parameters: { flags: { json: jsonFlag } },
      docs: { brief: 'Show roles, users and groups' },
    }),
  },
  defaultCommand: 'list',
  docs: { brief: 'Access control lists: who may see and change what' },
});
