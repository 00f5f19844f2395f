// A cluster of fakes around the real coordinator and the real scheduler, in virtual time: resources are names in a set,
// operations take as long and fail as often as a test says. Messages are delivered one after the other to all.
import { type Instant, parseXml, type XmlElement } from '../../../cib/index.ts';
import { assert, Random } from '../../../kit/index.ts';
import { recordedOperations } from '../../document/query.ts';
import { applyStatus, type NodeName, type StatusUpdate } from '../../document/status.ts';
import type { ClusterMessage, ExecutionOrder, FencingOrder } from '../../message.ts';
import { invariants, isUnderWay, nextDeadline, step } from '../coordinator.ts';
import { cancelledUpdate, type OperationOutcome, outcomeUpdates, pendingUpdates } from '../operation-entry.ts';
import { type CoordinatorEffect, type CoordinatorEvent, type CoordinatorState, initialCoordinator } from '../state.ts';

const epochStart = 1_800_000_000;
const stepsMax = 20_000;

type FakeNode = NodeName & {
  up: boolean;
  /** What runs there, by resource; `promoted` or `started`. */
  readonly running: Map<string, 'started' | 'promoted'>;
  nextCallId: number;
};

type Due = { readonly atMs: number; readonly order: number; readonly act: () => void };

export type Answer = Partial<OperationOutcome> | 'never';

export class FakeCluster {
  cib: XmlElement;
  nowMs = 0;
  readonly nodes: FakeNode[];
  /** What happened, a line each: operations as they begin, fencing, ends of transitions. */
  readonly events: string[] = [];
  /** What an operation comes to other than success; asked with `OPERATION RESOURCE NODE INTERVAL`. */
  answers: (operation: string) => Answer | undefined = () => undefined;
  /** What fencing comes to, `never` or a failure; asked with `DEVICE TARGET NODE`. */
  fencing: (attempt: string) => string | undefined = () => undefined;
  durationMs: (operation: string) => number = () => 10;
  readonly coordinators = new Map<string, CoordinatorState>();
  readonly effects: CoordinatorEffect[] = [];
  leader: string;
  #due: Due[] = [];
  #count = 0;
  #terms = 0;
  readonly #random: Random;

  constructor(configuration: string, names: readonly string[], seed = 'fake') {
    const nodes = names.map((name, index) => `<node id="${index + 1}" uname="${name}"/>`).join('');
    const text = `<cib admin_epoch="0" epoch="1" num_updates="0" validate-with="pacemaker-4.0" have-quorum="1"><configuration>${configuration.replace('<nodes/>', `<nodes>${nodes}</nodes>`)}</configuration><status/></cib>`;
    const parsed = parseXml(text);
    assert(parsed.ok, 'the configuration can be read');
    this.cib = parsed.value;
    this.nodes = names.map((name, index) => ({
      id: String(index + 1),
      name,
      up: true,
      running: new Map(),
      nextCallId: 1,
    }));
    this.leader = names[0] ?? '';
    this.#random = new Random(seed);
  }

  node(name: string): FakeNode {
    const found = this.nodes.find((node) => node.name === name);
    assert(found !== undefined, `${name} is a node`);
    return found;
  }

  /** Where a resource runs, by name of the nodes that are up. */
  whereIs(resource: string): string[] {
    return this.nodes
      .filter(({ up, running }) => up && running.has(resource))
      .map(({ name, running }) => (running.get(resource) === 'promoted' ? `${name}*` : name));
  }

  get now(): Instant {
    return { epochSeconds: epochStart + Math.floor(this.nowMs / 1000), offsetSeconds: 0 };
  }

