import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAddress, parseAddress } from './address.ts';
import type { InstanceConfiguration, VrrpConfiguration } from './configuration.ts';
import type { VrrpEffect } from './effect.ts';
import type { VrrpEvent } from './event.ts';
import { createRouter, type Router } from './population.ts';
import { invariants, nextDeadline, step } from './router.ts';
import { configurationOf, syncGroupOf } from './testdata/configuration.ts';
import { instanceOf } from './testdata/instance.ts';

type News = VrrpEvent extends infer E ? (E extends VrrpEvent ? Omit<E, 'nowMs'> : never) : never;

/** One host on virtual time: `at` moves the clock through every deadline on the way, then tells the news. */
class Bench {
  router: Router;
  nowMs = 0;
  readonly journal: string[] = [];

  constructor(configuration: VrrpConfiguration) {
    this.router = createRouter(configuration);
    for (const { name, interface: link } of configuration.instances) {
      this.tell({ kind: 'tracker', tracker: 'interface', name: link, report: { kind: 'up' } });
      this.tell({ kind: 'source', instance: name, address: parseAddress('10.0.0.1') });
    }
  }

  static of(changes: Partial<InstanceConfiguration> = {}): Bench {
    const bench = new Bench(configurationOf([instanceOf(changes)]));
    bench.tell({ kind: 'start' });
    return bench;
  }

  static master(changes: Partial<InstanceConfiguration> = {}): Bench {
    const bench = Bench.of(changes);
    bench.at(nextDeadline(bench.router));
    assert.equal(bench.status(), 'MASTER');
    bench.take();
    return bench;
  }

  at(nowMs: number, news?: News): string[] {
    for (let due = nextDeadline(this.router); due <= nowMs; due = nextDeadline(this.router)) {
      assert.ok(due >= this.nowMs, 'a deadline was left in the past');
      this.nowMs = due;
      this.tell({ kind: 'deadline' });
    }
    this.nowMs = nowMs;
    if (news !== undefined) this.tell(news);
    return this.take();
  }

  /** The clock moves without the machine being asked: it was not running. */
  sleepUntil(nowMs: number): void {
    this.nowMs = nowMs;
  }

  tell(news: News): void {
    const effects = step(this.router, { ...news, nowMs: this.nowMs } as VrrpEvent);
    invariants(this.router);
    this.journal.push(...effects.flatMap(describe));
  }

  take(): string[] {
    return this.journal.splice(0);
  }

  status(name = 'VI_1'): string {
    return this.router.instances.get(name)?.status ?? 'absent';
  }
}

function describe(effect: VrrpEffect): string[] {
  switch (effect.kind) {
    case 'advertise':
      return [`advertise ${effect.instance} ${effect.priority}`];
    case 'announce':
      return [`announce ${effect.instance} x${effect.repeat}`];
    case 'notify':
      return [`notify ${effect.notification.subject} ${effect.notification.name} ${effect.notification.state}`];
    case 'log':
      return effect.level === 'detail' ? [] : [effect.message];
    case 'stopped':
      return ['stopped'];
    default:
      return [`${effect.kind} ${effect.instance}`];
  }
}

function advert(priority: number, options: { from?: string; intervalMs?: number; instance?: string } = {}): News {
  const source = parseAddress(options.from ?? '10.0.0.2');
  assert.ok(source !== undefined);
  const { intervalMs = 1000, instance = 'VI_1' } = options;
  return { kind: 'advert', instance, source, priority, intervalMs };
}

const actions = (lines: string[]) => lines.filter((line) => /^(advertise|acquire|release|announce|notify)/.test(line));

test('start: BACKUP, and MASTER after three intervals and the skew, whatever `state` says', () => {
  const bench = Bench.of({ wantedState: 'MASTER', priority: 254 });
  assert.deepEqual(bench.take(), [
    'release VI_1',
    '(VI_1) Entering BACKUP STATE (init)',
    'notify INSTANCE VI_1 BACKUP',
  ]);
  assert.equal(nextDeadline(bench.router), 3000 + (2 * 1000) / 256);
  assert.deepEqual(bench.at(3010), [
    '(VI_1) Entering MASTER STATE',
    'advertise VI_1 254',
    'acquire VI_1',
    'announce VI_1 x5',
    'notify INSTANCE VI_1 MASTER',
  ]);
});

