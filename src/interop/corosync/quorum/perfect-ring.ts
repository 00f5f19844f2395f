// Haven's services on rings that are perfect: whoever is in one ring hears the same messages at once, in one order.
import {
  initialStack,
  quorumFlagsOf,
  quorumView,
  readCorosyncConf,
  type StackEffect,
  type StackEvent,
  type StackState,
  stackDeadline,
  stepStack,
} from '../../../membership/index.ts';
import { type Rings, ringsOf, type Spoken, type Story, type StoryStep, storyConf, viewText } from './story.ts';

type Message = { readonly from: number; readonly group: string; readonly body: Uint8Array };
type Node = { stack: StackState; ring: Ring | undefined; unsaid: Message[] };
type Ring = { readonly members: readonly number[]; readonly queue: Message[] };

/** Longer than Corosync takes to agree on a ring, shorter than any window. */
const formationMs = 1000;

export class PerfectRing {
  readonly #story: Story;
  readonly #nodes = new Map<number, Node>();
  readonly #storedVotes = new Map<number, number>();
  #parted: ReadonlySet<number> = new Set();
  #ringSeq = 0;
  #nowMs = 0;

  constructor(story: Story) {
    this.#story = story;
  }

  take(step: StoryStep): void {
    switch (step.kind) {
      case 'start':
        for (const nodeId of step.nodes) this.#start(nodeId);
        return this.#form();
      case 'crash':
        for (const nodeId of step.nodes) this.#nodes.delete(nodeId);
        return this.#form();
      case 'leave':
        for (const nodeId of step.nodes) this.#leave(nodeId);
        return this.#form();
      case 'part':
        this.#parted = new Set(step.nodes);
        return this.#form();
      case 'heal':
        this.#parted = new Set();
        return this.#form();
      case 'expected':
        return this.#ask({ kind: 'expected-votes', votes: step.votes });
      case 'votes':
        return this.#ask({ kind: 'node-votes', nodeId: step.node, votes: step.votes });
      case 'wait':
        return this.#pass(step.seconds * 1000);
    }
  }

  spoken(): Spoken[] {
    return [...this.#nodes]
      .sort(([left], [right]) => left - right)
      .map(([nodeId, { stack }]) => {
        const { quorate, votes, expectedVotes, votesNeeded } = quorumView(stack);
        const flags = quorumFlagsOf(stack.quorum);
        return {
          nodeId,
          view: viewText({ quorate, total: votes, expected: expectedVotes, quorum: votesNeeded, flags }),
        };
      });
  }

  #start(nodeId: number): void {
    const text = storyConf(
      this.#story,
      this.#story.votes.map((_, index) => `192.0.2.${index + 1}`),
    );
    const { config, fault } = readCorosyncConf(text, 'story', machineOf(nodeId));
    if (config === undefined) throw new Error(fault);
    const storedVotes = this.#storedVotes.get(nodeId) ?? 0;
    const stack = initialStack({ nodeId, quorum: config.quorum, storedVotes, configVersion: undefined });
    this.#nodes.set(nodeId, { stack, ring: undefined, unsaid: [] });
    this.#tell(nodeId, { kind: 'start', nowMs: this.#nowMs });
    // It stands alone before it hears of anybody.
    this.#install([nodeId], this.#rings());
  }

  #leave(nodeId: number): void {
    this.#tell(nodeId, { kind: 'announce-leave', nowMs: this.#nowMs });
    this.#settle();
    this.#nodes.delete(nodeId);
  }

  #ask(
    change: { kind: 'expected-votes'; votes: number } | { kind: 'node-votes'; nodeId: number; votes: number },
  ): void {
    const first = Math.min(...this.#nodes.keys());
    this.#tell(first, { kind: 'reconfigure', change, nowMs: this.#nowMs });
    this.#settle();
  }

  /** Rings as who runs and who is parted from whom demands; those that stand already stay. */
  #form(): void {
    this.#pass(formationMs);
    const before = this.#rings();
    for (const members of ringsOf(this.#nodes.keys(), this.#parted)) this.#install(members, before);
    this.#settle();
  }

  #rings(): Rings {
    return [...new Set([...this.#nodes.values()].map(({ ring }) => ring))].flatMap((ring) =>
      ring ? [ring.members] : [],
    );
  }

  #install(members: readonly number[], before: Rings): void {
    if (before.some((ring) => ring.join() === members.join())) return;
    this.#ringSeq += 4;
    const ringId = { representative: Math.min(...members), seq: this.#ringSeq };
    const ring: Ring = { members, queue: [] };
    for (const nodeId of members) this.#node(nodeId).ring = ring;
    for (const nodeId of members) {
      const old = before.find((one) => one.includes(nodeId)) ?? [];
      const kept = members.filter((member) => old.includes(member));
      const joined = members.filter((member) => !old.includes(member));
      const left = old.filter((member) => !members.includes(member));
      const common = { kind: 'configuration', nowMs: this.#nowMs, ringId, goodbyes: [] } as const;
      this.#tell(nodeId, { ...common, type: 'transitional', members: kept, joined: [], left });
      this.#tell(nodeId, { ...common, type: 'regular', members, joined, left });
      ring.queue.push(...this.#node(nodeId).unsaid.splice(0));
    }
    this.#settle();
  }

  #settle(): void {
    for (const ring of new Set([...this.#nodes.values()].map((node) => node.ring))) {
      for (let message = ring?.queue.shift(); message !== undefined; message = ring?.queue.shift()) {
        for (const nodeId of ring?.members ?? []) {
          if (this.#nodes.has(nodeId)) this.#tell(nodeId, { ...message, kind: 'deliver', nowMs: this.#nowMs });
        }
      }
    }
  }

  #pass(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#nodes].map(([nodeId, { stack }]) => ({ nodeId, atMs: stackDeadline(stack) ?? Infinity }));
      const next = due.reduce((first, one) => (one.atMs < first.atMs ? one : first), { nodeId: 0, atMs: Infinity });
      if (next.atMs > endMs) break;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      this.#tell(next.nodeId, { kind: 'tick', nowMs: this.#nowMs });
      this.#settle();
    }
    this.#nowMs = endMs;
  }

  #tell(nodeId: number, event: StackEvent): void {
    const node = this.#node(nodeId);
    const { state, effects } = stepStack(node.stack, event);
    node.stack = state;
    for (const effect of effects) this.#carryOut(nodeId, effect);
  }

  #carryOut(nodeId: number, effect: StackEffect): void {
    const node = this.#node(nodeId);
    if (effect.kind === 'store-tracked-votes') this.#storedVotes.set(nodeId, effect.votes);
    if (effect.kind !== 'multicast') return;
    const message = { from: nodeId, group: effect.group, body: effect.body };
    if (node.ring === undefined) node.unsaid.push(message);
    else node.ring.queue.push(message);
  }

  #node(nodeId: number): Node {
    const node = this.#nodes.get(nodeId);
    if (node === undefined) throw new Error(`node ${nodeId} does not run`);
    return node;
  }
}

function machineOf(nodeId: number): Parameters<typeof readCorosyncConf>[2] {
  return {
    hostName: `node${nodeId}`,
    addresses: [],
    keyFileBytes: () => 'No such file or directory',
    directoryFault: () => undefined,
    resolve: () => undefined,
    hasUser: () => false,
    hasGroup: () => false,
  };
}
