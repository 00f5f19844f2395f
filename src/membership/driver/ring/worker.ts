// The ring's thread: real-time scheduling where permitted, then the node, until it has left.
import { parentPort } from 'node:worker_threads';
import { CommandFailure, defined, type Failure, formatFailure } from '../../../kit/index.ts';
import {
  type Endpoint,
  kernelFailure,
  linger,
  setRealTime,
  settleWatchMethod,
  whenCalm,
  workerRoleData,
} from '../../../linux/index.ts';
import { BatchWriter, readBatch } from './batch.ts';
import { type NodeEffect, RingNode } from './node.ts';
import type { FromRing, RingStart, ToRing, WireEffect } from './protocol.ts';

/** What the composition root adds on the ring's own thread: a guardian's beats attest this thread's life. */
export type RingThreadHooks = {
  readonly onFarewells?: (datagrams: readonly { readonly to: Endpoint; readonly payload: Uint8Array }[]) => void;
  readonly onStopped?: () => Promise<void>;
  /** At the end of each turn, of which there is one at least every `turnMsMax`. */
  readonly onTurn?: () => void;
  readonly turnMsMax?: number;
};

/** Bytes of deliveries that go over at once. */
const batchBytesMax = 1 << 20;
/** So late may a timer of the event loop be on an idle ring, and until the next token. */
const lingerMs = 500;

export async function runRingWorker(hooks: RingThreadHooks = {}): Promise<void> {
  const port = defined(parentPort, 'the ring runs in a worker thread');
  const start = workerRoleData() as RingStart;
  const tell = (message: FromRing, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);
  // Nobody reads the stacks of the errors by which readiness is told, thousands a second.
  Error.stackTraceLimit = 0;
  await settleWatchMethod();
  const outbox = new Outbox(start.settings.nodeId, tell);
  scheduleRealTime(start, outbox);
  const lease = new Float64Array(start.lease);
  try {
    let started: RingNode | undefined;
    const idling = new Idling(() => started?.isIdle === true);
    const node = await RingNode.start(start.settings, {
      onEffect: (effect) => {
        outbox.add(effect);
        if (effect.kind === 'stopped') hooks.onStopped?.();
      },
      onTurn: () => {
        outbox.flush();
        hooks.onTurn?.();
        idling.consider();
      },
      turnMsMax: hooks.turnMsMax ?? Infinity,
      onFarewells: (datagrams) => hooks.onFarewells?.(datagrams),
      onProof: (bootClockMs) => {
        lease[0] = Math.max(lease[0] ?? 0, bootClockMs);
      },
    });
    started = node;
    tell({ kind: 'started' });
    port.on('message', (message: ToRing) => obey(node, message, tell));
  } catch (thrown) {
    if (!(thrown instanceof CommandFailure)) throw thrown;
    // Nobody is missed who was never there.
    await hooks.onStopped?.();
    tell({ kind: 'refused-to-start', failure: thrown.failure });
  }
}

/** While the ring is idle its thread waits by itself: a token then costs a third less. The loop has its turn now and then. */
class Idling {
  readonly #isIdle: () => boolean;
  #scheduled = false;
  #able = true;

  constructor(isIdle: () => boolean) {
    this.#isIdle = isIdle;
  }

  consider(): void {
    if (this.#scheduled || !this.#able || !this.#isIdle()) return;
    this.#scheduled = true;
    whenCalm(() => {
      const ended = linger({ forMs: lingerMs, atTheEnd: 'sleep on', goesOn: this.#isIdle });
      this.#able = ended !== 'unable';
      this.#scheduled = false;
      // The loop has its turn now, and none of the tokens.
      if (ended === 'over') this.consider();
    });
  }
}

function scheduleRealTime({ settings }: RingStart, outbox: Outbox): void {
  if (settings.realTimePriority === undefined) return;
  const scheduled = setRealTime(settings.realTimePriority);
  if (scheduled.ok) return;
  outbox.add({ kind: 'log', level: 'warning', text: formatFailure(kernelFailure(scheduled.error)) });
}

function obey(node: RingNode, message: ToRing, tell: (message: FromRing) => void): void {
  switch (message.kind) {
    case 'join':
    case 'leave-group':
      node.ask({ kind: message.kind, process: { processId: message.processId, group: message.group } });
      break;
    case 'multicasts':
      readBatch(message.batch, ({ processId, body, safe }) =>
        node.ask({
          kind: 'multicast',
          process: { processId, group: message.group },
          body,
          guarantee: safe === 1 ? 'safe' : 'agreed',
        }),
      );
      break;
    case 'member-failed':
      return node.memberFailed(message.nodeId);
    case 'reconfigure':
    case 'request-reload':
    case 'kill-node':
      node.ask(message);
      break;
    case 'node-list':
      return node.setNodes(message.list);
    case 'keys':
      return node.setKeys(message.keyring);
    case 'reload':
      return tell({ kind: 'reloaded', id: message.id, failure: failureOf(() => node.reload(message.settings)) });
    case 'status':
      return tell({ kind: 'status', id: message.id, status: node.status() });
    case 'silence':
      return node.silence(message.forMs);
    case 'leave':
      return node.leave();
  }
  node.endTurn();
}

function failureOf(act: () => void): Failure | undefined {
  try {
    act();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof CommandFailure) return thrown.failure;
    throw thrown;
  }
}

/** Effects of one turn on their way to the other thread. */
class Outbox {
  readonly #nodeId: number;
  readonly #tell: (message: FromRing, transfer: ArrayBuffer[]) => void;
  readonly #writer = new BatchWriter();
  #effects: WireEffect[] = [];
  #transfer: ArrayBuffer[] = [];
  #group = '';
  #orderedBytes = 0;
  #orderedCount = 0;

  constructor(nodeId: number, tell: (message: FromRing, transfer: ArrayBuffer[]) => void) {
    this.#nodeId = nodeId;
    this.#tell = tell;
  }

  add(effect: NodeEffect): void {
    if (effect.kind !== 'deliver') {
      this.#endRun();
      this.#effects.push(effect);
      return;
    }
    if (effect.group !== this.#group || this.#writer.size > batchBytesMax) this.#endRun();
    this.#group = effect.group;
    this.#writer.add({ nodeId: effect.nodeId, processId: effect.processId, safe: 0, body: effect.body });
    if (effect.nodeId !== this.#nodeId) return;
    this.#orderedBytes += effect.body.length;
    this.#orderedCount++;
  }

  flush(): void {
    this.#endRun();
    if (this.#effects.length === 0) return;
    const effects = this.#effects;
    const transfer = this.#transfer;
    this.#effects = [];
    this.#transfer = [];
    this.#tell({ kind: 'effects', effects }, transfer);
  }

  #endRun(): void {
    if (this.#writer.count === 0) return;
    const batch = this.#writer.take();
    this.#effects.push({ kind: 'deliveries', group: this.#group, batch });
    this.#transfer.push(batch.bytes.buffer);
    if (this.#orderedCount === 0) return;
    this.#effects.push({ kind: 'ordered', bytes: this.#orderedBytes, count: this.#orderedCount });
    this.#orderedBytes = 0;
    this.#orderedCount = 0;
  }
}