  /** The members that are up find one another. */
  membership(): void {
    const members = this.nodes.filter(({ up }) => up);
    for (const { name } of members) this.#tell(name, { kind: 'apart' });
    const updates: StatusUpdate[] = members.map(({ id, name }) => ({ kind: 'node-joined', node: { id, name } }));
    for (const { id, name, up } of this.nodes) {
      const state = this.cib.child('status')?.children.find((each) => each.id === id);
      if (up || state?.get('in_ccm') !== 'true') continue;
      const how = state.get('expected') === 'down' ? 'shutdown' : 'lost';
      updates.push({ kind: 'node-left', node: { id, name }, how });
    }
    this.apply(updates, 'membership');
    if (!this.node(this.leader).up) this.leader = members[0]?.name ?? '';
    this.#terms += 1;
    for (const { name } of members) {
      this.#tell(name, {
        kind: 'together',
        leads: name === this.leader,
        term: `term-${this.#terms}`,
        cib: this.cib,
        reporting: [],
        strangers: [],
        boots: new Map(),
      });
    }
  }

  crash(name: string): void {
    const node = this.node(name);
    node.up = false;
    node.running.clear();
    this.events.push(`${name} crashes`);
    this.membership();
  }

  /** Changes of the status section, as all members see them. */
  apply(updates: readonly StatusUpdate[], by: string): void {
    const before = this.cib;
    this.cib = updates.reduce(applyStatus, this.cib);
    if (this.cib === before) return;
    this.#tellAll({ kind: 'changed', what: 'status', by, updates, cib: this.cib });
  }

  configure(change: (cib: XmlElement) => XmlElement): void {
    this.cib = change(this.cib);
    this.#tellAll({ kind: 'changed', what: 'configuration', by: 'admin', updates: [], cib: this.cib });
  }

  /** A recurring operation notices something. */
  notice(resource: string, operation: string, name: string, outcome: Partial<OperationOutcome>): void {
    const node = this.node(name);
    const recorded = recordedOperations(this.cib).find(
      ({ resource: id, entry, node: where }) =>
        id === resource &&
        where.id === node.id &&
        entry.get('operation') === operation &&
        entry.get('interval') !== '0',
    );
    assert(recorded !== undefined, `${resource} has a recurring ${operation} on ${name}`);
    this.#report(node, orderOf(recorded.resource, recorded.entry), outcome);
  }

  /** Lets time pass until nothing is left to do (recurring timers of a quarter of an hour are not waited for). */
  settle(): void {
    this.#passUntil(this.nowMs + 600_000);
  }

  hold(forMs: number): void {
    this.#tellAll({ kind: 'hold', untilMs: this.nowMs + forMs });
  }

  pass(forMs: number): void {
    const untilMs = this.nowMs + forMs;
    this.#passUntil(untilMs);
    this.nowMs = untilMs;
  }

  #passUntil(untilMs: number): void {
    for (let count = 0; count < stepsMax; count++) {
      const next = this.#nextDue();
      const timer = this.#nextTimer();
      const at = Math.min(next?.atMs ?? Infinity, timer?.atMs ?? Infinity);
      if (at > untilMs) return;
      this.nowMs = Math.max(this.nowMs, at);
      if (next !== undefined && next.atMs <= at) {
        this.#due = this.#due.filter((each) => each !== next);
        next.act();
      } else if (timer !== undefined) this.#tell(timer.name, { kind: 'tick' });
    }
    assert(false, `the cluster comes to rest; last: ${this.events.slice(-6).join('; ')}`);
  }

  get isIdle(): boolean {
    return !this.nodes.some(({ name, up }) => up && isUnderWay(this.coordinators.get(name) ?? initialCoordinator));
  }

  #nextDue(): Due | undefined {
    return this.#due.toSorted((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
  }

  #nextTimer(): { readonly atMs: number; readonly name: string } | undefined {
    const timers = [...this.coordinators].flatMap(([name, state]) => {
      const atMs = this.node(name).up ? nextDeadline(state) : undefined;
      return atMs === undefined ? [] : [{ atMs, name }];
    });
    return timers.toSorted((a, b) => a.atMs - b.atMs)[0];
  }

  #later(afterMs: number, act: () => void): void {
    this.#due.push({ atMs: this.nowMs + afterMs, order: this.#count++, act });
  }

  #tellAll(event: Timeless<CoordinatorEvent>): void {
    for (const { name, up } of this.nodes) if (up) this.#tell(name, event);
  }

  #tell(name: string, event: Timeless<CoordinatorEvent>): void {
    const before = this.coordinators.get(name) ?? initialCoordinator;
    const done = step(before, { ...event, nowMs: this.nowMs, now: this.now } as CoordinatorEvent);
    invariants(done.state);
    this.coordinators.set(name, done.state);
    for (const effect of done.effects) this.#perform(name, effect);
  }

  #perform(from: string, effect: CoordinatorEffect): void {
    this.effects.push(effect);
    if (effect.kind === 'transition-ended') {
      const { number, end, reason } = effect.record;
      this.events.push(`transition ${number} ${end}${end === 'complete' ? '' : `: ${reason}`}`);
    }
    if (effect.kind !== 'multicast') return;
    this.#later(1, () => {
      if (this.node(from).up) this.#deliver(effect.message, from);
    });
  }

  #deliver(message: ClusterMessage, from: string): void {
    switch (message.kind) {
      case 'status':
        return this.apply(message.updates as readonly StatusUpdate[], from);
      case 'execute':
        return this.#execute(this.node(message.node), message.order);
      case 'cancel': {
        const node = this.node(message.node);
        const update = cancelledUpdate({ id: node.id, name: node.name }, message.resource, message);
        this.events.push(`cancel ${message.operation}=${message.intervalMs} ${message.resource} ${node.name}`);
        return this.#later(1, () => node.up && this.apply([update], node.name));
      }
      case 'dismiss':
        return this.#later(1, () => {
          this.events.push(`${message.node} leaves`);
          this.node(message.node).up = false;
          this.membership();
        });
      case 'fence':
        this.#fence(message.order);
        return this.#tellAll({ kind: 'delivered', message });
      default:
        this.#tellAll({ kind: 'delivered', message });
    }
  }

  #fence({ node, target, action, device, attempt }: FencingOrder): void {
    this.events.push(`${action} ${target} by ${device.id} on ${node}`);
    const failure = this.fencing(`${device.id} ${target} ${node}`);
    if (failure === 'never') return;
    this.#later(50, () => {
      if (!this.node(node).up) return;
      if (failure === undefined && action !== 'on') {
        this.node(target).up = false;
        this.node(target).running.clear();
      }
      this.say({ kind: 'fence-answer', attempt, failure });
    });
  }

  /** A message of whoever, to all. */
  say(message: ClusterMessage): void {
    this.#tellAll({ kind: 'delivered', message });
  }

  #execute(node: FakeNode, order: ExecutionOrder): void {
    const { operation, intervalMs, resource } = order;
    const name = intervalMs === 0 ? operation : `${operation}=${intervalMs}`;
    this.events.push(`${name} ${resource.id} ${node.name}`);
    this.apply(pendingUpdates({ id: node.id, name: node.name }, order), node.name);
    const text = `${operation} ${resource.id} ${node.name} ${intervalMs}`;
    const answer = this.answers(text);
    if (answer === 'never') return;
    this.#later(this.durationMs(text) + this.#random.below(5), () => {
      if (node.up) this.#report(node, order, { ...this.#act(node, order, answer), ...answer });
    });
  }

  /** What a well-behaved agent does and answers. */
  #act(node: FakeNode, { operation, resource, meta }: ExecutionOrder, answer: Partial<OperationOutcome> | undefined) {
    if (answer?.code !== undefined && answer.code !== 0) return {};
    switch (operation) {
      case 'start':
      case 'migrate_from':
      case 'demote':
        node.running.set(resource.id, 'started');
        return { code: 0 };
      case 'promote':
        node.running.set(resource.id, 'promoted');
        return { code: 0 };
      case 'stop':
        node.running.delete(resource.id);
        return { code: 0 };
      case 'migrate_to':
        this.node(meta.migrate_source ?? '').running.delete(resource.id);
        return { code: 0 };
      case 'monitor': {
        const role = node.running.get(resource.id);
        return { code: role === undefined ? 7 : role === 'promoted' ? 8 : 0 };
      }
      default:
        return { code: 0 };
    }
  }

  #report(node: FakeNode, order: ExecutionOrder, outcome: Partial<OperationOutcome>): void {
    const updates = outcomeUpdates(this.cib, this.now, {
      node: { id: node.id, name: node.name },
      order,
      outcome: { status: 'done', code: 0, reason: '', durationMs: 10, ...outcome },
      callId: node.nextCallId++,
      atSeconds: this.now.epochSeconds,
      agent: { restartParameters: undefined, privateParameters: [] },
    });
    this.apply(updates, node.name);
  }
}

type Timeless<Event> = Event extends unknown ? Omit<Event, 'nowMs' | 'now'> : never;

/** The order that a recorded recurring operation came from, as far as a report needs it. */
function orderOf(resource: string, entry: XmlElement): ExecutionOrder {
  const transitionKey = entry.get('transition-key') ?? '';
  return {
    transitionKey,
    operationKey: entry.get('operation_key') ?? '',
    resource: { id: resource, class: 'ocf', provider: 'fake', type: 'Dummy' },
    operation: entry.get('operation') ?? '',
    intervalMs: Number(entry.get('interval')),
    timeoutMs: 20_000,
    startDelayMs: 0,
    expectedCode: Number(transitionKey.split(':')[2] ?? 0),
    parameters: {},
    meta: {},
    digest: entry.get('op-digest') ?? '',
    givenAtSeconds: 0,
  };
}