test('the owner does not wait for a master', () => {
  const bench = Bench.of({ wantedState: 'MASTER', priority: 255 });
  bench.at(4);
  assert.equal(bench.status(), 'MASTER');
});

test('MASTER advertises each interval, announces again after five seconds, and then no more', () => {
  const bench = Bench.master();
  const from = bench.nowMs;
  const lines = bench.at(from + 12_000);
  assert.equal(lines.filter((line) => line === 'advertise VI_1 244').length, 12);
  assert.equal(lines.filter((line) => line === 'announce VI_1 x5').length, 1);
});

test('garp_master_refresh repeats announcements; delay 0 drops the second burst', () => {
  const announcement = {
    ...instanceOf().announcement,
    masterDelayMs: 0,
    masterRefreshMs: 2000,
    masterRefreshRepeat: 2,
  };
  const bench = Bench.master({ announcement });
  const lines = bench.at(bench.nowMs + 10_000);
  assert.deepEqual(
    lines.filter((line) => line.startsWith('announce')),
    new Array(5).fill('announce VI_1 x2'),
  );
});

test('priority 0: a backup waits its skew only, a master answers at once', () => {
  const backup = Bench.of();
  backup.at(1000, advert(250));
  backup.at(1500, advert(0));
  assert.equal(nextDeadline(backup.router), 1500 + (12 * 1000) / 256);
  const master = Bench.master();
  assert.deepEqual(master.at(master.nowMs + 300, advert(0)), ['advertise VI_1 244']);
  assert.equal(nextDeadline(master.router), master.nowMs + 1000);
});

test('a lower master is taken over from; with nopreempt it is left alone', () => {
  const preempting = Bench.of();
  for (let at = 500; at < 4000; at += 1000) preempting.at(at, advert(100));
  preempting.at(3500, advert(100));
  assert.equal(preempting.status(), 'MASTER');
  const patient = Bench.of({ preempt: false });
  for (let at = 500; at < 20_000; at += 1000) patient.at(at, advert(100));
  assert.equal(patient.status(), 'BACKUP');
  patient.at(24_000);
  assert.equal(patient.status(), 'MASTER');
});

test('preempt_delay leaves a lower master alone for so long, but not a dead one', () => {
  const bench = Bench.of({ preemptDelayMs: 10_000 });
  for (let at = 500; at <= 10_500; at += 1000) bench.at(at, advert(100));
  assert.equal(bench.status(), 'BACKUP');
  for (let at = 11_500; at <= 14_500; at += 1000) bench.at(at, advert(100));
  assert.equal(bench.status(), 'MASTER');
  const lonely = Bench.of({ preemptDelayMs: 100_000 });
  lonely.at(500, advert(100));
  lonely.at(4000);
  assert.equal(lonely.status(), 'MASTER');
});

test('equal priorities: the higher address wins', () => {
  const lower = Bench.master();
  lower.at(lower.nowMs + 10, advert(244, { from: '10.0.0.2' }));
  assert.equal(lower.status(), 'BACKUP');
  const higher = Bench.master();
  higher.at(higher.nowMs + 10, advert(244, { from: '10.0.0.0' }));
  assert.equal(higher.status(), 'MASTER');
});

test('a master that gives way answers once, removes its addresses, and announces no more', () => {
  const bench = Bench.master();
  const lines = bench.at(bench.nowMs + 100, advert(250));
  assert.deepEqual(actions(lines), ['advertise VI_1 244', 'release VI_1', 'notify INSTANCE VI_1 BACKUP']);
  assert.ok(lines.includes('(VI_1) Master received advert from 10.0.0.2 with higher priority 250, ours 244'));
  for (let at = bench.nowMs + 1000; at < 20_000; at += 1000) assert.deepEqual(actions(bench.at(at, advert(250))), []);
});

