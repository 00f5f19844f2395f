// A cluster of whole nodes in one thread on virtual time: a schedule goes in, a verdict comes out, the same everywhere.
import { DiskError, type Edit, type FencingOrder } from '../../controller/index.ts';
import { Random } from '../../kit/index.ts';
import { arrivals, cuts } from '../membership/network.ts';
import { Checker } from './checker.ts';
import { Daemon, type Surroundings } from './daemon.ts';
import { initialCib, isFenceDevice, markingEdit, nodeName, preferringEdit, standbyEdit } from './document.ts';
import { hungMs, Machine } from './machine.ts';
import type { Departure, Heard, Messaging, OrderListener } from './messaging.ts';
import { PerfectOrder } from './perfect-order.ts';
import type { PlantedBug } from './planted.ts';
import { cleaning, marksOf, unrest } from './rest.ts';
import type { AgentTrouble, Fault, Schedule } from './schedule.ts';
import { TotemOrder } from './totem-order.ts';
import { VirtualTime } from './virtual-time.ts';
import { concerns, isOfNetwork } from './wires.ts';

/** Once faults stop, everything is as the scheduler wants it within this time. */
export const restMsMax = 240_000;
const lookMs = 1000;
const retryMs = 1000;
const changesPerFault = 2;
const changeSpreadMs = 8;
/** What failed for good waits for an administrator, who comes this often once faults have stopped. */
const cleaningMs = 30_000;

export type Verdict = {
  readonly violations: readonly string[];
  readonly virtualMs: number;
  readonly restedAfterMs: number | undefined;
  readonly steps: number;
  readonly acknowledged: number;
  readonly fenced: number;
};

export type RunOptions = {
  readonly planted?: PlantedBug | undefined;
  readonly trace?: ((line: string) => void) | undefined;
};

export function simulate(schedule: Schedule, options: RunOptions = {}): Verdict {
  return new Cluster(schedule, options).run();
}

class Cluster {
  readonly #schedule: Schedule;
  readonly #planted: PlantedBug | undefined;
  readonly #trace: (line: () => string) => void;
  readonly #time = new VirtualTime();
  readonly #random: Random;
  readonly #machines: readonly Machine[];
  readonly #checker: Checker;
  readonly #messaging: Messaging;
  readonly #surroundings: Surroundings;
  #active: Fault[] = [];
  /** Changes that an administrator goes on asking for until they are made. */
  #wanted = 0;
  #marks = 0;
  #fenced = 0;

  constructor(schedule: Schedule, { planted, trace }: RunOptions) {
    this.#schedule = schedule;
    this.#planted = planted;
    this.#trace = trace === undefined ? () => {} : (line) => trace(`${this.#time.nowMs.toFixed(1)} ${line()}`);
    this.#random = new Random(`nodes/${schedule.seed}`);
    const time = this.#time;
    const numbers = Array.from({ length: schedule.nodeCount }, (_, index) => index + 1);
    this.#machines = numbers.map((id) => new Machine(id, { time, random: this.#random.fork(`machine ${id}`) }));
    this.#checker = new Checker(schedule, this.#machines);
    this.#messaging = this.#connect();
    this.#surroundings = this.#surround();
  }

  #connect(): Messaging {
    const { ring, nodeCount } = this.#schedule;
    const time = this.#time;
    const random = this.#random.fork('messaging');
    const listener: OrderListener = {
      hear: (nodeId, heard) => this.#hear(nodeId, heard),
      proof: (nodeId, proof) => {
        if (this.#planted !== 'stale-lease') this.#machine(nodeId).proof(proof);
        else if (proof !== 'lost') this.#machine(nodeId).proof('standing');
      },
    };
    const wires = () => this.#active.filter(isOfNetwork);
    if (ring === 'totem' && this.#planted !== 'wrong-quorum') {
      const arrivalsOf = (from: number, to: number) =>
        arrivals(random, wires(), { from, to, link: 0 }, 1).map(({ afterMs }) => afterMs);
      return new TotemOrder({ time, random, listener, nodeCount, arrivals: arrivalsOf });
    }
    return new PerfectOrder({
      time,
      random,
      isQuorate: (members) => this.#isQuorate(members),
      reaches: (from, to) => !wires().some((fault) => cuts(fault, { from, to, link: 0 })),
      listener,
    });
  }

