// The start of groups, and the reload that lets everything unchanged go on.
import type { InstanceConfiguration, VrrpConfiguration } from './configuration.ts';
import { faultReasons, type Instance, isPending, logOf, setTimers, type Turn } from './instance.ts';
import { adopt, type Router } from './population.ts';
import { notifyGroup, type SyncGroup, settleFaults } from './sync-group.ts';
import { effectivePriority } from './tracker.ts';
import { becomeBackup, logHoldings, notify, retire, skewOf, startReason } from './transition.ts';

/** BACKUP for those that can work, FAULT for those that cannot, INIT until the first results of their trackers. */
export function startGroup(group: SyncGroup, turn: Turn): void {
  for (const member of group.members) {
    logHoldings(member, turn, 'removing');
    turn.effects.push({ kind: 'release', instance: member.configuration.name });
  }
  const [faulty] = group.members.filter((member) => faultReasons(member).length > 0);
  if (faulty !== undefined) {
    settleFaults(group, faulty, turn);
    return;
  }
  if (group.members.some(isPending)) return;
  if (group.configuration !== undefined) notifyGroup(group.configuration, turn, 'BACKUP');
  for (const member of group.members) {
    // RFC 9568 §6.4.1: the owner does not wait for a master; Keepalived asks for both words.
    const owner = member.configuration.priority === 255 && member.configuration.wantedState === 'MASTER';
    becomeBackup(member, turn, { reason: startReason, ...(owner ? { waitMs: skewOf(member) } : {}) });
  }
}

/**
 * A reload: instances of the same name, interface, VRID, version and family go on in their state with the new values;
 * the others end or begin. Nothing blinks that did not change.
 */
export function reconfigure(router: Router, turn: Turn, configuration: VrrpConfiguration): void {
  const wanted = new Map(configuration.instances.map((instance) => [instance.name, instance]));
  for (const [name, instance] of router.instances) {
    const next = wanted.get(name);
    if (next !== undefined && isSameRouter(instance.configuration, next)) continue;
    const state = instance.configuration.notify.deleted ? 'DELETED' : 'FAULT';
    retire(instance, turn, { reason: 'removed by a reload', state });
    router.instances.delete(name);
  }
  router.configuration = configuration;
  const previous = new Map([...router.instances.values()].map((instance) => [instance, instance.configuration]));
  adopt(router, configuration);
  if (router.phase !== 'running') return;
  for (const group of router.groups) resumeGroup(group, previous, turn);
}

function isSameRouter(left: InstanceConfiguration, right: InstanceConfiguration): boolean {
  return (
    left.interface === right.interface &&
    left.virtualRouterId === right.virtualRouterId &&
    left.version === right.version &&
    left.family === right.family &&
    JSON.stringify(left.virtualMac) === JSON.stringify(right.virtualMac) &&
    JSON.stringify(left.addressMacs) === JSON.stringify(right.addressMacs)
  );
}

/** Members that go on, and members that are new or have changed group. */
function resumeGroup(group: SyncGroup, previous: ReadonlyMap<Instance, InstanceConfiguration>, turn: Turn): void {
  for (const member of group.members) {
    const before = previous.get(member);
    if (before === undefined) continue;
    reweigh(member, turn);
    if (member.status === 'MASTER' && JSON.stringify(before) !== JSON.stringify(member.configuration))
      turn.effects.push({ kind: 'update', instance: member.configuration.name, previous: before });
  }
  const statuses = new Set(group.members.map((member) => member.status));
  const [first] = group.members;
  if (first === undefined) return;
  if (statuses.size === 1 && !statuses.has('INIT')) {
    settleFaults(group, first, turn);
    return;
  }
  // A group of new members, or put together from members in different states, begins as BACKUP.
  for (const member of group.members)
    if (member.status === 'MASTER')
      becomeBackup(member, turn, { reason: 'its sync group changed', farewell: 'priority-0' });
  for (const member of group.members) rest(member);
  startGroup(group, turn);
}

function rest(member: Instance): void {
  member.status = 'INIT';
  member.masterDown = false;
  setTimers(member, {});
}

/** The effective priority after trackers or configuration changed. The next advert carries it; none is sent for it. */
export function reweigh(instance: Instance, turn: Turn): void {
  const contributions = instance.trackers.map((tracker) => tracker.contribution);
  const priority = effectivePriority(instance.configuration.priority, contributions);
  if (priority === instance.effectivePriority) return;
  const change = `Changing effective priority from ${instance.effectivePriority} to ${priority}`;
  // In FAULT nobody is told a priority; Keepalived is silent too, and this line is looked for in logs.
  if (instance.status !== 'FAULT') logOf(instance, turn, 'info', change);
  instance.effectivePriority = priority;
  if (!instance.configuration.notify.priorityChanges) return;
  if (instance.status === 'MASTER') notify(instance, turn, 'MASTER_PRIORITY');
  if (instance.status === 'BACKUP') notify(instance, turn, 'BACKUP_PRIORITY');
}
