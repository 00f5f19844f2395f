// The services above the ring as one pure machine: ordered messages and configurations in, group events, quorum and
// messages to multicast out. It is what makes a ring member one that real Corosync members can live with.

import type { QuorumView } from '../engine.ts';
import type {
  Expectation,
  QuorumConfig,
  QuorumEffect,
  QuorumEvent,
  QuorumState,
  Reconfiguration,
} from '../quorum/model.ts';
import {
  initialQuorum,
  nextDeadline as quorumDeadline,
  refusalOf,
  step as stepQuorum,
  totalVotes,
} from '../quorum/votequorum.ts';
import type { Guarantee, RingId } from '../totem/index.ts';
import { type CpgEffect, type CpgEvent, type CpgState, initialCpg, maySend, step as stepCpg } from './cpg.ts';
import { encodeCpg, type Process } from './cpg-message.ts';
import {
  decodeCfg,
  decodeConfigVersion,
  decodeVotequorum,
  encodeCfg,
  encodeConfigVersion,
  encodeVotequorum,
} from './small-messages.ts';
import {
  initialSync,
  type SyncEffect,
  type SyncEvent,
  type SyncState,
  step as stepSync,
  syncServices,
} from './sync.ts';
import { headerBytes, MessageReader } from './wire.ts';

/** Corosync's two groups. */
const servicesGroup = 'a';
const syncGroup = 'sync';

export type StackConfig = {
  readonly nodeId: number;
  /** Undefined: no quorum provider, always quorate. */
  readonly quorum: QuorumConfig | undefined;
  readonly storedVotes: number;
  readonly configVersion: number | undefined;
};

export type StackState = {
  readonly config: StackConfig;
  readonly sync: SyncState;
  readonly cpg: CpgState;
  readonly quorum: QuorumState | undefined;
  readonly members: readonly number[];
  readonly highestConfigVersion: number;
  readonly versionChecked: boolean;
};

export type StackEvent = { readonly nowMs: number } & (
  | { readonly kind: 'start' }
  | {
      readonly kind: 'configuration';
      readonly type: 'transitional' | 'regular';
      readonly ringId: RingId;
      readonly members: readonly number[];
      readonly joined: readonly number[];
      readonly left: readonly number[];
    }
  | { readonly kind: 'deliver'; readonly from: number; readonly group: string; readonly body: Uint8Array }
  | { readonly kind: 'join' | 'leave-group'; readonly process: Process }
  | { readonly kind: 'process-gone'; readonly processId: number }
  | {
      readonly kind: 'multicast';
      readonly process: Process;
      readonly body: Uint8Array;
      readonly guarantee: Guarantee;
    }
  | { readonly kind: 'reconfigure'; readonly change: Reconfiguration }
  | { readonly kind: 'node-list'; readonly expectation: Expectation }
  /** Our own configuration says something else now. */
  | {
      readonly kind: 'configured';
      readonly quorum: QuorumConfig | undefined;
      readonly configVersion: number | undefined;
    }
  | { readonly kind: 'request-reload' }
  | { readonly kind: 'kill-node'; readonly nodeId: number; readonly reason: string }
  | { readonly kind: 'device'; readonly change: 'register' | 'unregister' | 'vote' | 'no-vote' }
  | { readonly kind: 'announce-leave' }
  | { readonly kind: 'tick' }
);

export type StackEffect =
  | { readonly kind: 'multicast'; readonly group: string; readonly body: Uint8Array; readonly guarantee: Guarantee }
  | { readonly kind: 'sync-complete' }
  | Extract<CpgEffect, { kind: 'group-changed' | 'deliver' }>
  | { readonly kind: 'quorum-changed'; readonly quorum: QuorumView; readonly members: readonly number[] }
  | { readonly kind: 'refused'; readonly why: string }
  /** Another member (or a tool through it) orders us to end at once. */
  | { readonly kind: 'killed'; readonly by: number; readonly reason: string }
  | { readonly kind: 'stop'; readonly why: string }
  | { readonly kind: 'reload-config'; readonly by: number }
  | { readonly kind: 'store-tracked-votes'; readonly votes: number }
  | { readonly kind: 'log'; readonly level: 'notice' | 'warning' | 'error'; readonly text: string };