  #surround(): Surroundings {
    return {
      time: this.#time,
      random: this.#random.fork('daemons'),
      checker: this.#checker,
      messaging: this.#messaging,
      cib: initialCib(this.#schedule),
      planted: this.#planted,
      votesNeeded: Math.floor(this.#schedule.nodeCount / 2) + 1,
      troubleOf: (machine) => this.#troubleOf(machine),
      fence: (machine, order, answer) => this.#fence(machine, order, answer),
      ended: (machine, why) => (why === 'died' ? this.#daemonCrashes(machine) : this.#dismissed(machine)),
      trace: this.#trace,
    };
  }

  run(): Verdict {
    for (const machine of this.#machines) this.#time.later(this.#random.between(0, 500), () => this.#boot(machine));
    for (const fault of this.#schedule.faults) {
      this.#time.later(fault.fromMs, () => this.#begins(fault));
      this.#time.later(fault.untilMs, () => this.#ends(fault));
      // Changes on their way when something breaks are those that get lost.
      for (let count = 0; count < changesPerFault; count++) {
        const machine = this.#random.pick(this.#machines);
        const atMs = fault.fromMs + (this.#random.fraction() - 0.75) * changeSpreadMs;
        if (machine !== undefined) this.#time.later(atMs, () => this.#change(machine));
      }
    }
    this.#time.later(this.#schedule.calmAfterMs + cleaningMs, () => this.#cleanUp());
    const restedAfterMs = this.#runUntilRest();
    this.#checkEnd(restedAfterMs);
    return {
      violations: this.#checker.violations,
      virtualMs: this.#time.nowMs,
      restedAfterMs,
      steps: this.#time.steps,
      acknowledged: this.#checker.acknowledged.size,
      fenced: this.#fenced,
    };
  }

  #runUntilRest(): number | undefined {
    const { calmAfterMs } = this.#schedule;
    let lookAtMs = calmAfterMs;
    while (this.#time.advance() && this.#checker.violations.length === 0) {
      const { nowMs } = this.#time;
      if (nowMs > calmAfterMs + restMsMax) return undefined;
      if (nowMs < lookAtMs) continue;
      lookAtMs = nowMs + lookMs;
      if (this.#unrest() === undefined) return nowMs - calmAfterMs;
    }
    return undefined;
  }

  #unrest(): string | undefined {
    return this.#wanted > 0 ? 'an administrator is still trying to make a change' : unrest(this.#machines);
  }

  #checkEnd(restedAfterMs: number | undefined): void {
    const { nowMs } = this.#time;
    if (this.#checker.violations.length > 0) return;
    if (restedAfterMs === undefined) {
      return this.#checker.violated(nowMs, `liveness: ${restMsMax} ms after the last fault: ${this.#unrest()}`);
    }
    const daemon = this.#machines[0]?.daemon;
    if (daemon !== undefined) this.#checker.kept(nowMs, marksOf(daemon.state.replica.cib));
  }

  #machine(nodeId: number): Machine {
    const machine = this.#machines[nodeId - 1];
    if (machine === undefined) throw new Error(`there is no node ${nodeId}`);
    return machine;
  }

  #hear(nodeId: number, heard: Heard): void {
    if (heard.kind === 'configuration') {
      const { ring, quorate } = heard;
      this.#trace(() => `${nodeName(nodeId)} in ring ${ring.name} of ${ring.members}${quorate ? ', quorate' : ''}`);
    }
    this.#machine(nodeId).daemon?.hear(heard);
  }

  #isQuorate(members: number): boolean {
    const { nodeCount } = this.#schedule;
    return this.#planted === 'wrong-quorum' ? 2 * members >= nodeCount - 1 : 2 * members > nodeCount;
  }

  // Power and processes.

  #boot(machine: Machine): void {
    const { nowMs } = this.#time;
    if (machine.daemon !== undefined) return;
    if (nowMs < machine.downUntilMs) return this.#time.later(machine.downUntilMs - nowMs, () => this.#boot(machine));
    if (machine.power === 'off') {
      machine.troubled();
      machine.power = 'on';
      machine.boots++;
    }
    try {
      machine.daemon = new Daemon(machine, this.#surroundings);
    } catch (thrown) {
      if (!(thrown instanceof DiskError)) throw thrown;
      this.#trace(() => `${machine.name} cannot start: ${thrown.message}`);
      return this.#time.later(retryMs, () => this.#boot(machine));
    }
    this.#trace(() => `${machine.name} starts`);
    this.#messaging.up(machine.nodeId);
  }