test('a healed split: the winner answers the lower advert with an advert and announcements at once', () => {
  const bench = Bench.master();
  bench.at(bench.nowMs + 60_000);
  const lines = bench.at(bench.nowMs + 100, advert(100));
  assert.deepEqual(actions(lines), [
    'advertise VI_1 244',
    'announce VI_1 x5',
    'notify INSTANCE VI_1 MASTER_RX_LOWER_PRI',
  ]);
  assert.match(
    lines[0] ?? '',
    /Received advert from 10\.0\.0\.2 with lower priority 100, ours 244, forcing new election/,
  );
});

test('global_tracking: a member of the group feels the trackers of the others, each once', () => {
  const trackScripts = [{ name: 'check', weight: -20, reverse: false }];
  const members = [instanceOf({ trackScripts }), instanceOf({ name: 'VI_2', virtualRouterId: 52, trackScripts })];
  members.push(instanceOf({ name: 'VI_3', virtualRouterId: 53 }));
  const group = { ...syncGroupOf('G', ['VI_1', 'VI_2', 'VI_3']), globalTracking: true, trackingWeight: true };
  const bench = new Bench(configurationOf(members, { syncGroups: [group] }));
  bench.tell({ kind: 'tracker', tracker: 'script', name: 'check', report: { kind: 'down' } });
  bench.tell({ kind: 'start' });
  const priorities = [...bench.router.instances.values()].map(({ effectivePriority }) => effectivePriority);
  assert.deepEqual(priorities, [224, 224, 224]);
});

test('the second burst is as long as the first: after MASTER, or after a lower advert', () => {
  const { announcement } = instanceOf();
  const bench = Bench.of({
    announcement: { ...announcement, masterRepeat: 2, lowerPrioRepeat: 3, lowerPrioDelayMs: 2000 },
  });
  bench.at(nextDeadline(bench.router));
  assert.ok(bench.at(bench.nowMs + 5000).includes('announce VI_1 x2'));
  assert.ok(bench.at(bench.nowMs + 100, advert(100)).includes('announce VI_1 x3'));
  assert.ok(bench.at(bench.nowMs + 2000).includes('announce VI_1 x3'));
});

test('version 3 learns the interval of its master', () => {
  const bench = Bench.of({ version: 3, advertIntervalMs: 100 });
  bench.at(50, advert(250, { intervalMs: 500 }));
  assert.equal(nextDeadline(bench.router), 50 + 3 * 500 + (12 * 500) / 256);
});

test('a master that slept past the others’ patience listens first and gives up to anyone', () => {
  const bench = Bench.master();
  bench.sleepUntil(bench.nowMs + 60_000);
  bench.tell({ kind: 'deadline' });
  assert.deepEqual(actions(bench.take()), []);
  const lines = bench.at(bench.nowMs + 200, advert(100));
  assert.equal(bench.status(), 'BACKUP');
  assert.deepEqual(actions(lines), ['advertise VI_1 99', 'release VI_1', 'notify INSTANCE VI_1 BACKUP']);
});

test('a master that slept and hears nobody goes on, with fresh announcements', () => {
  const bench = Bench.master();
  bench.sleepUntil(bench.nowMs + 60_000);
  bench.tell({ kind: 'deadline' });
  bench.take();
  const lines = bench.at(bench.nowMs + 1047);
  assert.deepEqual(actions(lines), ['advertise VI_1 244', 'announce VI_1 x5']);
  assert.equal(bench.status(), 'MASTER');
});

test('a backup whose timer fired late listens once more before it takes over', () => {
  const bench = Bench.of();
  bench.sleepUntil(10_000);
  bench.tell({ kind: 'deadline' });
  assert.equal(bench.status(), 'BACKUP');
  bench.at(10_500, advert(100, { from: '10.0.0.9' }));
  assert.equal(bench.status(), 'BACKUP');
  bench.at(11_100);
  assert.equal(bench.status(), 'MASTER');
});

