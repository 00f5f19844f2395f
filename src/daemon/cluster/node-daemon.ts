// A node of a cluster, composed: disk, ring, agents, clock and API around the pure node (src/controller/node).
//
// Order of the start: the document from the disk, then the ring in its thread (with the guardian), then the API, then the
// group in which the cluster talks: whom the others see answers. Nothing waits for a name server.
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import type { Server } from 'node:http';
import { dirname } from 'node:path';
import { BroadcastChannel } from 'node:worker_threads';
import {
  type ClusterStatus,
  type Command,
  type EventView,
  type FencingView,
  type InvitationOutcome,
  killTestRefusal,
  listenOnSocket,
  type NodeList,
  type NodeService,
  type Outcome,
  type TransitionView,
} from '../../api/index.ts';
import { serialiseXml, serialiseXmlDocument, xmlElement } from '../../cib/index.ts';
import {
  type ClusterMessage,
  decodeClusterMessage,
  type Edit,
  encodeClusterMessage,
  type FencingOrder,
  type NodeEffect,
  type NodeEvent,
  type NodeState,
  nodeDeadline,
  type StatusUpdate,
  stepNode,
} from '../../controller/index.ts';
import type { Failure, Logger, Result } from '../../kit/index.ts';
import { monotonicMs } from '../../linux/index.ts';
import {
  type EngineEvent,
  formatRingId,
  leaseMsOf,
  nodeListOf,
  RingEngine,
  type RingId,
} from '../../membership/index.ts';
import { Administration } from './administration/administration.ts';
import { departure, removalRefusal } from './administration/removal.ts';
import { Alerting, eventsToTell } from './alerting.ts';
import { callerOf } from './caller.ts';
import { cleaningUpdates } from './cleaning.ts';
import type { ClusterConfiguration } from './configuration.ts';
import { NodeFencing } from './fencing.ts';
import { announcementOf, failOnPurpose } from './kill-test.ts';
import { LeaseFate, lapsedReason } from './lease-fate.ts';
import { type OpenedStore, openNode } from './open-node.ts';
import { Operations } from './operations.ts';
import { describe, fastAgentsOf, missingNodesEdit, wallClock } from './reading.ts';
import { Recorder } from './recorder.ts';
import { atRestWithin, attributeWritten } from './rest.ts';
import { describedNodes, ownName, ringSettingsOf, timingOf } from './ring-settings.ts';
import { guardedRing, type Holdings, holdingsChannel } from './ring-thread.ts';
import { noQuorumYet, statusOf } from './status.ts';
import { openStorage, Storage } from './storage.ts';
import { ticketUpdates } from './ticket.ts';

const group = 'haven';
/** setTimeout counts in 32 bits. */
const timerMsMax = 2 ** 31 - 1;

export type NodeDaemonOptions = { readonly configuration: ClusterConfiguration; readonly logger: Logger };

export class NodeDaemon implements NodeService {
  readonly #options: NodeDaemonOptions;
  readonly #administration: Administration;
  readonly #storage: Storage;
  readonly #recorder: Recorder;
  readonly #operations: Operations;
  readonly #alerting: Alerting;
  readonly #holdings: BroadcastChannel;
  readonly #leaseFate: LeaseFate;
  readonly #fencing: NodeFencing;
  readonly #requests = new Map<string, (outcome: Outcome) => void>();
  readonly #queue: Timeless[] = [];
  #state: NodeState;
  private engine: RingEngine | undefined;
  #api: Server | undefined;
  #ring: RingId = { representative: 0, seq: 0 };
  #takeOverAtMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #stepping = false;
  #changedAtMs = monotonicMs();
  #end: (why: string) => void = () => {};
  /** Resolves with why, when the daemon is to end. */
  readonly ended: Promise<string>;

