// What an advertisement or a timer means in each state (RFC 9568 §6.4, RFC 3768 §6.4), with three departures:
//
//   - A master that gives way to an advert answers it with a lower one. After a healed split the winner may never have heard
//     the loser, and would not know that the network's ARP entries point elsewhere; hearing a lower one it announces again.
//     A backup that lost the address with its link answers likewise, once.
//   - A machine that ran so late that others may have judged it dead listens before it speaks, and gives the address up
//     to whoever speaks. So does a backup whose master-down timer fired late: it was not listening meanwhile.
//   - Priority 0 on one leg of a sync group counts for every leg: its sender left them all.
import { compareAddresses, formatAddress } from './address.ts';
import { expireProbe, suspect, suspectHandover } from './address-conflict.ts';
import { changeTimers, type Instance, logOf, recordPeer, setTimers, type Turn } from './instance.ts';
import { demote, promoteWhenAllReady, type SyncGroup } from './sync-group.ts';
import { advertise, announce, masterDownOf, notify, skewOf, startAnnouncing } from './transition.ts';

/** A machine that is late every time must still become master when there is no other. */
const lateWaitsMax = 3;

export type HeardAdvert = {
  readonly source: Uint8Array;
  readonly priority: number;
  readonly intervalMs: number;
};

/** An advertisement for `instance`; in INIT and FAULT it is only remembered. */
export function hear(group: SyncGroup, instance: Instance, turn: Turn, advert: HeardAdvert): void {
  const address = textOf(advert.source);
  instance.statistics.advertReceived++;
  if (advert.priority === 0) instance.statistics.priorityZeroReceived++;
  recordPeer(instance, { address, priority: advert.priority, intervalMs: advert.intervalMs }, turn.nowMs);
  if (instance.status === 'BACKUP') hearAsBackup(group, instance, turn, { ...advert, address });
  if (instance.status === 'MASTER') hearAsMaster(group, instance, turn, { ...advert, address });
}

/** Whatever of this instance is due now. */
export function expire(group: SyncGroup, instance: Instance, turn: Turn): void {
  const { timers } = instance;
  if (instance.nextMs > turn.nowMs) return;
  if (timers.masterDownMs <= turn.nowMs) expireMasterDown(group, instance, turn);
  else if (timers.advertMs <= turn.nowMs) expireAdvert(instance, turn);
  expireAnnouncements(instance, turn);
  if (timers.probeMs <= turn.nowMs) expireProbe(instance, turn);
}

/**
 * Before anything else of a turn: has this master been silent for so long that a backup may have taken over (SIGSTOP, a
 * frozen virtual machine, a starved thread)? Then it only listens, for one advertisement and its skew.
 */
export function noticeSilence(instance: Instance, turn: Turn): void {
  if (instance.status !== 'MASTER' || instance.lateness === 'waking') return;
  const { advertIntervalMs, downTimerAdverts } = instance.configuration;
  const silentMs = turn.nowMs - (instance.timers.advertMs - advertIntervalMs);
  if (silentMs < downTimerAdverts * advertIntervalMs) return;
  instance.lateness = 'waking';
  setTimers(instance, { advertMs: turn.nowMs + advertIntervalMs + skewOf(instance) });
  const late = `was not running for ${Math.round(silentMs - advertIntervalMs)} ms: listening before advertising again`;
  logOf(instance, turn, 'warning', late);
}

/** Drivers hand over the same bytes again for the same sender. */
function textOf(source: Uint8Array): string {
  const known = sourceTexts.get(source);
  if (known !== undefined) return known;
  const text = formatAddress(source);
  sourceTexts.set(source, text);
  return text;
}

const sourceTexts = new WeakMap<Uint8Array, string>();

type AddressedAdvert = HeardAdvert & { readonly address: string };

function hearAsBackup(group: SyncGroup, instance: Instance, turn: Turn, advert: AddressedAdvert): void {
  if (advert.priority === 0) {
    hearFarewell(group, instance, turn, advert.address);
    return;
  }
  if (instance.owesAnswer) answerLower(instance, turn, advert);
  if (mayPreempt(instance, turn, advert)) {
    const discarded = `received lower priority (${advert.priority}) advert from ${advert.address} - discarding`;
    logOf(instance, turn, 'detail', discarded);
  } else {
    acceptMaster(instance, turn, advert);
  }
}