test('a fault sends priority 0 twice and removes the addresses; its end is BACKUP', () => {
  const bench = Bench.master({ trackScripts: [{ name: 'chk', weight: 10, reverse: false }] });
  const lines = bench.at(bench.nowMs + 100, {
    kind: 'tracker',
    tracker: 'interface',
    name: 'eth0',
    report: { kind: 'down' },
  });
  assert.deepEqual(actions(lines), [
    'advertise VI_1 0',
    'advertise VI_1 0',
    'release VI_1',
    'notify INSTANCE VI_1 FAULT',
  ]);
  bench.at(bench.nowMs + 100, { kind: 'tracker', tracker: 'interface', name: 'eth0', report: { kind: 'up' } });
  assert.equal(bench.status(), 'BACKUP');
});

test('a weightless script holds the instance back until its first good run', () => {
  const bench = Bench.of({ trackScripts: [{ name: 'chk', weight: 0, reverse: false }] });
  assert.deepEqual(bench.at(100), ['release VI_1']);
  const lines = bench.at(200, { kind: 'tracker', tracker: 'script', name: 'chk', report: { kind: 'up' } });
  assert.deepEqual(lines, ['(VI_1) Entering BACKUP STATE', 'notify INSTANCE VI_1 BACKUP']);
  bench.at(300, { kind: 'tracker', tracker: 'script', name: 'chk', report: { kind: 'down' } });
  assert.equal(bench.status(), 'FAULT');
});

test('a tracked file: 5 → 249, 300 → 254, -300 → FAULT, empty → 244', () => {
  const bench = Bench.master({ trackFiles: [{ name: 'f', weight: 1, reverse: false }] });
  const priorityFor = (value: number) => {
    bench.tell({ kind: 'tracker', tracker: 'file', name: 'f', report: { kind: 'value', value } });
    return bench.router.instances.get('VI_1')?.effectivePriority;
  };
  assert.deepEqual([5, 6, 0, -1, -3, 9, 300].map(priorityFor), [249, 250, 244, 243, 241, 253, 254]);
  priorityFor(-300);
  assert.equal(bench.status(), 'FAULT');
  assert.equal(priorityFor(0), 244);
  assert.equal(bench.status(), 'BACKUP');
});

test('an address removed by hand is put back at once, and an election is called when it goes again', () => {
  const bench = Bench.master();
  const lost: News = { kind: 'address-lost', instance: 'VI_1', address: '192.168.122.200' };
  assert.deepEqual(actions(bench.at(bench.nowMs + 10, lost)), ['acquire VI_1', 'announce VI_1 x5']);
  const again = actions(bench.at(bench.nowMs + 10, lost));
  assert.deepEqual(again, ['advertise VI_1 0', 'release VI_1', 'notify INSTANCE VI_1 BACKUP']);
});

test('stop: priority 0 once, addresses removed, STOP told', () => {
  const bench = Bench.master();
  bench.tell({ kind: 'stop' });
  const farewell = ['advertise VI_1 0', 'release VI_1', 'notify INSTANCE VI_1 STOP'];
  assert.deepEqual(actions(bench.take()), farewell);
  assert.equal(nextDeadline(bench.router), Number.POSITIVE_INFINITY);
});

function groupBench(): Bench {
  const members = [
    instanceOf({ name: 'VI_1', interface: 'eth0' }),
    instanceOf({ name: 'VI_2', interface: 'ens9', virtualRouterId: 52 }),
  ];
  const bench = new Bench(configurationOf(members, { syncGroups: [syncGroupOf('SG', ['VI_1', 'VI_2'])] }));
  bench.tell({ kind: 'start' });
  return bench;
}

test('a sync group takes over only when every member lost its master, then all at once', () => {
  const bench = groupBench();
  for (let at = 500; at < 6000; at += 1000) bench.at(at, advert(250, { instance: 'VI_2' }));
  assert.deepEqual([bench.status('VI_1'), bench.status('VI_2')], ['BACKUP', 'BACKUP']);
  bench.at(9000);
  assert.deepEqual([bench.status('VI_1'), bench.status('VI_2')], ['MASTER', 'MASTER']);
});