  private constructor(options: NodeDaemonOptions, administration: Administration, opened: OpenedStore) {
    this.#options = options;
    this.#administration = administration;
    const { logger } = options;
    const { configuration } = administration;
    const { nodeId } = ringSettingsOf(options.configuration);
    const self = { nodeId, name: this.#nameOf(nodeId) };
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#state = openNode(configuration, { ...self, ...opened }, logger);
    this.#storage = new Storage(opened.store, {
      state: () => this.#state,
      quorum: () => this.engine?.quorum() ?? noQuorumYet,
      persisted: (index) => this.#tell({ kind: 'persisted', index }),
      leave: () => this.#tell({ kind: 'leave' }),
      log: (level, text) => this.#log(level, text),
    });
    this.#alerting = new Alerting(logger);
    this.#fencing = new NodeFencing(configuration.stateDirectory, (text) => this.#log('warning', text));
    this.#recorder = new Recorder({
      stateDirectory: configuration.stateDirectory,
      self: self.name,
      logger,
      say: (message) => this.engine?.multicast(group, encodeClusterMessage(message), 'agreed'),
    });
    this.#leaseFate = new LeaseFate(leaseMsOf(timingOf(configuration)));
    this.#holdings = new BroadcastChannel(holdingsChannel(self.nodeId));
    this.#operations = new Operations({
      logger,
      stateFolder: '/run/haven/agents',
      self: { node: self.name, socket: configuration.socket },
      report: (report) => this.#tell({ kind: 'outcome', report }),
      cancelled: (resource, operation, intervalMs) =>
        this.#tell({ kind: 'cancelled', resource, operation, intervalMs }),
      onAddresses: (addresses) => this.#holdings.postMessage({ addresses } satisfies Holdings),
      fateOfTaken: () => this.#leaseFate.ofTaken(this.engine?.quorateAtBootMs() ?? 0),
    });
  }

  /** @throws CommandFailure: wrong key file, an address that is not here, a port or folder that is taken. */
  static async start(options: NodeDaemonOptions): Promise<NodeDaemon> {
    const { configuration, logger } = options;
    const self = ownName(configuration);
    const opened = await openStorage(configuration.stateDirectory, logger);
    let daemon: NodeDaemon | undefined;
    const administration = await Administration.open({
      configuration,
      self,
      logger,
      say: (list) => daemon?.say(list),
      obstacle: () => daemon?.listObstacle(),
      onList: ({ nodes }) => daemon?.engine?.setNodes(nodeListOf(describedNodes(nodes))),
    });
    daemon = new NodeDaemon(options, administration, opened);
    await daemon.#begin();
    return daemon;
  }

  async #begin(): Promise<void> {
    const { configuration } = this.#administration;
    const engine = await RingEngine.start(ringSettingsOf(configuration), {
      logger: this.#options.logger,
      ...guardedRing(configuration.watchdog),
      onStranger: () => void this.#administration.lookForChanges(),
    });
    this.engine = engine;
    engine.subscribe((event) => this.#hear(event));
    mkdirSync(dirname(configuration.socket), { recursive: true });
    this.#api = await listenOnSocket(this, configuration.socket, callerOf);
    await engine.join(group);
    await this.#administration.listen(this);
  }

  /** Moves everything away, leaves the ring, ends. Resolves when nothing of it is left. */
  async stop(): Promise<void> {
    await this.#operations.close();
    await this.engine?.leave();
    this.#holdings.close();
    this.#administration.close();
    this.#api?.close();
    this.#api?.closeAllConnections();
    this.#storage.close();
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
        return this.#tell({ kind: 'quorum', quorate: this.engine?.quorum().quorate ?? false });
      }
      case 'quorum-changed': {
        const { quorate } = event.quorum;
        this.#recorder.event('quorum', 'info', `this partition has ${quorate ? '' : 'no '}quorum`);
        return this.#tell({ kind: 'quorum', quorate });
      }
      case 'deliver': {
        const message = event.group === group ? decodeClusterMessage(event.body) : undefined;
        if (message === undefined) return;
        if (message.kind === 'decision' || message.kind === 'transition') {
          if (event.from.nodeId !== this.#state.replica.self.nodeId) this.#recorder.heard(message);
          return;
        }
        this.#tell({ kind: 'message', from: event.from.nodeId, message, heardBy: event.heardBy });
        if (message.kind === 'fenced') this.#fenced(message);
        this.#recorder.told(message);
        if (message.kind === 'kill-test') this.#log('warning', announcementOf(message));
        if (message.kind === 'kill-test' && message.node === this.#state.replica.self.name)
          failOnPurpose(message, this.engine);
        const { self, coordinator, cib } = this.#state.replica;
        const leader = coordinator === undefined ? undefined : this.#nameOf(coordinator);
        return this.#alerting.tell(cib, eventsToTell(message, { self: self.name, coordinator: leader }));
      }
      case 'closed':
        return this.#end(event.reason);
      case 'writable':
        return;
    }
  }

  #membersChanged(lapsed: boolean): void {
    this.#leaseFate.membersChanged();
    if (lapsed) this.#operations.settleTaken('given-up');
  }

  #nameOf(nodeId: number): string {
    return this.#administration.configuration.nodes.find((node) => node.id === nodeId)?.name ?? String(nodeId);
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
        this.engine?.multicast(group, encodeClusterMessage(effect.message), 'agreed');
        return;
      case 'persist':
        return this.#storage.persist(effect.record);
      case 'adopt':
        return this.#storage.adopt(effect.snapshot);
      case 'keep-aside':
        this.#storage.keepAside(effect.snapshot);
        return this.#log('error', effect.why);
      case 'answer': {
        const { outcome } = effect;
        this.#requests.get(effect.request)?.(outcome === 'accepted' ? { ok: true } : { ok: false, failure: outcome });
        this.#requests.delete(effect.request);
        return;
      }
      case 'run':
        this.#recorder.ordered(effect.order);
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
        return void this.#fence(effect.order);
      case 'node-list':
        return this.#administration.adopt(effect.message);
      case 'dismissed':
        return this.#end(this.#storage.trouble ?? 'nothing runs here any more');
      case 'changed':
        this.#changedAtMs = monotonicMs();
        this.#recorder.saw(this.#state.replica.cib);
        if (effect.what !== 'status') this.#operations.setFastAgents(fastAgentsOf(this.#state.replica.cib));
        if (effect.what === 'configuration')
          this.#recorder.event('document', 'info', `configuration changed by ${effect.by}`);
        return;
      case 'together':
        this.#recorder.event('membership', 'notice', `${effect.coordinator} coordinates`);
        this.#operations.lookForLeftovers(this.#state.replica.cib);
        return this.#enterMembers();
      case 'transition-begun':
        return this.#recorder.begun(effect.record);
      case 'transition-ended':
        return this.#recorder.ended(effect.record);
      case 'log':
        return this.#log(effect.level, effect.text);
    }
  }

  async #fence(order: FencingOrder): Promise<void> {
    const { attempt, target, action, device } = order;
    this.#recorder.event('fencing', 'warning', `fencing ${target} (${action}) with ${device.id}`);
    const failure = await this.#fencing.carryOut(order);
    this.#tell({ kind: 'fence-answer', attempt, failure });
  }

  /** Told everywhere, by whichever node it was done. */
  #fenced(message: Extract<ClusterMessage, { kind: 'fenced' }>): void {
    const { target, action, device, failure } = message;
    const [level, outcome] = failure === undefined ? (['notice', 'done'] as const) : (['error', failure] as const);
    this.#fencing.remember(message);
    this.#log(level, `fencing ${target.name} (${action}) by ${device || 'no device'}: ${outcome}`);
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
    const { configuration } = this.#administration;
    return statusOf({ replica, configuration, quorum: this.engine?.quorum(), trouble: this.#storage.trouble });
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
        return this.#change(cleaningUpdates(this.#state.replica.cib, command));
      case 'ticket':
        return this.#change(ticketUpdates(this.#state.replica.cib, command, wallClock().epochSeconds));
      case 'attribute':
        return this.#setAttribute(command);
      case 'confirm-fenced':
        return this.#sayOf(command.node, ({ name }) => ({ kind: 'fence-confirm', target: name, by }));
      case 'fence': {
        const { node: target, action, request } = { ...command, request: randomUUID() };
        return new Promise((resolve) => {
          this.#requests.set(request, resolve);
          this.#tell({ kind: 'say', message: { kind: 'fence-request', request, target, action, by } });
        });
      }
      case 'remove-node':
        return this.#removeNode(command);
      case 'kill-test': {
        const refusal = killTestRefusal(this.status(), command.node, command.how);
        if (refusal !== undefined) return Promise.resolve(failed(refusal));
        return this.#sayOf(command.node, ({ name }) => ({ ...command, node: name, by }));
      }
      case 'reschedule':
      case 'stop-node':
        this.#tell(command.kind === 'stop-node' ? { kind: 'leave' } : { kind: 'recheck', reason: by });
        return Promise.resolve({ ok: true });
    }
  }

  nodeList(): NodeList {
    return this.#administration.list;
  }

  invite(lifetimeMs: number, by: string): InvitationOutcome {
    return this.#administration.invite(lifetimeMs, by);
  }

  settled(withinMs: number): Promise<boolean> {
    return atRestWithin(withinMs, () => ({ state: this.#state, changedAtMs: this.#changedAtMs }));
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

  fencing(): readonly FencingView[] {
    return this.#fencing.history;
  }

  historyInput(number: number): string | undefined {
    return this.#recorder.input(number);
  }

  async #change(updates: Result<StatusUpdate[], Failure>): Promise<Outcome> {
    if (!updates.ok) return failed(updates.error);
    this.#tell({ kind: 'status', updates: updates.value });
    return { ok: true };
  }

  /** Puts the node list into the order of messages. */
  private say(list: NodeList): void {
    this.#tell({ kind: 'say', message: { kind: 'node-list', ...list, by: this.#state.replica.self.name } });
  }

  /** Why the node list cannot be changed here now. */
  private listObstacle(): Failure | undefined {
    const { phase, quorate } = this.#state.replica;
    if (phase === 'together' && quorate) return undefined;
    const what = 'this partition has no quorum, so it may not change who belongs to the cluster';
    return { kind: 'no-quorum', what, fix: 'Wait until enough nodes are back: haven status' };
  }

  /** A node that came for the first time is not in the document: whoever coordinates enters it. */
  #enterMembers(): void {
    const edit = missingNodesEdit(this.#state.replica);
    if (edit !== undefined) void this.edit(edit, 'membership');
  }

  async #removeNode({ node: name, force }: Extract<Command, { kind: 'remove-node' }>): Promise<Outcome> {
    const node = this.#member(name);
    const isMember = () => this.#state.replica.ring?.members.some((id) => this.#nameOf(id) === name) === true;
    if (force) await departure(isMember);
    const refusal = removalRefusal(name, this.status(), force ? 'forced' : 'careful');
    if (refusal !== undefined) return failed(refusal);
    const removed = await this.#administration.remove(name);
    if (!removed.ok) return failed(removed.error);
    if (node === undefined) return { ok: true };
    const xml = serialiseXml(xmlElement('node', { id: node.id }));
    const outcome = await this.edit({ kind: 'delete', xml }, 'membership');
    this.#tell({ kind: 'status', updates: [{ kind: 'node-removed', node }] });
    return outcome;
  }

  async #setAttribute({ node, name, value, dampenMs = 0 }: Extract<Command, { kind: 'attribute' }>): Promise<Outcome> {
    const said = await this.#sayOf(node, (of) => ({ kind: 'attribute', node: of, name, value, dampenMs }));
    if (said.ok && dampenMs === 0) await attributeWritten({ node, name, value }, () => this.#state);
    return said;
  }

  #sayOf(name: string, messageOf: (node: NodeName) => Said): Promise<Outcome> {
    const node = this.#member(name);
    if (node === undefined) return Promise.resolve(failed({ kind: 'not-found', what: `there is no node '${name}'` }));
    this.#tell({ kind: 'say', message: messageOf(node) });
    return Promise.resolve({ ok: true });
  }

  #member(name: string): NodeName | undefined {
    const node = this.#administration.configuration.nodes.find((each) => each.name === name);
    return node === undefined ? undefined : { id: String(node.id), name };
  }
}

type NodeName = { readonly id: string; readonly name: string };
type Said = Extract<NodeEvent, { kind: 'say' }>['message'];
type Timeless = NodeEvent extends infer Event ? (Event extends unknown ? Omit<Event, 'nowMs' | 'now'> : never) : never;

function failed(failure: Failure): Outcome {
  return { ok: false, failure };
}