/** Master_Adver_Interval is learned, Master_Down_Timer starts again. */
function acceptMaster(instance: Instance, turn: Turn, advert: AddressedAdvert): void {
  const { configuration } = instance;
  if (configuration.version === 3 && advert.intervalMs !== instance.masterIntervalMs) {
    const intervals = `mine=${configuration.advertIntervalMs} milli-sec, rcv'd=${advert.intervalMs} milli-sec`;
    logOf(instance, turn, 'info', `advertisement interval changed: ${intervals}`);
    instance.masterIntervalMs = advert.intervalMs;
  }
  instance.masterDown = false;
  instance.lateWaits = 0;
  if (advert.priority >= instance.effectivePriority) instance.preemptAtMs = undefined;
  setTimers(instance, { masterDownMs: turn.nowMs + masterDownOf(instance) });
}

/** A lower master is to be taken over from, unless nopreempt says no or preempt_delay says not yet. */
function mayPreempt(instance: Instance, turn: Turn, advert: AddressedAdvert): boolean {
  const { preempt, preemptDelayMs } = instance.configuration;
  if (!preempt || advert.priority >= instance.effectivePriority) return false;
  if (preemptDelayMs === 0) return true;
  if (instance.preemptAtMs === undefined) {
    instance.preemptAtMs = turn.nowMs + preemptDelayMs;
    logOf(instance, turn, 'info', `start preempt delay (${preemptDelayMs / 1000} secs)`);
  }
  return turn.nowMs >= instance.preemptAtMs;
}

function hearFarewell(group: SyncGroup, instance: Instance, turn: Turn, address: string): void {
  logOf(instance, turn, 'info', `Backup received priority 0 advertisement from ${address}`);
  for (const member of group.members) {
    if (member.status !== 'BACKUP' || member.masterDown) continue;
    const soonMs = turn.nowMs + skewOf(member);
    changeTimers(member, { masterDownMs: Math.min(member.timers.masterDownMs, soonMs) });
  }
}

function hearAsMaster(group: SyncGroup, instance: Instance, turn: Turn, advert: AddressedAdvert): void {
  if (advert.priority === 0) advertiseNow(instance, turn);
  else if (instance.lateness === 'waking') giveUp(group, instance, turn, advert);
  else if (outranks(instance, advert)) giveWay(group, instance, turn, advert);
  else forceElection(instance, turn, advert);
}

/** Another took over while this machine was not running, whatever its priority. */
function giveUp(group: SyncGroup, instance: Instance, turn: Turn, advert: AddressedAdvert): void {
  const reason = `${advert.address} took over while this machine was not running`;
  logOf(instance, turn, 'warning', `${reason} (priority ${advert.priority}, ours ${instance.effectivePriority})`);
  answerLower(instance, turn, advert);
  demote(group, instance, turn, { reason, intervalMs: advert.intervalMs });
}

/** Someone lower believes to be master: the network may have heard its announcements, so ours go out again. */
function forceElection(instance: Instance, turn: Turn, advert: AddressedAdvert): void {
  const ours = instance.effectivePriority;
  const lower = `from ${advert.address} with lower priority ${advert.priority}, ours ${ours}, forcing new election`;
  logOf(instance, turn, 'info', `Received advert ${lower}`);
  suspectHandover(instance, turn);
  if (!instance.configuration.lowerPrioNoAdvert) advertiseNow(instance, turn);
  const { lowerPrioRepeat, lowerPrioDelayMs } = instance.configuration.announcement;
  announce(instance, turn, lowerPrioRepeat);
  if (lowerPrioDelayMs > 0) {
    changeTimers(instance, { burstMs: turn.nowMs + lowerPrioDelayMs });
    instance.burstRepeat = lowerPrioRepeat;
  }
  notify(instance, turn, 'MASTER_RX_LOWER_PRI');
}

