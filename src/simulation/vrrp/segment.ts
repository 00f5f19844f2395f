// Two to five routers on one link, in one thread on virtual time: a schedule goes in, a verdict comes out, the same on
// every machine.
import { Random } from '../../kit/index.ts';
import { createRouter, invariants, nextDeadline, type Router, step, type VrrpEvent } from '../../vrrp/index.ts';
import { Agenda } from '../membership/agenda.ts';
import { Checker, hopMsMax, settlesWithinMs } from './checker.ts';
import { addressOfRouter, configurationOfRouter, trackedFile, virtualRouter } from './configuration.ts';
import type { Fault, Schedule } from './schedule.ts';

type News = VrrpEvent extends infer Event ? (Event extends VrrpEvent ? Omit<Event, 'nowMs'> : never) : never;

type Advert = { readonly from: number; readonly priority: number };

type Happening =
  | { readonly kind: 'arrive'; readonly to: number; readonly advert: Advert }
  | { readonly kind: 'wake'; readonly router: number }
  | { readonly kind: 'fault-begins' | 'fault-ends'; readonly fault: Fault };

type Host = {
  router: Router | undefined;
  /** Pauses and freezes that hold it. */
  pauses: number;
  frozen: number;
  unplugged: number;
  /** Restarts and crashes that keep it down. */
  downs: number;
  value: number;
  boots: 'done' | 'later';
  socket: Advert[];
  wakeAtMs: number;
};

export type Verdict = {
  readonly violations: readonly string[];
  readonly virtualMs: number;
  readonly steps: number;
  readonly transitions: number;
};

const socketAdvertsMax = 200;
/** As src/daemon/vrrp/engine.ts. */
const readingFirstMs = 1;
/** Watched for so long after everything has settled. */
const quietIntervals = 20;

export function simulate(schedule: Schedule): Verdict {
  return new Segment(schedule).run();
}

