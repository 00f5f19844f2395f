// The replica's steps (state.ts says what it is).
import {
  applyPatch,
  childAt,
  diffCibs,
  onDiskDigest,
  parseXml,
  patchFromXml,
  patchToXml,
  removeElement,
  serialiseXml,
  versionedDigest,
  type XmlElement,
  xmlElement,
} from '../../cib/index.ts';
import { assert, defined, type Failure } from '../../kit/index.ts';
import { pendingUpdates } from '../coordinator/operation-entry.ts';
import { applyEdit } from '../document/edit.ts';
import { faultOf } from '../document/fault.ts';
import { applyStatus, type StatusUpdate } from '../document/status.ts';
import type { ChangeRequest, ClusterMessage, HeardMessage, Hello, Place, StatusMessage } from '../message.ts';
import { chainOf, type JournalRecord } from '../store/record.ts';
import type { Snapshot } from '../store/snapshot.ts';
import { chooseCoordinator, chooseSource, divergedFrom } from './choice.ts';
import type {
  NodeIdentity,
  PendingRequest,
  ReplicaEffect,
  ReplicaEvent,
  ReplicaState,
  ReplicaStep,
  Ring,
} from './state.ts';

/** Older places than these cannot be compared; such a member takes the source's document like any other. */
const chainsMax = 1024;
/** A change that always meets another one is given back to its maker. */
const attemptsMax = 16;
export const requestsMax = 1000;

export type Begin = {
  readonly self: NodeIdentity;
  readonly cib: XmlElement;
  readonly place: Place;
  /** The places before it and itself, as far as they are known. */
  readonly chains: ReplicaState['chains'];
  readonly trusted: boolean;
};

/** A node as it starts: what its disk had, nothing of the cluster's state. */
export function initialReplica({ self, cib, place, chains, trusted }: Begin): ReplicaState {
  return {
    self,
    cib: withoutStatus(cib),
    place,
    trusted,
    ring: undefined,
    quorate: false,
    hellos: new Map(),
    phase: 'apart',
    names: new Map([[self.nodeId, self.name]]),
    coordinator: undefined,
    chains: chains.slice(-chainsMax),
    persisted: place.index,
    stored: new Map(),
    requests: [],
    known: false,
  };
}

export function step(state: ReplicaState, event: ReplicaEvent): ReplicaStep {
  const run = new ReplicaRun(state);
  run.handle(event);
  return { state: run.state, effects: run.effects };
}

export function invariants(state: ReplicaState): void {
  if (state.phase === 'together') {
    assert(state.ring?.members.includes(state.coordinator ?? -1) === true, 'the coordinator is a member');
    assert(state.hellos.size === state.ring?.members.length, 'members that are together have greeted one another');
  }
  assert(state.chains.at(-1)?.chain === state.place.chain, 'the place is the last of the history');
}

/** One step in the making. */
class ReplicaRun {
  state: ReplicaState;
  readonly effects: ReplicaEffect[] = [];

  constructor(state: ReplicaState) {
    this.state = state;
  }

  handle(event: ReplicaEvent): void {
    switch (event.kind) {
      case 'configuration':
        return this.#configuration(event.ring);
      case 'quorum':
        return this.#quorum(event.quorate);
      case 'message':
        return this.#message(event);
      case 'request':
        return this.#request(event.request);
      case 'persisted':
        return this.#persisted(event.index);
    }
  }