  #daemonEnds(machine: Machine, how: Departure): void {
    if (machine.daemon === undefined) return;
    machine.daemon.end();
    machine.daemon = undefined;
    this.#messaging.down(machine.nodeId, how);
  }

  /** The guardian sees it, takes the addresses, and tells the others. */
  #daemonCrashes(machine: Machine): void {
    if (machine.daemon === undefined) return;
    this.#trace(() => `the daemon of ${machine.name} dies`);
    machine.troubled();
    this.#daemonEnds(machine, 'announced');
    machine.guardianTakesOver();
    this.#bootLater(machine);
  }

  #dismissed(machine: Machine): void {
    this.#trace(() => `${machine.name} is dismissed`);
    this.#daemonEnds(machine, 'leaving');
    machine.leaseUntilMs = 0;
    this.#bootLater(machine);
  }

  #powerFails(machine: Machine): void {
    this.#trace(() => `${machine.name} loses power`);
    this.#daemonEnds(machine, 'silent');
    machine.powerFails();
    this.#bootLater(machine);
  }

  #bootLater(machine: Machine): void {
    this.#time.later(this.#random.between(200, machine.power === 'off' ? 8000 : 2000), () => this.#boot(machine));
  }

  // Agents of fence devices.

  #fence(by: Machine, { target, timeoutMs }: FencingOrder, answer: (failure: string | undefined) => void): void {
    const device = this.#active.find((fault) => fault.kind === 'fence-device');
    const trouble = device?.kind === 'fence-device' ? device.trouble : undefined;
    const victim = this.#machines.find(({ name }) => name === target);
    if (victim === undefined) return;
    if (this.#active.some((fault) => concerns(fault, victim.nodeId))) victim.troubled();
    this.#trace(() => `${by.name} fences ${target}${trouble === undefined ? '' : `, the device will ${trouble}`}`);
    const afterMs = trouble === 'hang' ? timeoutMs : this.#random.between(300, 3000);
    if (trouble !== undefined) return this.#fenceFails(victim, { trouble, afterMs, answer });
    this.#time.later(afterMs, () => {
      if (by.power === 'off') return;
      if (this.#planted !== 'double-start') {
        this.#fenced++;
        this.#checker.fenced(this.#time.nowMs, victim, by.name);
        if (victim.power === 'on') this.#powerFails(victim);
      }
      this.#time.later(this.#random.between(1, 500), () => answer(undefined));
    });
  }

  /** Who was to be fenced for a reason stays so until it is done. */
  #fenceFails(
    victim: Machine,
    { trouble, afterMs, answer }: { trouble: 'fail' | 'hang'; afterMs: number; answer: (failure: string) => void },
  ): void {
    const deserved = this.#checker.deservesFencing(this.#time.nowMs, victim);
    this.#time.later(afterMs, () => {
      if (deserved) victim.troubled();
      answer(trouble === 'hang' ? 'the agent did not end in time' : 'the device cannot be reached');
    });
  }

  #troubleOf({ nodeId }: Machine): AgentTrouble | undefined {
    for (const fault of this.#active) {
      if (fault.kind === 'agents' && fault.node === nodeId && this.#random.chance(fault.probability))
        return fault.trouble;
    }
    return undefined;
  }

  // Faults.

  #begins(fault: Fault): void {
    this.#active = [...this.#active, fault];
    this.#trace(() => `fault begins: ${JSON.stringify(fault)}`);
    this.#spread(fault);
    switch (fault.kind) {
      case 'power-failure':
        for (const machine of this.#machines) this.#powerFails(machine);
        return;
      case 'changes':
        return this.#changes(fault);
      case 'fence-device':
      case 'agents':
        return;
      case 'partition':
      case 'one-way':
      case 'partial':
      case 'loss':
      case 'duplication':
      case 'delay':
        return this.#messaging.rewired();
      default:
        return this.#happensTo(this.#machine(fault.node), fault);
    }
  }

  #happensTo(
    machine: Machine,
    fault: Extract<Fault, { kind: 'crash' | 'pause' | 'disk' | 'service-death' | 'standby' | 'shutdown' | 'clock' }>,
  ): void {
    switch (fault.kind) {
      case 'crash':
        machine.downUntilMs = Math.max(machine.downUntilMs, fault.untilMs);
        return fault.what === 'host' ? this.#powerFails(machine) : this.#daemonCrashes(machine);
      case 'pause':
        return this.#pause(machine, fault);
      case 'disk': {
        const call = machine.disk.calls + this.#random.between(1, 4);
        return machine.disk.failAt(call, fault.code, fault.lasting ? 'for-good' : 'once');
      }
      case 'service-death': {
        const victim = this.#random.pick([...machine.running]);
        if (victim !== undefined && !isFenceDevice(victim)) machine.running.delete(victim);
        return;
      }
      case 'standby':
        return this.#insist(() => standbyEdit(machine.nodeId, 'on'));
      case 'shutdown':
        machine.downUntilMs = Math.max(machine.downUntilMs, fault.untilMs);
        return machine.daemon?.tell({ kind: 'leave' });
      case 'clock':
        machine.clockSkewMs += fault.byMs;
    }
  }

  #ends(fault: Fault): void {
    this.#active = this.#active.filter((each) => each !== fault);
    this.#trace(() => `fault ends: ${fault.kind}`);
    this.#spread(fault);
    if (isOfNetwork(fault)) this.#messaging.rewired();
    else if (fault.kind === 'pause') this.#resume(this.#machine(fault.node), fault);
    else if (fault.kind === 'disk') this.#machine(fault.node).disk.failAt(Number.POSITIVE_INFINITY, fault.code, 'once');
    else if (fault.kind === 'standby') this.#insist(() => standbyEdit(fault.node, 'off'));
    else if (fault.kind === 'clock') this.#machine(fault.node).clockSkewMs -= fault.byMs;
  }

  #spread(fault: Fault): void {
    for (const machine of this.#machines) if (concerns(fault, machine.nodeId)) machine.troubled();
  }

  #pause(machine: Machine, fault: Extract<Fault, { kind: 'pause' }>): void {
    const { daemon } = machine;
    if (daemon === undefined) return;
    machine.stalls.add(fault);
    daemon.pause();
    this.#messaging.pause(machine.nodeId);
    if (fault.what === 'daemon') {
      this.#time.later(hungMs, () => {
        if (machine.daemon === daemon && machine.stalls.has(fault) && !machine.isFrozen) this.#daemonCrashes(machine);
      });
    }
  }

  /** Whatever stood still goes on, unless it was ended or switched off meanwhile. */
  #resume(machine: Machine, fault: Fault): void {
    if (!machine.stalls.delete(fault)) return;
    if (!machine.isFrozen) machine.thaws(this.#checker);
    this.#messaging.resume(machine.nodeId);
    machine.daemon?.resume();
  }

  // Administrators.

  #changes({ node, count, fromMs, untilMs }: Extract<Fault, { kind: 'changes' }>): void {
    for (let number = 0; number < count; number++) {
      this.#time.later(this.#random.below(untilMs - fromMs + 1), () => this.#change(this.#machine(node)));
    }
  }

  #change({ daemon, name }: Machine): void {
    const mark = `mark-${++this.#marks}`;
    const acts = this.#random.chance(0.3);
    const edit = acts ? preferringEdit(mark, this.#schedule, this.#random) : markingEdit(mark);
    daemon?.request(mark, edit, (outcome) => {
      this.#trace(() => `${mark} on ${name}: ${outcome === 'accepted' ? outcome : outcome.what}`);
      if (outcome === 'accepted') this.#checker.acknowledged.add(mark);
    });
  }

  /** Has failures forgotten, so that nothing stays blocked or banned because of what is over. */
  #cleanUp(): void {
    const daemon = this.#machines.find(({ daemon }) => daemon?.state.replica.phase === 'together')?.daemon;
    if (daemon !== undefined) daemon.tell({ kind: 'status', updates: cleaning(daemon.state.replica.cib) });
    this.#time.later(cleaningMs, () => this.#cleanUp());
  }

  /** Until somebody accepts it. */
  #insist(edit: () => Edit): void {
    this.#wanted++;
    const attempt = () => {
      let answered = false;
      const again = () => {
        if (!answered) this.#time.later(retryMs, attempt);
        answered = true;
      };
      const daemon = this.#random.pick(this.#machines)?.daemon;
      daemon?.request(`insist-${++this.#marks}`, edit(), (outcome) => {
        if (answered || outcome !== 'accepted') return again();
        answered = true;
        this.#wanted--;
      });
      if (daemon === undefined) again();
      // A daemon that dies never answers.
      this.#time.later(20 * retryMs, again);
    };
    attempt();
  }
}