class Segment {
  readonly #schedule: Schedule;
  readonly #random: Random;
  readonly #checker: Checker;
  readonly #agenda = new Agenda<Happening>();
  readonly #hosts: Host[];
  readonly #active: Fault[] = [];
  #nowMs = 0;
  #steps = 0;

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
    this.#random = new Random(`segment/${schedule.seed}`);
    this.#checker = new Checker(schedule);
    this.#hosts = schedule.priorities.map(() => ({
      router: undefined,
      pauses: 0,
      frozen: 0,
      unplugged: 0,
      downs: 0,
      value: 0,
      boots: 'done',
      socket: [],
      wakeAtMs: Number.POSITIVE_INFINITY,
    }));
  }

  run(): Verdict {
    const { faults, calmAfterMs, advertIntervalMs } = this.#schedule;
    for (const fault of faults) {
      this.#agenda.put(fault.fromMs, { kind: 'fault-begins', fault });
      this.#agenda.put(fault.untilMs, { kind: 'fault-ends', fault });
    }
    for (const index of this.#hosts.keys()) this.#boot(index);
    const endMs = calmAfterMs + settlesWithinMs(this.#schedule) + quietIntervals * advertIntervalMs;
    for (let next = this.#agenda.take(); next !== undefined && next.atMs <= endMs; next = this.#agenda.take()) {
      this.#nowMs = next.atMs;
      this.#happen(next.item);
    }
    this.#checker.ended(endMs, this.#hosts.map(effectivePriorityOf));
    const { violations, transitions } = this.#checker;
    return { violations, virtualMs: endMs, steps: this.#steps, transitions };
  }

  #happen(happening: Happening): void {
    switch (happening.kind) {
      case 'arrive':
        this.#arrive(happening.to, happening.advert);
        return;
      case 'wake':
        this.#wake(happening.router);
        return;
      case 'fault-begins':
        this.#active.push(happening.fault);
        this.#begin(happening.fault);
        this.#tellFaults();
        return;
      case 'fault-ends':
        this.#active.splice(this.#active.indexOf(happening.fault), 1);
        this.#tellFaults();
        this.#end(happening.fault);
        return;
    }
  }

  #tellFaults(): void {
    this.#checker.faultsChanged(
      this.#active.map((fault) => fault.kind),
      this.#nowMs,
    );
  }

  #begin(fault: Fault): void {
    if (!('router' in fault)) return;
    const host = this.#host(fault.router);
    switch (fault.kind) {
      case 'pause':
        host.pauses++;
        return;
      case 'freeze':
        host.frozen++;
        return;
      case 'unplug':
        host.unplugged++;
        this.#tellLink(fault.router);
        return;
      case 'priority':
        host.value = fault.value;
        this.#tellValue(fault.router);
        return;
      case 'restart':
        if (host.downs++ === 0 && isRunning(host)) this.#tell(fault.router, { kind: 'stop' });
        this.#lose(fault.router);
        return;
      case 'crash':
        host.downs++;
        this.#lose(fault.router);
        return;
    }
  }

  #end(fault: Fault): void {
    if (!('router' in fault)) return;
    const host = this.#host(fault.router);
    switch (fault.kind) {
      case 'pause':
        host.pauses--;
        this.#resume(fault.router);
        return;
      case 'freeze':
        host.frozen--;
        this.#resume(fault.router);
        return;
      case 'unplug':
        host.unplugged--;
        this.#tellLink(fault.router);
        return;
      case 'priority':
        host.value = 0;
        this.#tellValue(fault.router);
        return;
      case 'restart':
      case 'crash':
        if (--host.downs === 0) this.#boot(fault.router);
        return;
    }
  }

  /** A daemon that is started while its processor stands still begins when that goes on. */
  #boot(index: number): void {
    const host = this.#host(index);
    host.boots = host.pauses > 0 || host.frozen > 0 ? 'later' : 'done';
    if (host.boots === 'later') return;
    host.router = createRouter(configurationOfRouter(this.#schedule, index));
    host.socket = [];
    host.wakeAtMs = Number.POSITIVE_INFINITY;
    this.#tellLink(index);
    this.#tellValue(index);
    this.#tell(index, { kind: 'source', instance: virtualRouter, address: addressOfRouter(index) });
    this.#tell(index, { kind: 'start' });
  }

  /** The process is gone, and its address with it: a guardian or the power switch saw to that. */
  #lose(index: number): void {
    const host = this.#host(index);
    host.router = undefined;
    host.socket = [];
    this.#checker.released(index, this.#nowMs);
  }

  /** After a pause timers and waiting adverts come in either order, unless the timers are so late that the engine reads first. */
  #resume(index: number): void {
    const host = this.#host(index);
    if (host.boots === 'later' && host.downs === 0) this.#boot(index);
    if (!isRunning(host)) return;
    const lateMs = this.#nowMs - (host.router === undefined ? 0 : nextDeadline(host.router));
    const timersFirst = this.#random.chance(0.5) && lateMs <= readingFirstMs;
    this.#tellLink(index);
    this.#tellValue(index);
    if (timersFirst) this.#tell(index, { kind: 'deadline' });
    for (const advert of host.socket.splice(0)) this.#hear(index, advert);
    this.#tell(index, { kind: 'deadline' });
  }

  #tellLink(index: number): void {
    const kind = this.#host(index).unplugged > 0 ? 'down' : 'up';
    this.#tell(index, { kind: 'tracker', tracker: 'interface', name: 'eth0', report: { kind } });
  }

  #tellValue(index: number): void {
    const { value } = this.#host(index);
    this.#tell(index, { kind: 'tracker', tracker: 'file', name: trackedFile, report: { kind: 'value', value } });
  }

  #arrive(to: number, advert: Advert): void {
    const host = this.#host(to);
    if (host.router === undefined || host.frozen > 0 || host.unplugged > 0) return;
    if (host.pauses === 0) this.#hear(to, advert);
    else if (host.socket.length < socketAdvertsMax) host.socket.push(advert);
  }

  #hear(to: number, { from, priority }: Advert): void {
    const intervalMs = this.#schedule.advertIntervalMs;
    this.#tell(to, { kind: 'advert', instance: virtualRouter, source: addressOfRouter(from), priority, intervalMs });
  }

  #wake(index: number): void {
    const host = this.#host(index);
    if (host.wakeAtMs !== this.#nowMs || !isRunning(host)) return;
    host.wakeAtMs = Number.POSITIVE_INFINITY;
    this.#tell(index, { kind: 'deadline' });
  }

  #tell(index: number, news: News): void {
    const host = this.#host(index);
    const { router } = host;
    if (router === undefined || !isRunning(host)) return;
    this.#steps++;
    try {
      const effects = step(router, { ...news, nowMs: this.#nowMs } as VrrpEvent);
      // What the machine does in one turn happens at one moment; holding is judged before speaking.
      for (const { kind } of effects) if (kind === 'acquire') this.#checker.acquired(index, this.#nowMs);
      for (const effect of effects) {
        if (effect.kind === 'advertise') this.#send(index, effect.priority);
        if (effect.kind === 'announce') this.#announce(index);
        if (effect.kind === 'release') this.#checker.released(index, this.#nowMs);
      }
      invariants(router);
    } catch (error) {
      this.#checker.threw(index, error, this.#nowMs);
    }
    this.#scheduleWake(index, host, router);
  }

  #scheduleWake(index: number, host: Host, router: Router): void {
    const due = Math.max(nextDeadline(router), this.#nowMs);
    if (due === host.wakeAtMs || !Number.isFinite(due)) return;
    host.wakeAtMs = due;
    this.#agenda.put(due, { kind: 'wake', router: index });
  }

  #send(from: number, priority: number): void {
    if (this.#host(from).unplugged > 0) return;
    for (const to of this.#hosts.keys()) {
      if (to === from || this.#isCut(from, to)) continue;
      const delayMs = this.#random.fraction() * hopMsMax + this.#random.fraction() * this.#extraDelayMs();
      this.#agenda.put(this.#nowMs + delayMs, { kind: 'arrive', to, advert: { from, priority } });
    }
  }

  /** The client is on the side of router 0. */
  #announce(from: number): void {
    const reaches = this.#host(from).unplugged === 0 && (from === 0 || !this.#isSplit(from, 0));
    if (reaches) this.#checker.announced(from, this.#nowMs);
  }

  #isCut(from: number, to: number): boolean {
    const lost = this.#active.some((fault) => fault.kind === 'loss' && this.#random.chance(fault.probability));
    return lost || this.#isSplit(from, to);
  }

  #isSplit(from: number, to: number): boolean {
    return this.#active.some(
      (fault) => fault.kind === 'partition' && fault.sides.some((side) => side.includes(from) !== side.includes(to)),
    );
  }

  #extraDelayMs(): number {
    return this.#active.reduce((sum, fault) => sum + (fault.kind === 'delay' ? fault.extraMsMax : 0), 0);
  }

  #host(index: number): Host {
    const host = this.#hosts[index];
    if (host === undefined) throw new Error(`there is no router ${index}`);
    return host;
  }
}

function isRunning(host: Host): boolean {
  return host.router !== undefined && host.pauses === 0 && host.frozen === 0;
}

function effectivePriorityOf(host: Host): number {
  return host.router?.instances.get(virtualRouter)?.effectivePriority ?? 0;
}