  #set(change: Partial<ReplicaState>): void {
    this.state = { ...this.state, ...change };
  }

  #quorum(quorate: boolean): void {
    if (quorate === this.state.quorate) return;
    this.#set({ quorate });
    if (this.state.phase !== 'together') return;
    this.#set({ known: this.state.known || quorate });
    this.#set({ cib: this.state.cib.with({ 'have-quorum': quorate ? '1' : '0' }) });
    this.effects.push({ kind: 'changed', what: 'status', by: 'quorum', updates: [] });
    this.#acknowledge();
    this.#proposeWaiting();
  }

  #configuration(ring: Ring): void {
    const requests = this.state.requests.map((request) =>
      request.phase === 'proposed' ? { ...request, phase: 'waiting' as const } : request,
    );
    // Quorum is of a ring: that of this one is told after it, and before anybody's greeting.
    const fresh = { quorate: false, hellos: new Map(), stored: new Map(), coordinator: undefined };
    this.#set({ ring, phase: 'greeting', requests, ...fresh });
    this.effects.push({ kind: 'apart' });
    const { self, place, trusted, cib, known } = this.state;
    const hello: Hello = {
      kind: 'hello',
      ring: ring.name,
      node: { id: self.id, name: self.name },
      boot: self.boot,
      cluster: self.cluster,
      version: self.version,
      place,
      trusted,
      digest: digestOf(cib),
      heldForMs: ring.heldForMs,
      known,
    };
    this.effects.push({ kind: 'multicast', message: hello });
  }

  #message({ from, message, heardBy }: HeardMessage): void {
    switch (message.kind) {
      case 'hello':
        return this.#hello(from, message);
      case 'document':
        return this.#document(from, message);
      case 'change':
        return heardBy === 'ring' ? this.#change(from, message) : this.#passOver(from, message);
      case 'stored':
        return this.#stored(from, message.index);
      case 'status':
        return this.#status(from, message.updates.flatMap(updateOf));
      case 'execute':
        // From the same message that gives the order, so that no coordinator can miss an operation under way.
        this.#status(from, pendingUpdates(message.on, message.order));
        return this.#deliver(from, message);
      default:
        return this.#deliver(from, message);
    }
  }

  #deliver(from: number, message: ClusterMessage): void {
    if (this.state.phase === 'together') this.effects.push({ kind: 'deliver', from, message });
  }

  #hello(from: number, hello: Hello): void {
    const { ring, self } = this.state;
    if (ring === undefined || hello.ring !== ring.name || !ring.members.includes(from)) return;
    if (hello.cluster !== self.cluster) {
      const text = `node ${hello.node.name} says it belongs to the cluster '${hello.cluster}', this is '${self.cluster}'`;
      return this.#log('error', `${text}: its messages are passed over. Give the clusters different keys or ports`);
    }
    const hellos = new Map(this.state.hellos).set(from, hello);
    this.#set({ hellos, names: new Map(this.state.names).set(from, hello.node.name) });
    if (ring.members.every((member) => hellos.has(member))) this.#greeted(ring);
  }

  #greeted(ring: Ring): void {
    const { hellos, self, place } = this.state;
    const source = chooseSource(hellos);
    const best = defined(hellos.get(source), 'the source has greeted');
    const alike = [...hellos.values()].every(
      (hello) =>
        hello.digest === best.digest &&
        hello.place.chain === best.place.chain &&
        hello.place.index === best.place.index,
    );
    if (alike) return this.#together(ring);
    this.#set({ phase: 'awaiting-document' });
    if (source !== self.nodeId) return;
    const diverged = divergedFrom(this.state).map((nodeId) => String(nodeId));
    const knownFrom = this.state.chains[0]?.index ?? place.index;
    const xml = serialiseXml(this.state.cib);
    this.effects.push({
      kind: 'multicast',
      message: { kind: 'document', ring: ring.name, place, knownFrom, xml, diverged },
    });
  }

  #document(from: number, message: Extract<ClusterMessage, { kind: 'document' }>): void {
    const { ring, self, phase } = this.state;
    if (ring === undefined || message.ring !== ring.name || phase !== 'awaiting-document') return;
    if (from !== self.nodeId) this.#takeOver(message);
    this.#together(ring);
  }

  #takeOver(message: Extract<ClusterMessage, { kind: 'document' }>): void {
    const parsed = parseXml(message.xml);
    assert(parsed.ok, 'the source sends a document that can be read');
    const { place, self } = this.state;
    if (message.diverged.includes(String(self.nodeId))) {
      const why = `this node's configuration had parted from the cluster's at change ${place.index}: kept aside, the cluster's taken`;
      this.effects.push({ kind: 'keep-aside', snapshot: snapshotOf(this.state), why });
      this.#log('error', why);
    }
    this.#giveUpLost(message);
    // Where nothing was ever changed, the documents may differ: they were made of node lists of different times.
    const moved =
      place.chain !== message.place.chain ||
      place.index !== message.place.index ||
      onDiskDigest(withoutStatus(this.state.cib)) !== onDiskDigest(withoutStatus(parsed.value));
    this.#set({ cib: parsed.value, place: message.place, trusted: true });
    if (moved) {
      // What is on disk belongs to another history until the new document is there.
      this.#set({ chains: [{ index: message.place.index, chain: message.place.chain }], persisted: 0 });
      this.effects.push({ kind: 'adopt', snapshot: snapshotOf(this.state) });
    }
    this.effects.push({ kind: 'changed', what: 'everything', by: 'the cluster', updates: [] });
  }

  /** What was accepted here and is not in the document taken over never was: it had not reached every member's disk. */
  #giveUpLost(message: Extract<ClusterMessage, { kind: 'document' }>): void {
    const { place, self } = this.state;
    const parted = message.diverged.includes(String(self.nodeId));
    const comparable = place.index >= message.knownFrom;
    for (const { id, index } of this.state.requests) {
      if (index === undefined) continue;
      if (parted || index > message.place.index) {
        const what = 'the change was lost: the cluster went on without the partition in which it was made';
        this.#answer(id, { kind: 'failed', what, fix: 'Make it again' });
      } else if (!comparable) {
        const what =
          'the membership changed, and no member tells whether the change is in the document that all have now';
        this.#answer(id, {
          kind: 'failed',
          what,
          fix: 'Look at the configuration (haven cib query), and make it again',
        });
      }
    }
  }

  /** All have the same document: membership is written into it, by all alike, and work begins. */
  #together(ring: Ring): void {
    const coordinator = chooseCoordinator(this.state);
    const before = this.state.phase;
    const known = this.state.known || this.state.quorate;
    this.#set({ phase: 'together', coordinator, trusted: true, known });
    this.#writeMembership(ring, coordinator);
    const text = `${ring.members.length} members have the same document (change ${this.state.place.index}); ${this.nameOf(coordinator)} coordinates`;
    this.#log('notice', text);
    this.effects.push({ kind: 'together', coordinator, joined: before === 'together' ? [] : ring.members });
    // What was accepted before may be waiting only for members that are gone, or for the document to be stored here.
    this.effects.push({ kind: 'multicast', message: { kind: 'stored', index: this.state.persisted } });
    this.#proposeWaiting();
  }

  #writeMembership(ring: Ring, coordinator: number): void {
    const updates: StatusUpdate[] = ring.members.map((member) => ({
      kind: 'node-joined',
      node: { id: String(member), name: this.nameOf(member) },
    }));
    const states = childAt(this.state.cib, 'status')?.children ?? [];
    for (const state of states) {
      const present = ring.members.some((member) => String(member) === state.id);
      if (state.name !== 'node_state' || present || state.get('in_ccm') !== 'true') continue;
      // Only who was dismissed leaves with nothing running; one that dies while it shuts down is lost like any other.
      const leaving = state.get('expected') === 'down';
      const node = { id: state.id ?? '', name: state.get('uname') ?? '' };
      updates.push({ kind: 'node-left', node, how: leaving ? 'shutdown' : 'lost' });
    }
    let cib = updates.reduce(applyStatus, this.state.cib);
    cib = cib.with({ 'dc-uuid': String(coordinator), 'have-quorum': this.state.quorate ? '1' : '0' });
    this.#set({ cib });
    this.effects.push({ kind: 'changed', what: 'status', by: 'membership', updates });
  }

  #status(from: number, updates: readonly StatusUpdate[]): void {
    if (this.state.phase !== 'together') return;
    const cib = updates.reduce(applyStatus, this.state.cib);
    if (cib === this.state.cib) return;
    this.#set({ cib });
    this.effects.push({ kind: 'changed', what: 'status', by: this.nameOf(from), updates });
  }

  #request(request: ChangeRequest): void {
    if (this.state.requests.length >= requestsMax) {
      const what = `${requestsMax} changes are waiting already`;
      return this.#answer(request.id, { kind: 'unavailable', what, fix: 'Try again when they are through' });
    }
    const pending: PendingRequest = { ...request, phase: 'waiting', index: undefined, attempts: 0 };
    this.#set({ requests: [...this.state.requests, pending] });
    this.#proposeWaiting();
  }

  /** One at a time from each node: the next is made on the document that the one before leads to. */
  #proposeWaiting(): void {
    const { phase, quorate, requests } = this.state;
    if (requests.some((request) => request.phase === 'proposed')) return;
    const next = requests.find((request) => request.phase === 'waiting');
    if (next === undefined || phase !== 'together') return;
    if (!quorate) {
      const what = 'this partition has no quorum, so it may not change the configuration';
      const fix = 'Wait until enough nodes are back: haven status';
      this.#answer(next.id, { kind: 'no-quorum', what, fix });
      return this.#proposeWaiting();
    }
    this.#propose(next);
  }

  #propose(request: PendingRequest): void {
    const edited = applyEdit(this.state.cib, request.edit);
    if (!edited.ok) {
      this.#answer(request.id, edited.error);
      return this.#proposeWaiting();
    }
    const fault = edited.value === this.state.cib ? 'unchanged' : faultOf(edited.value);
    if (fault !== undefined) {
      this.#answer(request.id, fault === 'unchanged' ? 'accepted' : fault);
      return this.#proposeWaiting();
    }
    const patch = diffCibs(withoutStatus(this.state.cib), withoutStatus(edited.value));
    this.#update(request.id, { phase: 'proposed', attempts: request.attempts + 1 });
    this.effects.push({
      kind: 'multicast',
      message: {
        kind: 'change',
        request: request.id,
        base: this.state.place.chain,
        patch: serialiseXml(patchToXml({ ...patch, versions: undefined, digest: undefined })),
        by: request.by,
      },
    });
  }

  #change(from: number, message: Extract<ClusterMessage, { kind: 'change' }>): void {
    const own = from === this.state.self.nodeId;
    if (this.state.phase !== 'together' || !this.state.quorate || message.base !== this.state.place.chain) {
      if (own) this.#tryAgain(message.request);
      return;
    }
    const changed = patchedConfiguration(this.state.cib, message.patch);
    if (changed === undefined) {
      const what = 'the change does not fit the document that it was made for';
      if (own) this.#answer(message.request, { kind: 'failed', what });
      return;
    }
    this.#accept(changed, message);
    if (own) {
      this.#update(message.request, { phase: 'accepted', index: this.state.place.index });
      this.#proposeWaiting();
    }
  }

  /**
   * Behind a gap in the order another change may have been, which others heard and accepted at the place where this one would
   * come to stand here: two histories of the same length and term, of which one may be acknowledged.
   */
  #passOver(from: number, { request }: Extract<ClusterMessage, { kind: 'change' }>): void {
    if (from === this.state.self.nodeId) this.#tryAgain(request);
  }

  #accept(cib: XmlElement, message: Extract<ClusterMessage, { kind: 'change' }>): void {
    const { place, ring } = this.state;
    const record: JournalRecord = {
      term: Math.max(place.term, ring?.seq ?? 0),
      index: place.index + 1,
      previous: place.chain,
      payload: new TextEncoder().encode(message.patch),
    };
    const next: Place = { term: record.term, index: record.index, chain: chainOf(record) };
    const chains = [...this.state.chains, { index: next.index, chain: next.chain }].slice(-chainsMax);
    this.#set({ cib, place: next, chains });
    this.effects.push({ kind: 'persist', record });
    this.effects.push({ kind: 'changed', what: 'configuration', by: message.by, updates: [] });
  }

  #tryAgain(id: string): void {
    const request = this.state.requests.find((other) => other.id === id);
    if (request === undefined) return;
    if (request.attempts >= attemptsMax) {
      const what = `the change met another one ${attemptsMax} times`;
      this.#answer(id, { kind: 'failed', what, fix: 'Try again when the configuration is at rest' });
    } else this.#update(id, { phase: 'waiting' });
    this.#proposeWaiting();
  }

  #persisted(index: number): void {
    this.#set({ persisted: index });
    if (this.state.phase !== 'together') return;
    this.effects.push({ kind: 'multicast', message: { kind: 'stored', index } });
  }

  #stored(from: number, index: number): void {
    this.#set({ stored: new Map(this.state.stored).set(from, index) });
    this.#acknowledge();
  }

  /** What every member of a quorate membership has on disk, every later quorate membership will find: they share a member. */
  #acknowledge(): void {
    if (!this.state.quorate || this.state.phase !== 'together') return;
    const members = this.state.ring?.members ?? [];
    const everywhere = Math.min(...members.map((member) => this.state.stored.get(member) ?? 0));
    for (const request of this.state.requests) {
      if (request.index !== undefined && request.index <= everywhere) this.#answer(request.id, 'accepted');
    }
  }

  #update(id: string, change: Partial<PendingRequest>): void {
    this.#set({
      requests: this.state.requests.map((request) => (request.id === id ? { ...request, ...change } : request)),
    });
  }

  #answer(id: string, outcome: 'accepted' | Failure): void {
    this.#set({ requests: this.state.requests.filter((request) => request.id !== id) });
    this.effects.push({ kind: 'answer', request: id, outcome });
  }

  nameOf(nodeId: number): string {
    return this.state.names.get(nodeId) ?? String(nodeId);
  }

  #log(level: 'error' | 'warning' | 'notice' | 'info', text: string): void {
    this.effects.push({ kind: 'log', level, text });
  }
}

