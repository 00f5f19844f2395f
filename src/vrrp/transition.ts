// The three states an instance can be moved to, and what each move costs on the wire (RFC 9568 §6.4, RFC 3768 §6.4).
import { suspect } from './address-conflict.ts';
import { type Instance, logOf, recordTransition, setTimers, type Timers, type Turn } from './instance.ts';
import type { NotifiedState } from './notification.ts';
import { masterDownMs, skewMs } from './timing.ts';

/** Priority-0 adverts on the way into FAULT; Keepalived sends two, which covers the loss of one. */
const faultFarewells = 2;

export function becomeMaster(instance: Instance, turn: Turn, reason: string): void {
  recordTransition(instance, turn, 'MASTER', reason);
  logOf(instance, turn, 'info', 'Entering MASTER STATE');
  resetHearing(instance);
  instance.owesAnswer = false;
  instance.statistics.becameMaster++;
  const { announcement, advertIntervalMs } = instance.configuration;
  setTimers(instance, {
    advertMs: turn.nowMs + advertIntervalMs,
    ...startAnnouncing(instance, turn),
    ...suspect(instance, turn),
  });
  advertise(instance, turn, instance.effectivePriority);
  logHoldings(instance, turn, 'setting');
  turn.effects.push({ kind: 'acquire', instance: instance.configuration.name });
  announce(instance, turn, announcement.masterRepeat);
  notify(instance, turn, 'MASTER');
}

/**
 * How BACKUP begins: `intervalMs` is the new master's (version 3 learns it), `waitMs` replaces the Master_Down_Interval,
 * `farewell` tells the others that nobody has the address.
 */
export type BackupOptions = {
  readonly reason: string;
  readonly intervalMs?: number;
  readonly waitMs?: number;
  readonly farewell?: 'priority-0';
};

/** To BACKUP; from MASTER the addresses go. */
export function becomeBackup(instance: Instance, turn: Turn, options: BackupOptions): void {
  const { status } = instance;
  recordTransition(instance, turn, 'BACKUP', options.reason);
  const atStart = options.reason === startReason ? ' (init)' : '';
  logOf(instance, turn, 'info', `Entering BACKUP STATE${atStart}`);
  resetHearing(instance);
  instance.masterIntervalMs = options.intervalMs ?? instance.configuration.advertIntervalMs;
  if (options.farewell !== undefined) sayFarewell(instance, turn, 1);
  if (status === 'MASTER') release(instance, turn);
  setTimers(instance, { masterDownMs: turn.nowMs + (options.waitMs ?? masterDownOf(instance)) });
  notify(instance, turn, 'BACKUP');
}

/** The reason of the first BACKUP after start, which the log marks `(init)`. */
export const startReason = 'start';

export function becomeFault(instance: Instance, turn: Turn, reason: string): void {
  const { status } = instance;
  recordTransition(instance, turn, 'FAULT', reason);
  logOf(instance, turn, 'info', 'Entering FAULT STATE');
  resetHearing(instance);
  setTimers(instance, {});
  if (status === 'MASTER') {
    instance.owesAnswer = isUnplugged(instance);
    sayFarewell(instance, turn, faultFarewells);
    release(instance, turn);
  }
  notify(instance, turn, 'FAULT');
}

/** Shutdown (RFC 9568 §6.4.2 and §6.4.3), or removal by a reload: back to INIT, nothing held. */
export function retire(instance: Instance, turn: Turn, farewell: { reason: string; state: NotifiedState }): void {
  const { status } = instance;
  recordTransition(instance, turn, 'INIT', farewell.reason);
  resetHearing(instance);
  setTimers(instance, {});
  if (status === 'MASTER') {
    sayFarewell(instance, turn, 1);
    release(instance, turn);
  }
  notify(instance, turn, farewell.state);
}

export function advertise(instance: Instance, turn: Turn, priority: number): void {
  if (priority === 0) instance.statistics.priorityZeroSent++;
  else instance.statistics.advertSent++;
  turn.effects.push({ kind: 'advertise', instance: instance.configuration.name, priority });
}

export function announce(
  instance: Instance,
  turn: Turn,
  repeat: number,
  scope: 'all' | 'extra-interfaces' = 'all',
): void {
  if (repeat > 0) turn.effects.push({ kind: 'announce', instance: instance.configuration.name, repeat, scope });
}

export function notify(instance: Instance, turn: Turn, state: NotifiedState): void {
  const { name } = instance.configuration;
  const notification = { subject: 'INSTANCE', name, state, priority: instance.effectivePriority } as const;
  turn.effects.push({ kind: 'notify', notification });
}

/** The announcements after the first burst of a master. */
export function startAnnouncing(instance: Instance, turn: Turn): Partial<Timers> {
  const { announcement } = instance.configuration;
  instance.burstRepeat = announcement.masterRepeat;
  return {
    burstMs: later(turn, announcement.masterDelayMs),
    refreshMs: later(turn, announcement.masterRefreshMs),
    extraRefreshMs: later(turn, announcement.extraInterfaceMs),
  };
}

/** Keepalived's lines about what a master holds. */
export function logHoldings(instance: Instance, turn: Turn, verb: 'setting' | 'removing'): void {
  const { virtualAddresses, excludedAddresses, virtualRoutes, virtualRules } = instance.configuration;
  if (virtualAddresses.length > 0) logOf(instance, turn, 'detail', `${verb} VIPs.`);
  if (excludedAddresses.length > 0) logOf(instance, turn, 'detail', `${verb} E-VIPs.`);
  if (virtualRoutes.length > 0) logOf(instance, turn, 'detail', `${verb} Virtual Routes`);
  if (virtualRules.length > 0) logOf(instance, turn, 'detail', `${verb} Virtual Rules`);
}

export function masterDownOf(instance: Instance): number {
  return masterDownMs(instance.configuration, instance.effectivePriority, instance.masterIntervalMs);
}

export function skewOf(instance: Instance): number {
  return skewMs(instance.configuration.version, instance.effectivePriority, instance.masterIntervalMs);
}

function sayFarewell(instance: Instance, turn: Turn, adverts: number): void {
  for (let sent = 0; sent < adverts; sent++) advertise(instance, turn, 0);
  logOf(instance, turn, 'info', 'sent 0 priority');
}

function release(instance: Instance, turn: Turn): void {
  instance.statistics.releasedMaster++;
  instance.conflicts = [];
  logHoldings(instance, turn, 'removing');
  turn.effects.push({ kind: 'release', instance: instance.configuration.name });
}

function resetHearing(instance: Instance): void {
  instance.masterDown = false;
  instance.lateness = 'none';
  instance.lateWaits = 0;
  instance.preemptAtMs = undefined;
}

function isUnplugged({ trackers, configuration }: Instance): boolean {
  return trackers.some(
    ({ kind, reference, report }) =>
      kind === 'interface' && reference.name === configuration.interface && report.kind === 'down',
  );
}

/** 0 means never, as in the configuration. */
function later(turn: Turn, delayMs: number): number {
  return delayMs > 0 ? turn.nowMs + delayMs : Number.POSITIVE_INFINITY;
}
