// A node of a cluster, composed: disk, ring, agents, clock and API around the pure node (src/controller/node).
//
// Order of the start: the document from the disk, then the ring in its thread (with the guardian), then the group in which
// the cluster talks, then the API. Nothing waits for a name server.
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import type { Server } from 'node:http';
import { dirname, join } from 'node:path';
import { BroadcastChannel } from 'node:worker_threads';
import { FenceRunner } from '../../agents/index.ts';
import {
  type ClusterStatus,
  type Command,
  documentView,
  type EventView,
  listenOnSocket,
  type NodeService,
  type Outcome,
  type TransitionView,
} from '../../api/index.ts';
import { childAt, type Instant, isTrue, serialiseXmlDocument, type XmlElement } from '../../cib/index.ts';
import {
  decodeClusterMessage,
  type Edit,
  encodeClusterMessage,
  endOf,
  type FencingOrder,
  initialNode,
  isSettled,
  type NodeEffect,
  type NodeEvent,
  type NodeState,
  nodeDeadline,
  openDisk,
  replay,
  Store,
  snapshotOf,
  stepNode,
} from '../../controller/index.ts';
import { CommandFailure, type Failure, type Logger, Random } from '../../kit/index.ts';
import { monotonicMs } from '../../linux/index.ts';
import {
  type EngineEvent,
  fastTiming,
  formatRingId,
  havenTiming,
  leaseMsOf,
  RingEngine,
  type RingId,
  ringOfDescription,
  sealedBy,
  type TotemTiming,
} from '../../membership/index.ts';
import { Alerting, eventsToTell } from './alerting.ts';
import { callerOf } from './caller.ts';
import { cleaningUpdates } from './cleaning.ts';
import type { ClusterConfiguration } from './configuration.ts';
import { documentOf, initialDocument } from './initial-document.ts';
import { LeaseFate } from './lease-fate.ts';
import { Operations } from './operations.ts';
import { Recorder } from './recorder.ts';
import { type Holdings, holdingsChannel } from './ring-thread.ts';

const version = '0.1.0';
const group = 'haven';
/** setTimeout counts in 32 bits. */
const timerMsMax = 2 ** 31 - 1;
/** A follower sees that the cluster is at rest when nothing has changed for so long and nothing is under way. */
const quietMs = 300;
const settledPollMs = 25;

const lapsedReason = 'the quorum lease was over meanwhile: others may have been given the resource';

export type NodeDaemonOptions = { readonly configuration: ClusterConfiguration; readonly logger: Logger };

export class NodeDaemon implements NodeService {
  readonly #options: NodeDaemonOptions;
  readonly #store: Store;
  readonly #recorder: Recorder;
  readonly #operations: Operations;
  readonly #alerting: Alerting;
  readonly #holdings: BroadcastChannel;
  readonly #leaseFate: LeaseFate;
  readonly #fencing = new FenceRunner(new Random(randomUUID()));
  readonly #requests = new Map<string, (outcome: Outcome) => void>();
  readonly #queue: Timeless[] = [];
  #state: NodeState;
  #engine: RingEngine | undefined;
  #api: Server | undefined;
  #ring: RingId = { representative: 0, seq: 0 };
  #takeOverAtMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #stepping = false;
  #changedAtMs = monotonicMs();
  #end: (why: string) => void = () => {};
  /** Resolves with why, when the daemon is to end. */
  readonly ended: Promise<string>;