function updateOf(message: StatusMessage): StatusUpdate[] {
  if (message.kind !== 'node-history') return [message];
  const parsed = parseXml(message.xml);
  return parsed.ok ? [{ kind: 'node-history', node: message.node, resources: parsed.value }] : [];
}

function patchedConfiguration(cib: XmlElement, patchText: string): XmlElement | undefined {
  const parsed = parseXml(patchText);
  const patch = parsed.ok ? patchFromXml(parsed.value) : undefined;
  const patched = patch?.ok ? applyPatch(withoutStatus(cib), patch.value) : undefined;
  if (patched?.ok !== true) return undefined;
  const status = childAt(cib, 'status') ?? xmlElement('status');
  return withoutStatus(patched.value).append(status);
}

/** The status section is never stored and never patched. */
export function withoutStatus(cib: XmlElement): XmlElement {
  const status = childAt(cib, 'status');
  return status === undefined ? cib : removeElement(cib, status);
}

export function snapshotOf(state: Pick<ReplicaState, 'cib' | 'place'>): Snapshot {
  return { ...state.place, document: serialiseXml(withoutStatus(state.cib).append(xmlElement('status'))) };
}

function digestOf(cib: XmlElement): string {
  return versionedDigest(cib);
}

/** The document that a snapshot and the changes since make. */
export function replay(snapshot: XmlElement, records: readonly JournalRecord[]): XmlElement {
  return records.reduce((cib, record) => {
    const changed = patchedConfiguration(cib, new TextDecoder().decode(record.payload));
    assert(changed !== undefined, `record ${record.index} fits the document that it was written for`);
    return changed;
  }, snapshot);
}

/** For the tests: what two members must agree on. */
export function agreementOf(state: ReplicaState): string {
  return `${state.place.index}/${state.place.chain}/${onDiskDigest(state.cib)}`;
}