/** A higher priority wins, and between equals the higher address. The owner may be told to heed nobody. */
function outranks(instance: Instance, advert: AddressedAdvert): boolean {
  const { effectivePriority, source, configuration } = instance;
  if (configuration.ownerIgnoreAdverts && configuration.priority === 255) return false;
  if (advert.priority !== effectivePriority) return advert.priority > effectivePriority;
  return source !== undefined && compareAddresses(advert.source, source) > 0;
}

function giveWay(group: SyncGroup, instance: Instance, turn: Turn, advert: AddressedAdvert): void {
  const ours = instance.effectivePriority;
  const how =
    advert.priority > ours
      ? `higher priority ${advert.priority}, ours ${ours}`
      : `same priority ${ours} but higher IP address than ours`;
  logOf(instance, turn, 'info', `Master received advert from ${advert.address} with ${how}`);
  answerLower(instance, turn, advert);
  demote(group, instance, turn, { reason: `${advert.address} has ${how}`, intervalMs: advert.intervalMs });
}

/** An advert that the sender of `advert` outranks, whatever our priority: to make it announce its address again. */
function answerLower(instance: Instance, turn: Turn, advert: AddressedAdvert): void {
  instance.owesAnswer = false;
  const outranked = outranks(instance, advert) ? instance.effectivePriority : advert.priority - 1;
  advertise(instance, turn, Math.max(1, outranked));
}

function expireMasterDown(group: SyncGroup, instance: Instance, turn: Turn): void {
  const lateMs = turn.nowMs - instance.timers.masterDownMs;
  if (lateMs > instance.masterIntervalMs && instance.lateWaits < lateWaitsMax) {
    instance.lateWaits++;
    changeTimers(instance, { masterDownMs: turn.nowMs + instance.masterIntervalMs + skewOf(instance) });
    const late = `was not running for ${Math.round(lateMs)} ms: listening before taking over`;
    logOf(instance, turn, 'warning', late);
    return;
  }
  logOf(instance, turn, 'detail', 'Receive advertisement timeout');
  changeTimers(instance, { masterDownMs: Number.POSITIVE_INFINITY });
  promoteWhenAllReady(group, instance, turn, 'no advertisement from a master in time');
}

function expireAdvert(instance: Instance, turn: Turn): void {
  if (instance.lateness !== 'waking') {
    advertiseOnTime(instance, turn);
    return;
  }
  instance.lateness = 'none';
  advertiseNow(instance, turn);
  announce(instance, turn, instance.configuration.announcement.masterRepeat);
  changeTimers(instance, { ...startAnnouncing(instance, turn), ...suspect(instance, turn) });
}

/** The next one is due an interval after this one was due, so that a little lateness does not add up. */
function advertiseOnTime(instance: Instance, turn: Turn): void {
  const { advertIntervalMs } = instance.configuration;
  const dueMs = instance.timers.advertMs + advertIntervalMs;
  advertise(instance, turn, instance.effectivePriority);
  changeTimers(instance, { advertMs: dueMs > turn.nowMs ? dueMs : turn.nowMs + advertIntervalMs });
}

function advertiseNow(instance: Instance, turn: Turn): void {
  advertise(instance, turn, instance.effectivePriority);
  changeTimers(instance, { advertMs: turn.nowMs + instance.configuration.advertIntervalMs });
}

function expireAnnouncements(instance: Instance, turn: Turn): void {
  const { timers, configuration } = instance;
  const { announcement } = configuration;
  if (timers.burstMs <= turn.nowMs) {
    changeTimers(instance, { burstMs: Number.POSITIVE_INFINITY });
    announce(instance, turn, instance.burstRepeat);
  }
  if (timers.refreshMs <= turn.nowMs) {
    changeTimers(instance, { refreshMs: turn.nowMs + announcement.masterRefreshMs });
    announce(instance, turn, announcement.masterRefreshRepeat);
  }
  if (timers.extraRefreshMs <= turn.nowMs) {
    changeTimers(instance, { extraRefreshMs: turn.nowMs + announcement.extraInterfaceMs });
    announce(instance, turn, 1, 'extra-interfaces');
  }
}