const nothing: readonly StackEffect[] = [];

export type StackStep = { readonly state: StackState; readonly effects: readonly StackEffect[] };

export function initialStack(config: StackConfig): StackState {
  return {
    config,
    sync: initialSync,
    cpg: initialCpg(config.nodeId),
    quorum: config.quorum === undefined ? undefined : initialQuorum(config.quorum, config.storedVotes),
    members: [],
    highestConfigVersion: 0,
    versionChecked: false,
  };
}

export function quorumView(state: StackState): QuorumView {
  const { quorum } = state;
  if (quorum === undefined) return { quorate: true, votes: state.members.length, expectedVotes: 0, votesNeeded: 0 };
  const own = quorum.nodes.get(state.config.nodeId);
  return {
    quorate: quorum.quorate,
    votes: totalVotes(quorum).votes,
    expectedVotes: own?.expectedVotes ?? quorum.config.expectedVotes,
    votesNeeded: quorum.quorum,
  };
}

export function nextDeadline(state: StackState): number | undefined {
  return state.quorum === undefined ? undefined : quorumDeadline(state.quorum);
}

export function step(state: StackState, event: StackEvent): StackStep {
  // What programs say to each other past the services is most of what a busy ring delivers.
  if (event.kind === 'deliver' && event.group !== servicesGroup && event.group !== syncGroup)
    return { state, effects: nothing };
  const run = new StackRun(state, event.nowMs);
  run.handle(event);
  return { state: run.state, effects: run.effects };
}

/** One step in the making: the services call on one another, in order. */
class StackRun {
  state: StackState;
  readonly effects: StackEffect[] = [];
  readonly #nowMs: number;

  constructor(state: StackState, nowMs: number) {
    this.state = state;
    this.#nowMs = nowMs;
  }

  handle(event: StackEvent): void {
    switch (event.kind) {
      case 'start':
        // The first nodeinfo is queued before there is a ring, so that it is the first thing others hear of us.
        if (this.state.quorum !== undefined) this.#sendOwnInfo(this.state.quorum);
        return;
      case 'configuration':
        return this.#configuration(event);
      case 'deliver':
        return this.#deliver(event.from, event.group, event.body);
      case 'join':
        return this.#cpg({ kind: 'join', process: event.process });
      case 'leave-group':
        return this.#cpg({ kind: 'leave', process: event.process });
      case 'process-gone':
        return this.#cpg({ kind: 'gone', processId: event.processId });
      case 'multicast':
        return this.#multicast(event);
      case 'reconfigure':
        return this.#reconfigure(event.change);
      case 'node-list':
        return this.#quorum({ kind: 'node-list', nowMs: this.#nowMs, expectation: event.expectation });
      case 'configured': {
        const { quorum, configVersion } = event;
        this.state = { ...this.state, config: { ...this.state.config, configVersion } };
        if (quorum !== undefined) this.#quorum({ kind: 'configured', nowMs: this.#nowMs, config: quorum });
        return;
      }
      case 'request-reload':
        return this.#send(encodeCfg({ kind: 'reload-config' }, this.state.config.nodeId));
      case 'kill-node': {
        const message = { kind: 'kill-node', nodeId: event.nodeId, reason: event.reason } as const;
        return this.#send(encodeCfg(message, this.state.config.nodeId));
      }
      case 'device':
        return this.#quorum({ kind: 'device', nowMs: this.#nowMs, change: event.change });
      case 'announce-leave':
        return this.#quorum({ kind: 'leave', nowMs: this.#nowMs });
      case 'tick':
        return this.#quorum({ kind: 'tick', nowMs: this.#nowMs });
    }
  }