test('a sync group shares faults and defeats, and tells its own state last', () => {
  const bench = groupBench();
  bench.at(4000);
  bench.take();
  const fault = bench.at(4100, { kind: 'tracker', tracker: 'interface', name: 'ens9', report: { kind: 'down' } });
  assert.deepEqual(
    fault.filter((line) => line.startsWith('notify') || line.includes('Syncing')),
    [
      'notify INSTANCE VI_2 FAULT',
      'VRRP_Group(SG) Syncing instances to FAULT state',
      'notify INSTANCE VI_1 FAULT',
      'notify GROUP SG FAULT',
    ],
  );
  bench.at(4200, { kind: 'tracker', tracker: 'interface', name: 'ens9', report: { kind: 'up' } });
  bench.at(9000);
  bench.at(9100, advert(250, { instance: 'VI_2' }));
  assert.deepEqual([bench.status('VI_1'), bench.status('VI_2')], ['BACKUP', 'BACKUP']);
});

test('priority 0 on one leg of a group moves every leg within a skew, not a master-down time', () => {
  const bench = groupBench();
  bench.at(500, advert(250, { instance: 'VI_1' }));
  bench.at(500, advert(250, { instance: 'VI_2' }));
  bench.at(600, advert(0, { instance: 'VI_2' }));
  bench.at(700);
  assert.deepEqual([bench.status('VI_1'), bench.status('VI_2')], ['MASTER', 'MASTER']);
});

test('a reload keeps what did not change, moves nothing that holds an address, and ends what is gone', () => {
  const both = [instanceOf(), instanceOf({ name: 'VI_2', virtualRouterId: 52 })];
  const bench = new Bench(configurationOf(both));
  bench.tell({ kind: 'start' });
  bench.at(4000);
  bench.take();
  bench.tell({ kind: 'reconfigure', configuration: configurationOf(both) });
  assert.deepEqual(bench.take(), []);
  bench.tell({ kind: 'reconfigure', configuration: configurationOf([instanceOf({ priority: 200 })]) });
  assert.deepEqual(bench.take(), [
    'advertise VI_2 0',
    '(VI_2) sent 0 priority',
    'release VI_2',
    'notify INSTANCE VI_2 FAULT',
    '(VI_1) Changing effective priority from 244 to 200',
    'update VI_1',
  ]);
  assert.equal(bench.status(), 'MASTER');
  assert.deepEqual(actions(bench.at(5000)), ['advertise VI_1 200']);
});

test('vrrp_startup_delay holds everything back', () => {
  const configuration = configurationOf([instanceOf()]);
  const bench = new Bench({ ...configuration, global: { ...configuration.global, startupDelayMs: 10_000 } });
  bench.tell({ kind: 'start' });
  bench.at(9999);
  assert.equal(bench.status(), 'INIT');
  bench.at(10_000);
  assert.equal(bench.status(), 'BACKUP');
});

test('peers heard are remembered with what they said', () => {
  const bench = Bench.of();
  bench.at(100, advert(250));
  const peer = bench.router.instances.get('VI_1')?.peers.get(formatAddress(new Uint8Array([10, 0, 0, 2])));
  assert.deepEqual(peer, { address: '10.0.0.2', priority: 250, intervalMs: 1000, lastHeardMs: 100, adverts: 1 });
});

test('who gives up after a long sleep, or returns from a lost link, makes the new master announce again', () => {
  const sleeper = Bench.master({ preempt: false });
  sleeper.sleepUntil(sleeper.nowMs + 60_000);
  sleeper.tell({ kind: 'deadline' });
  sleeper.take();
  assert.deepEqual(actions(sleeper.at(sleeper.nowMs + 200, advert(100)))[0], 'advertise VI_1 99');
  const unplugged = Bench.master();
  const link = (kind: 'up' | 'down'): News => ({
    kind: 'tracker',
    tracker: 'interface',
    name: 'eth0',
    report: { kind },
  });
  unplugged.at(unplugged.nowMs + 10, link('down'));
  unplugged.at(unplugged.nowMs + 5000, link('up'));
  assert.deepEqual(actions(unplugged.at(unplugged.nowMs + 500, advert(250))), ['advertise VI_1 244']);
  assert.deepEqual(actions(unplugged.at(unplugged.nowMs + 1000, advert(250))), []);
});