  private constructor(
    options: NodeDaemonOptions,
    self: { readonly nodeId: number; readonly name: string },
    timing: TotemTiming,
  ) {
    this.#options = options;
    const { configuration, logger } = options;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    const { store, recovered } = Store.open(openDisk(join(configuration.stateDirectory, 'cib')));
    this.#store = store;
    for (const { severity, text } of recovered.remarks) logger[severity](text);
    const base =
      recovered.snapshot === undefined ? initialDocument(configuration) : documentOf(recovered.snapshot.document);
    this.#state = initialNode({
      self: { ...self, id: String(self.nodeId), cluster: configuration.cluster, daemon: randomUUID(), version },
      cib: replay(base, recovered.records),
      place: endOf(recovered),
      trusted: recovered.trusted,
    });
    this.#alerting = new Alerting(logger);
    this.#recorder = new Recorder(configuration.stateDirectory);
    this.#leaseFate = new LeaseFate(leaseMsOf(timing));
    this.#holdings = new BroadcastChannel(holdingsChannel(self.nodeId));
    this.#operations = new Operations({
      logger,
      stateFolder: '/run/haven/agents',
      report: (report) => this.#tell({ kind: 'outcome', report }),
      cancelled: (resource, operation, intervalMs) =>
        this.#tell({ kind: 'cancelled', resource, operation, intervalMs }),
      onAddresses: (addresses) => this.#holdings.postMessage({ addresses } satisfies Holdings),
      fateOfTaken: () => this.#leaseFate.ofTaken(this.#engine?.quorateAtBootMs() ?? 0),
    });
  }

  /** @throws CommandFailure: wrong key file, an address that is not here, a port or folder that is taken. */
  static async start(options: NodeDaemonOptions): Promise<NodeDaemon> {
    const { configuration, logger } = options;
    const timing = configuration.profile === 'fast' ? fastTiming : havenTiming;
    const settings = ringOfDescription({
      clusterName: configuration.cluster,
      nodes: configuration.nodes,
      port: configuration.port,
      security: sealedBy(configuration.keyFile),
      stateDirectory: join(configuration.stateDirectory, 'ring'),
      timing,
    });
    const name = configuration.nodes[settings.nodeId - 1]?.name ?? String(settings.nodeId);
    const daemon = new NodeDaemon(options, { nodeId: settings.nodeId, name }, timing);
    const engine = await RingEngine.start(settings, { logger, role: 'guarded-ring' });
    daemon.#engine = engine;
    engine.subscribe((event) => daemon.#hear(event));
    await engine.join(group);
    mkdirSync(dirname(configuration.socket), { recursive: true });
    daemon.#api = await listenOnSocket(daemon, configuration.socket, callerOf);
    return daemon;
  }

  /** Moves everything away, leaves the ring, ends. Resolves when nothing of it is left. */
  async stop(): Promise<void> {
    await this.#operations.close();
    await this.#engine?.leave();
    this.#holdings.close();
    this.#api?.close();
    this.#api?.closeAllConnections();
    clearTimeout(this.#timer);
  }

  // What the ring says.

  #hear(event: EngineEvent): void {
    switch (event.kind) {
      case 'configuration':
        this.#ring = event.ringId;
        this.#takeOverAtMs = event.takeOverAtMs;
        if (event.lapsed) this.#operations.revoke(lapsedReason);
        if (event.joined.length > 0 || event.left.length > 0) this.#membersChanged(event.lapsed);
        return;
      case 'lease-resumed':
        return this.#operations.settleTaken(this.#leaseFate.resumed(event.provenBeforeBootMs));
      case 'group-changed': {
        const members = [...new Set(event.members.map(({ nodeId }) => nodeId))].sort((left, right) => left - right);
        if (event.group !== group || members.length === 0) return;
        const name = `${formatRingId(this.#ring)}:${members.join(',')}`;
        this.#recorder.event('membership', 'notice', `members: ${members.map((id) => this.#nameOf(id)).join(' ')}`);
        const { seq } = this.#ring;
        this.#tell({ kind: 'configuration', ring: { name, seq, members }, takeOverAtMs: this.#takeOverAtMs });
        return this.#tell({ kind: 'quorum', quorate: this.#engine?.quorum().quorate ?? false });
      }
      case 'quorum-changed':
        this.#recorder.event(
          'quorum',
          'info',
          event.quorum.quorate ? 'this partition has quorum' : 'this partition has no quorum',
        );
        return this.#tell({ kind: 'quorum', quorate: event.quorum.quorate });
      case 'deliver': {
        const message = event.group === group ? decodeClusterMessage(event.body) : undefined;
        if (message === undefined) return;
        this.#tell({ kind: 'message', from: event.from.nodeId, message });
        const { self, coordinator, cib } = this.#state.replica;
        const voice = {
          self: self.name,
          coordinator: coordinator === undefined ? undefined : this.#nameOf(coordinator),
        };
        return this.#alerting.tell(cib, eventsToTell(message, voice));
      }
      case 'closed':
        return this.#end(event.reason);
      case 'writable':
        return;
    }
  }

  #membersChanged(lapsed: boolean): void {
    this.#leaseFate.membersChanged();
    if (lapsed) this.#operations.settleTaken('lost');
  }

  #nameOf(nodeId: number): string {
    return this.#options.configuration.nodes.find((node) => node.id === nodeId)?.name ?? String(nodeId);
  }

  // The pure node, one event after the other.

  #tell(event: Timeless): void {
    this.#queue.push(event);
    if (this.#stepping) return;
    this.#stepping = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        const done = stepNode(this.#state, { ...next, nowMs: monotonicMs(), now: wallClock() } as NodeEvent);
        this.#state = done.state;
        for (const effect of done.effects) this.#perform(effect);
      }
    } finally {
      this.#stepping = false;
    }
    this.#arm();
  }

  #perform(effect: NodeEffect): void {
    switch (effect.kind) {
      case 'multicast':
        this.#engine?.multicast(group, encodeClusterMessage(effect.message), 'agreed');
        return;
      case 'persist':
        this.#store.append([effect.record]);
        this.#queue.push({ kind: 'persisted', index: effect.record.index });
        if (this.#store.wantsSnapshot) this.#store.replace(snapshotOf(this.#state.replica));
        return;
      case 'adopt':
        this.#store.replace(effect.snapshot);
        this.#queue.push({ kind: 'persisted', index: effect.snapshot.index });
        return;
      case 'keep-aside':
        this.#store.keepAside(`diverged-${effect.snapshot.term}-${effect.snapshot.index}.xml`, effect.snapshot);
        return this.#log('error', effect.why);
      case 'answer': {
        const { outcome } = effect;
        this.#requests.get(effect.request)?.(outcome === 'accepted' ? { ok: true } : { ok: false, failure: outcome });
        this.#requests.delete(effect.request);
        return;
      }
      case 'run':
        this.#recorder.event('operation', 'info', `running ${effect.order.operationKey}`);
        return this.#operations.execute(effect.order);
      case 'cancel':
        return this.#operations.cancel(effect.resource, effect.operation, effect.intervalMs);
      default:
        return this.#notice(effect);
    }
  }

  #notice(
    effect: Exclude<
      NodeEffect,
      { kind: 'multicast' | 'persist' | 'adopt' | 'keep-aside' | 'answer' | 'run' | 'cancel' }
    >,
  ): void {
    switch (effect.kind) {
      case 'fence':
        return this.#fence(effect.order);
      case 'dismissed':
        return this.#end('nothing runs here any more');
      case 'changed':
        this.#changedAtMs = monotonicMs();
        if (effect.what !== 'status') this.#operations.setFastAgents(fastAgentsOf(this.#state.replica.cib));
        if (effect.what === 'configuration')
          this.#recorder.event('document', 'info', `configuration changed by ${effect.by}`);
        return;
      case 'together':
        return this.#recorder.event('membership', 'notice', `${effect.coordinator} coordinates`);
      case 'transition-begun':
        return this.#recorder.begun(effect.record);
      case 'transition-ended':
        return this.#recorder.ended(effect.record);
      case 'log':
        return this.#log(effect.level, effect.text);
    }
  }

  #fence({ attempt, target, action, device, timeoutMs }: FencingOrder): void {
    const { id, agent: type, parameters } = device;
    this.#recorder.event('operation', 'warning', `fencing ${target} (${action}) with ${id}`);
    // Who shoots first was decided by the coordinator, delay and all.
    const run = this.#fencing.fence({ id, type, parameters }, { node: target, action, timeoutMs, delay: 'skip' });
    run.outcome.then(({ status, code, reason }) => {
      const failure = status === 'done' && code === 0 ? undefined : reason || `the agent answered ${code}`;
      this.#tell({ kind: 'fence-answer', attempt, failure });
    });
  }

  #log(level: EventView['level'], text: string): void {
    this.#options.logger[level](text);
    this.#recorder.event('log', level, text);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const due = nodeDeadline(this.#state);
    if (due === undefined) return;
    const waitMs = Math.min(timerMsMax, Math.max(0, Math.ceil(due - monotonicMs())));
    this.#timer = setTimeout(() => this.#tell({ kind: 'tick' }), waitMs);
  }

  // What the API asks.

  status(): ClusterStatus {
    const { replica } = this.#state;
    const { self, coordinator, cib } = replica;
    const view = documentView(cib, wallClock());
    const leader = coordinator === undefined ? undefined : this.#nameOf(coordinator);
    return {
      ...view,
      cluster: self.cluster,
      version: self.version,
      node: self.name,
      phase: replica.phase === 'together' ? 'together' : replica.phase === 'apart' ? 'apart' : 'joining',
      coordinator: leader,
      quorum: this.#engine?.quorum() ?? { quorate: false, votes: 0, expectedVotes: 0, votesNeeded: 0 },
      nodes: view.nodes.map((node) => ({ ...node, coordinator: node.name === leader, self: node.name === self.name })),
      activity: pendingOperations(cib),
    };
  }

  document(): string {
    return serialiseXmlDocument(this.#state.replica.cib);
  }

  edit(edit: Edit, by: string): Promise<Outcome> {
    const id = randomUUID();
    return new Promise((resolve) => {
      this.#requests.set(id, resolve);
      this.#tell({ kind: 'request', request: { id, edit, by } });
    });
  }

  command(command: Command, by: string): Promise<Outcome> {
    this.#recorder.event('log', 'notice', `${by} asks: ${describe(command)}`);
    switch (command.kind) {
      case 'cleanup':
      case 'refresh':
        return this.#clean(command);
      case 'attribute': {
        const node = this.#member(command.node);
        if (node === undefined)
          return Promise.resolve(failed({ kind: 'not-found', what: `there is no node '${command.node}'` }));
        const { name, value, dampenMs = 0 } = command;
        this.#tell({ kind: 'say', message: { kind: 'attribute', node, name, value, dampenMs } });
        return Promise.resolve({ ok: true });
      }
      case 'confirm-fenced': {
        const node = this.#member(command.node);
        if (node === undefined)
          return Promise.resolve(failed({ kind: 'not-found', what: `there is no node '${command.node}'` }));
        this.#tell({ kind: 'say', message: { kind: 'fence-confirm', target: node.name, by } });
        return Promise.resolve({ ok: true });
      }
      case 'fence': {
        const { node: target, action } = command;
        const request = randomUUID();
        return new Promise((resolve) => {
          this.#requests.set(request, resolve);
          this.#tell({ kind: 'say', message: { kind: 'fence-request', request, target, action, by } });
        });
      }
      case 'reschedule':
        this.#tell({ kind: 'recheck', reason: by });
        return Promise.resolve({ ok: true });
      case 'stop-node':
        this.#tell({ kind: 'leave' });
        return Promise.resolve({ ok: true });
    }
  }

  async settled(withinMs: number): Promise<boolean> {
    const deadline = monotonicMs() + withinMs;
    while (monotonicMs() < deadline) {
      const { replica } = this.#state;
      const quiet = monotonicMs() - this.#changedAtMs > quietMs && pendingOperations(replica.cib).length === 0;
      if (replica.phase === 'together' && quiet && isSettled(this.#state)) return true;
      await new Promise((resolve) => setTimeout(resolve, settledPollMs));
    }
    return false;
  }

  events(): readonly EventView[] {
    return this.#recorder.events;
  }

  onEvent(listener: (event: EventView) => void): () => void {
    return this.#recorder.onEvent(listener);
  }

  history(): readonly TransitionView[] {
    return this.#recorder.transitions;
  }

  historyInput(number: number): string | undefined {
    return this.#recorder.input(number);
  }

  #clean(command: Extract<Command, { kind: 'cleanup' | 'refresh' }>): Promise<Outcome> {
    const updates = cleaningUpdates(this.#state.replica.cib, command);
    if (!updates.ok) return Promise.resolve(failed(updates.error));
    this.#tell({ kind: 'status', updates: updates.value });
    return Promise.resolve({ ok: true });
  }

  #member(name: string): { readonly id: string; readonly name: string } | undefined {
    const node = this.#options.configuration.nodes.find((each) => each.name === name);
    return node === undefined ? undefined : { id: String(node.id), name };
  }
}

type Timeless = NodeEvent extends infer Event ? (Event extends unknown ? Omit<Event, 'nowMs' | 'now'> : never) : never;

function wallClock(): Instant {
  const now = new Date();
  return { epochSeconds: Math.floor(now.getTime() / 1000), offsetSeconds: -now.getTimezoneOffset() * 60 };
}

/** The cluster property `fast-agents`. */
function fastAgentsOf(cib: XmlElement): 'map' | 'keep' {
  const sets = childAt(cib, 'configuration', 'crm_config')?.children ?? [];
  const value = sets
    .flatMap((set) => set.children)
    .find((pair) => pair.get('name') === 'fast-agents')
    ?.get('value');
  return isTrue(value) ? 'map' : 'keep';
}

function pendingOperations(cib: XmlElement): ClusterStatus['activity'] {
  const states = childAt(cib, 'status')?.children ?? [];
  return states.flatMap((state) => {
    const resources = state.get('crmd') === 'online' ? (childAt(state, 'lrm', 'lrm_resources')?.children ?? []) : [];
    return resources
      .flatMap((resource) => resource.children)
      .filter((entry) => entry.get('op-status') === '-1')
      .map((entry) => ({
        what: entry.get('operation_key') ?? '',
        node: state.get('uname') ?? '',
        sinceMs: Math.max(0, Date.now() - 1000 * Number(entry.get('last-rc-change') ?? 0)),
      }));
  });
}

function failed(failure: Failure): Outcome {
  return { ok: false, failure };
}

function describe(command: Command): string {
  const { kind, ...rest } = command;
  const words = Object.values(rest).filter((value) => value !== undefined);
  return [kind, ...words].join(' ');
}

/** Runs until the node is dismissed or told to stop by a signal. */
export async function runNodeDaemon(options: NodeDaemonOptions): Promise<void> {
  const daemon = await NodeDaemon.start(options);
  const { logger, configuration } = options;
  logger.notice(`node of cluster '${configuration.cluster}' is up; API at ${configuration.socket}`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      logger.notice(`${signal}: moving what runs here away, then ending`);
      void daemon.command({ kind: 'stop-node' }, signal);
    });
  }
  const why = await daemon.ended;
  logger.notice(`ending: ${why}`);
  await daemon.stop();
  if (why !== 'nothing runs here any more' && why !== 'left the ring') {
    throw new CommandFailure({ kind: 'failed', what: 'the node ended', why });
  }
}