  #configuration(event: Extract<StackEvent, { kind: 'configuration' }>): void {
    if (event.type === 'transitional') return this.#sync({ kind: 'transitional', members: event.members });
    this.state = { ...this.state, members: event.members };
    this.#logMembers(event);
    this.#sync({ kind: 'regular', ringId: event.ringId, members: event.members });
  }

  #logMembers(event: { members: readonly number[]; joined: readonly number[]; left: readonly number[] }): void {
    const list = (name: string, nodeIds: readonly number[]) => {
      if (nodeIds.length > 0) this.#log('notice', `Sync ${name}[${nodeIds.length}]: ${nodeIds.join(' ')}`);
    };
    list('members', event.members);
    list('joined', event.joined);
    list('left', event.left);
  }

  #deliver(from: number, group: string, body: Uint8Array): void {
    if (body.length < headerBytes) return;
    if (group === syncGroup) return this.#sync({ kind: 'message', from, body });
    if (group !== servicesGroup) return;
    const { id } = new MessageReader(body);
    switch (id >>> 16) {
      case syncServices.cmap:
        return this.#configVersion(from, body);
      case 1:
        return this.#cfg(from, body);
      case syncServices.cpg:
        return this.#cpg({ kind: 'message', from, body });
      case syncServices.votequorum:
        return this.#votequorum(from, body);
    }
  }

  #cfg(from: number, body: Uint8Array): void {
    const message = decodeCfg(body);
    switch (message?.kind) {
      case 'kill-node':
        if (message.nodeId !== this.state.config.nodeId) return;
        this.effects.push({ kind: 'killed', by: from, reason: message.reason });
        return;
      case 'shutdown':
        this.#log('notice', `Node ${from} was shut down by sysadmin`);
        if (from === this.state.config.nodeId) this.effects.push({ kind: 'stop', why: 'shut down by sysadmin' });
        return;
      case 'reload-config':
        this.effects.push({ kind: 'reload-config', by: from });
        return;
    }
  }

  #votequorum(from: number, body: Uint8Array): void {
    const message = decodeVotequorum(body);
    if (message === undefined) return;
    if (message.kind === 'nodeinfo') this.#quorum({ kind: 'nodeinfo', nowMs: this.#nowMs, from, info: message.info });
    else this.#quorum({ kind: 'reconfigure', nowMs: this.#nowMs, change: message.change });
  }

  #multicast(event: Extract<StackEvent, { kind: 'multicast' }>): void {
    if (!maySend(this.state.cpg, event.process)) {
      const why = `process ${event.process.processId} is not in the group '${event.process.group}'`;
      this.effects.push({ kind: 'refused', why });
      return;
    }
    const message = { kind: 'mcast', ...event.process, body: event.body } as const;
    this.#send(encodeCpg(message, this.state.config.nodeId), event.guarantee);
  }

  #reconfigure(change: Reconfiguration): void {
    if (this.state.quorum === undefined) return;
    const why = refusalOf(this.state.quorum, change);
    if (why !== undefined) this.effects.push({ kind: 'refused', why });
    else this.#send(encodeVotequorum({ kind: 'reconfigure', change }, this.state.config.nodeId));
  }

  #sync(event: SyncEvent): void {
    const done = stepSync(this.state.sync, event);
    this.state = { ...this.state, sync: done.state };
    for (const effect of done.effects) this.#syncEffect(effect);
  }

  #syncEffect(effect: SyncEffect): void {
    switch (effect.kind) {
      case 'send':
        this.effects.push({ kind: 'multicast', group: syncGroup, body: effect.body, guarantee: 'agreed' });
        return;
      case 'complete':
        this.#log('notice', 'Completed service synchronization, ready to provide service.');
        this.effects.push({ kind: 'sync-complete' });
        return;
      default:
        return this.#turn(effect);
    }
  }

  #turn(effect: Exclude<SyncEffect, { kind: 'send' | 'complete' }>): void {
    const nowMs = this.#nowMs;
    switch (effect.service) {
      case syncServices.cpg:
        if (effect.kind === 'init') {
          return this.#cpg({ kind: 'sync-init', transitional: effect.transitional, members: effect.members });
        }
        return this.#cpg({ kind: `sync-${effect.kind}` });
      case syncServices.votequorum:
        if (this.state.quorum === undefined) break;
        if (effect.kind === 'init') return this.#quorum({ kind: 'sync-init', nowMs, members: effect.members });
        return this.#quorum({ kind: `sync-${effect.kind}`, nowMs });
      case syncServices.cmap:
        return this.#cmapTurn(effect);
      case syncServices.quorum:
        break;
    }
    if (effect.kind === 'process') this.#sync({ kind: 'processed', service: effect.service });
  }

  /** A file of another version on another member: this member is not what the others think it is. */
  #cmapTurn(effect: Exclude<SyncEffect, { kind: 'send' | 'complete' }>): void {
    const own = this.state.config.configVersion ?? 0;
    switch (effect.kind) {
      case 'init':
        this.state = { ...this.state, highestConfigVersion: own };
        return;
      case 'process':
        this.#send(encodeConfigVersion(this.state.config.configVersion));
        return this.#sync({ kind: 'processed', service: syncServices.cmap });
      case 'activate': {
        const highest = this.state.highestConfigVersion;
        if (this.state.versionChecked || this.state.sync.transitional.length === 0 || own === 0) return;
        this.state = { ...this.state, versionChecked: true };
        if (highest === own) return;
        const why = `Received config version (${highest}) is different than my config version (${own})! Exiting`;
        this.#log('error', why);
        this.effects.push({ kind: 'stop', why });
      }
    }
  }

  #configVersion(from: number, body: Uint8Array): void {
    if (from === this.state.config.nodeId) return;
    const highest = Math.max(this.state.highestConfigVersion, decodeConfigVersion(body) ?? 0);
    this.state = { ...this.state, highestConfigVersion: highest };
  }

  #cpg(event: CpgEvent): void {
    const done = stepCpg(this.state.cpg, event);
    this.state = { ...this.state, cpg: done.state };
    for (const effect of done.effects) {
      if (effect.kind === 'send') this.#send(effect.body);
      else if (effect.kind === 'sync-done') this.#sync({ kind: 'processed', service: syncServices.cpg });
      else this.effects.push(effect);
    }
  }

  #quorum(event: QuorumEvent): void {
    if (this.state.quorum === undefined) return;
    const done = stepQuorum(this.state.quorum, event);
    this.state = { ...this.state, quorum: done.state };
    for (const effect of done.effects) this.#quorumEffect(effect);
  }

  #quorumEffect(effect: QuorumEffect): void {
    switch (effect.kind) {
      case 'send-nodeinfo':
        return this.#send(encodeVotequorum({ kind: 'nodeinfo', info: effect.info }, this.state.config.nodeId));
      case 'sync-done':
        return this.#sync({ kind: 'processed', service: syncServices.votequorum });
      case 'publish':
        return this.#publish(effect);
      case 'log':
      case 'store-tracked-votes':
        this.effects.push(effect);
        return;
    }
  }

  #publish(effect: Extract<QuorumEffect, { kind: 'publish' }>): void {
    const text = effect.quorate
      ? 'This node is within the primary component and will provide service.'
      : 'This node is within the non-primary component and will NOT provide any services.';
    this.#log('notice', text);
    this.#log('notice', `Members[${effect.members.length}]: ${effect.members.join(' ')}`);
    this.effects.push({ kind: 'quorum-changed', quorum: quorumView(this.state), members: effect.members });
  }

  #sendOwnInfo(quorum: QuorumState): void {
    const own = quorum.nodes.get(quorum.config.nodeId);
    if (own === undefined) return;
    const info = { nodeId: quorum.config.nodeId, votes: own.votes, expectedVotes: own.expectedVotes, flags: own.flags };
    this.#send(encodeVotequorum({ kind: 'nodeinfo', info }, quorum.config.nodeId));
  }

  #send(body: Uint8Array, guarantee: Guarantee = 'agreed'): void {
    this.effects.push({ kind: 'multicast', group: servicesGroup, body, guarantee });
  }

  #log(level: 'notice' | 'warning' | 'error', text: string): void {
    this.effects.push({ kind: 'log', level, text });
  }
}
