// The roles a resource can be in, as ordered numbers: comparisons such as "above Started" follow this order.

export const roles = { unknown: 0, stopped: 1, started: 2, unpromoted: 3, promoted: 4 } as const;

export type Role = (typeof roles)[keyof typeof roles];

const roleNames = ['Unknown', 'Stopped', 'Started', 'Unpromoted', 'Promoted'] as const;

export function formatRole(role: Role): string {
  return roleNames[role];
}

/**
 * The role `text` names in a CIB, in any letter case and in the old words `Master` and `Slave` too.
 * Nothing at all reads as Unknown; a word that names no role is undefined.
 */
export function parseRole(text: string | undefined): Role | undefined {
  switch (text?.toLowerCase()) {
    case undefined:
    case 'unknown':
      return roles.unknown;
    case 'stopped':
      return roles.stopped;
    case 'started':
      return roles.started;
    case 'unpromoted':
    case 'slave':
      return roles.unpromoted;
    case 'promoted':
    case 'master':
      return roles.promoted;
    default:
      return undefined;
  }
}
