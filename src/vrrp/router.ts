// The VRRP machine of one host: all its instances and sync groups, one event in, an ordered list of effects out.
//
// A driver's loop is: on any news, step(); carry out the effects in order; sleep until nextDeadline(). Nothing in here
// reads a clock, opens a socket or knows what an interface is.
import { unreachable } from '../kit/index.ts';
import { hearClaim } from './address-conflict.ts';
import type { VrrpEffect } from './effect.ts';
import { expire, hear, noticeSilence } from './election.ts';
import type { VrrpEvent } from './event.ts';
import { type Instance, instanceInvariants, log, type Turn } from './instance.ts';
import { type Router, reportKey } from './population.ts';
import { reconfigure, reweigh, startGroup } from './reconfiguration.ts';
import { demote, groupInvariants, notifyGroup, type SyncGroup, settleFaults } from './sync-group.ts';
import { contributionOf, type TrackerKind, type TrackerReport } from './tracker.ts';
import { announce, logHoldings, retire, skewOf } from './transition.ts';

/** Advances the machine by one event. */
export function step(router: Router, event: VrrpEvent): VrrpEffect[] {
  const turn: Turn = { nowMs: event.nowMs, effects: [] };
  switch (event.kind) {
    case 'start':
      start(router, turn);
      break;
    case 'deadline':
      passTime(router, turn);
      break;
    case 'advert':
      withInstance(router, event.instance, (instance, group) => {
        noticeSilence(instance, turn);
        hear(group, instance, turn, event);
      });
      break;
    case 'tracker':
      report(router, turn, event);
      break;
    case 'source':
      withInstance(router, event.instance, (instance, group) => {
        instance.source = event.address;
        const { interface: link } = instance.configuration;
        setFault(instance, `no IP address on interface ${link}`, event.address === undefined);
        if (router.phase === 'running') settleFaults(group, instance, turn);
      });
      break;
    case 'fault':
      withInstance(router, event.instance, (instance, group) => {
        setFault(instance, event.cause, event.present);
        if (router.phase === 'running') settleFaults(group, instance, turn);
      });
      break;
    case 'address-lost':
      withInstance(router, event.instance, (instance, group) => restore(group, instance, turn));
      break;
    case 'claim':
      withInstance(router, event.instance, (instance) => hearClaim(instance, turn, event.claim));
      break;
    case 'reconfigure':
      reconfigure(router, turn, event.configuration);
      break;
    case 'stop':
      stop(router, turn);
      break;
    default:
      unreachable(event);
  }
  return turn.effects;
}

/** When step() wants a `deadline` event; Infinity: never. */
export function nextDeadline(router: Router): number {
  let next = router.startAtMs;
  for (const instance of router.instances.values()) if (instance.nextMs < next) next = instance.nextMs;
  return next;
}

/** What must hold between any two events. */
export function invariants(router: Router): void {
  for (const instance of router.instances.values()) instanceInvariants(instance);
  for (const group of router.groups) groupInvariants(group);
}

function withInstance(router: Router, name: string, act: (instance: Instance, group: SyncGroup) => void): void {
  const instance = router.instances.get(name);
  const group = instance === undefined ? undefined : router.groupOf.get(instance);
  // A packet or a piece of news may be on its way while a reload removes its instance.
  if (instance !== undefined && group !== undefined) act(instance, group);
}

function start(router: Router, turn: Turn): void {
  const { startupDelayMs } = router.configuration.global;
  if (startupDelayMs === 0) {
    startInstances(router, turn);
    return;
  }
  router.phase = 'delayed';
  router.startAtMs = turn.nowMs + startupDelayMs;
  log(turn, 'info', `Delaying startup for ${startupDelayMs / 1000} seconds`);
}

function startInstances(router: Router, turn: Turn): void {
  router.phase = 'running';
  router.startAtMs = Number.POSITIVE_INFINITY;
  for (const group of router.groups) startGroup(group, turn);
}

function passTime(router: Router, turn: Turn): void {
  if (router.startAtMs <= turn.nowMs) startInstances(router, turn);
  for (const instance of router.instances.values()) {
    if (instance.nextMs > turn.nowMs) continue;
    noticeSilence(instance, turn);
    const group = router.groupOf.get(instance);
    if (group !== undefined) expire(group, instance, turn);
  }
}

function report(
  router: Router,
  turn: Turn,
  news: { readonly tracker: TrackerKind; readonly name: string; readonly report: TrackerReport },
): void {
  const before = router.reports.get(reportKey(news.tracker, news.name));
  router.reports.set(reportKey(news.tracker, news.name), news.report);
  const followers = [...router.instances.values()].filter((instance) =>
    instance.trackers.some(({ kind, reference }) => kind === news.tracker && reference.name === news.name),
  );
  if (news.tracker === 'interface' && before?.kind !== news.report.kind && router.phase === 'running')
    log(turn, 'info', `Netlink reports ${news.name} ${news.report.kind}`);
  for (const instance of followers) followReport(router, turn, instance, news);
}

function followReport(
  router: Router,
  turn: Turn,
  instance: Instance,
  news: { readonly tracker: TrackerKind; readonly name: string; readonly report: TrackerReport },
): void {
  for (const tracker of instance.trackers) {
    if (tracker.kind !== news.tracker || tracker.reference.name !== news.name) continue;
    const faulty = tracker.contribution.fault;
    tracker.report = news.report;
    tracker.contribution = contributionOf(news.report, tracker.reference);
    if (tracker.kind !== 'file' || tracker.contribution.fault === faulty) continue;
    const change = faulty ? 'leaving' : 'now';
    log(turn, 'info', `(${instance.configuration.name}): tracked file ${news.name} ${change} FAULT state`);
  }
  const group = router.groupOf.get(instance);
  if (group !== undefined && router.phase === 'running') settleFaults(group, instance, turn);
  reweigh(instance, turn);
}

/**
 * An address was taken away by hand. It is put back at once, which no client notices; when that happens twice within an
 * advertisement interval somebody means it, and the peer's way is left: BACKUP, priority 0, a new election.
 */
function restore(group: SyncGroup, instance: Instance, turn: Turn): void {
  if (instance.status !== 'MASTER') return;
  const again = turn.nowMs - instance.restoredAtMs <= instance.configuration.advertIntervalMs;
  instance.restoredAtMs = turn.nowMs;
  if (again) {
    const reason = 'its addresses are being removed by someone else';
    demote(group, instance, turn, { reason, waitMs: skewOf(instance), farewell: 'priority-0' });
    return;
  }
  logHoldings(instance, turn, 'setting');
  turn.effects.push({ kind: 'acquire', instance: instance.configuration.name });
  announce(instance, turn, instance.configuration.announcement.masterRepeat);
}

function stop(router: Router, turn: Turn): void {
  router.phase = 'stopped';
  router.startAtMs = Number.POSITIVE_INFINITY;
  log(turn, 'info', 'Stopping');
  for (const group of router.groups) {
    for (const member of group.members) retire(member, turn, { reason: 'stopped', state: 'STOP' });
    if (group.configuration !== undefined) notifyGroup(group.configuration, turn, 'STOP');
  }
  turn.effects.push({ kind: 'stopped' });
}

function setFault(instance: Instance, cause: string, present: boolean): void {
  if (present) instance.faults.add(cause);
  else instance.faults.delete(cause);
}
