// Instances change state through their sync group; an instance in none is a group of its own, without a name. The
// member that saw the reason goes first, then the others follow in the same turn.
//
//   one member in FAULT   → all in FAULT, until the last fault of the last member is gone
//   one gives way         → all BACKUP
//   all have lost theirs  → all MASTER (a member waits, `masterDown`, while another still hears a master)
import { assert } from '../kit/index.ts';
import type { SyncGroupConfiguration } from './configuration.ts';
import { faultReasons, type Instance, isPending, log, type Turn } from './instance.ts';
import type { NotifiedState } from './notification.ts';
import { type BackupOptions, becomeBackup, becomeFault, becomeMaster } from './transition.ts';

export type SyncGroup = {
  /** undefined: the group of one. */
  configuration: SyncGroupConfiguration | undefined;
  members: Instance[];
};

/** To BACKUP: `first` as `options` say, the others for its reason. */
export function demote(group: SyncGroup, first: Instance, turn: Turn, options: BackupOptions): void {
  const others = { reason: `sync group: ${options.reason}` };
  moveTogether(group, first, turn, {
    state: 'BACKUP',
    enter: (member) => becomeBackup(member, turn, member === first ? options : others),
  });
}

/** `first` has lost its master: MASTER when every member has. */
export function promoteWhenAllReady(group: SyncGroup, first: Instance, turn: Turn, reason: string): void {
  first.masterDown = true;
  const ready = group.members.every((member) => member.status === 'MASTER' || member.masterDown);
  if (!ready) return;
  moveTogether(group, first, turn, {
    state: 'MASTER',
    enter: (member) => {
      if (member.status !== 'MASTER') becomeMaster(member, turn, reason);
    },
  });
}

/** After a change of faults or trackers of `first`: into FAULT, out of it, or as before. */
export function settleFaults(group: SyncGroup, first: Instance, turn: Turn): void {
  const [faulty] = group.members.filter((member) => faultReasons(member).length > 0);
  if (faulty !== undefined) {
    if (group.members.some((member) => member.status !== 'FAULT')) enterFault(group, faulty, turn);
    return;
  }
  if (group.members.some(isPending)) return;
  if (group.members.every((member) => member.status !== 'FAULT' && member.status !== 'INIT')) return;
  moveTogether(group, first, turn, {
    state: 'BACKUP',
    enter: (member) => becomeBackup(member, turn, { reason: 'no fault is left' }),
  });
}

/** What must hold between any two events. */
export function groupInvariants(group: SyncGroup): void {
  const [first, ...others] = group.members;
  if (first === undefined) return;
  const name = group.configuration?.name ?? first.configuration.name;
  for (const member of others)
    assert(member.status === first.status, `${name}: ${member.status} beside ${first.status}`);
  const faults = group.members.flatMap(faultReasons);
  const working = first.status === 'MASTER' || first.status === 'BACKUP';
  assert(!working || faults.length === 0, `${name}: ${first.status} although ${faults.join(', ')}`);
  const stuck = first.status === 'BACKUP' && group.members.every((member) => member.masterDown);
  assert(!stuck, `${name}: every master is down and nobody takes over`);
}

function enterFault(group: SyncGroup, first: Instance, turn: Turn): void {
  const reason = faultReasons(first).join(', ');
  moveTogether(group, first, turn, {
    state: 'FAULT',
    enter: (member) => {
      if (member.status !== 'FAULT') becomeFault(member, turn, member === first ? reason : `sync group: ${reason}`);
    },
  });
}

function moveTogether(
  group: SyncGroup,
  first: Instance,
  turn: Turn,
  move: { readonly state: 'MASTER' | 'BACKUP' | 'FAULT'; readonly enter: (member: Instance) => void },
): void {
  move.enter(first);
  const { configuration } = group;
  if (configuration === undefined) return;
  log(turn, 'info', `VRRP_Group(${configuration.name}) Syncing instances to ${move.state} state`);
  for (const member of group.members) if (member !== first) move.enter(member);
  notifyGroup(configuration, turn, move.state);
}

export function notifyGroup(configuration: SyncGroupConfiguration, turn: Turn, state: NotifiedState): void {
  const notification = { subject: 'GROUP', name: configuration.name, state, priority: 0 } as const;
  turn.effects.push({ kind: 'notify', notification });
}