const claim = (hardwareAddress = '02:00:00:00:00:99', address = '192.168.122.200'): News => ({
  kind: 'claim',
  instance: 'VI_1',
  claim: { address, interface: 'eth0', ownHardwareAddress: '02:00:00:00:00:01', hardwareAddress, knownAs: '10.0.0.9' },
});
const aboutConflicts = (lines: string[]) => lines.filter((line) => /^probe|in use/.test(line));

test('a new master asks once whether another host has its addresses; an answer is told with both sides', () => {
  const bench = Bench.master({ priority: 255 });
  const since = bench.nowMs;
  assert.deepEqual(aboutConflicts(bench.at(since + 1000, claim())), [], 'the old master may still speak for it');
  assert.deepEqual(aboutConflicts(bench.at(since + 3100)), ['probe VI_1']);
  const [told, ...rest] = aboutConflicts(bench.at(since + 3110, claim()));
  assert.match(told ?? '', /200 is in use by another host: ours is 02:.*:01 on eth0, theirs 02:.*:99 \(10\.0\.0\.9\)/);
  assert.deepEqual(rest, []);
  assert.deepEqual(aboutConflicts(bench.at(since + 3200, claim())), [], 'told once a minute');
  assert.match(aboutConflicts(bench.at(since + 64_000, claim())).join('\n'), /probe VI_1\n.*3 times so far/);
});

test('a conflict ends when a probe is not answered any more', () => {
  const bench = Bench.master();
  const since = bench.nowMs;
  bench.at(since + 3200, claim());
  const conflicts = () => bench.router.instances.get('VI_1')?.conflicts.length;
  assert.equal(conflicts(), 1);
  const lines = bench.at(since + 200_000);
  assert.deepEqual(
    aboutConflicts(lines).map((line) => line.replace(/^\(VI_1\) /, '')),
    ['probe VI_1', 'address 192.168.122.200 is no longer in use by 02:00:00:00:00:99', 'probe VI_1'],
  );
  assert.equal(conflicts(), 0);
});

test('whoever speaks for an address of a settled master is asked before it is accused', () => {
  const bench = Bench.master();
  bench.at(100_000);
  assert.deepEqual(aboutConflicts(bench.at(100_100, claim())), []);
  assert.deepEqual(aboutConflicts(bench.at(103_000, claim())), []);
  assert.deepEqual(aboutConflicts(bench.at(103_200)), ['probe VI_1']);
  assert.match(aboutConflicts(bench.at(103_210, claim())).join(), /in use by another host/);
});

test('a split that heals while the probe is out accuses nobody; two that stay masters are in conflict', () => {
  const bench = Bench.master();
  const since = bench.nowMs;
  assert.deepEqual(aboutConflicts(bench.at(since + 3200)), ['probe VI_1']);
  bench.at(since + 3300, advert(100));
  assert.deepEqual(aboutConflicts(bench.at(since + 3301, claim())), []);
  for (let at = since + 4300; at < since + 6000; at += 1000) bench.at(at, advert(100));
  assert.deepEqual(aboutConflicts(bench.at(since + 6500)), ['probe VI_1']);
  assert.match(aboutConflicts(bench.at(since + 6501, claim())).join(), /in use by another host/);
});

test('a handover accuses nobody: neither the master before, nor the one after whose advert is still unread', () => {
  const bench = Bench.master();
  bench.at(100_000, claim());
  bench.at(100_000, advert(250));
  assert.equal(bench.status(), 'BACKUP');
  assert.deepEqual(aboutConflicts(bench.at(101_000, claim())), []);
  bench.at(101_500, advert(0));
  assert.deepEqual(aboutConflicts(bench.at(101_600, claim())), []);
  assert.equal(bench.status(), 'MASTER');
  assert.deepEqual(aboutConflicts(bench.at(160_000)), ['probe VI_1']);
});
