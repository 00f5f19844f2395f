// Carrying a graph out in thought: every action succeeds at once. The order is that of the graph, pass after pass.

import { INFINITY_SCORE } from '../../kit/index.ts';
import type { Synapse, TransitionGraph } from '../graph/graph.ts';
import type { OperationResult } from './injection.ts';

export type FailedSynapse = { readonly synapse: Synapse; readonly result: OperationResult };

/** Of the node that the failure counts on. */
export function failedNodeId({ synapse, result }: FailedSynapse): string {
  return synapse.action.node?.id ?? result.node;
}

export type Execution = {
  /** In the order in which they were done. */
  readonly done: readonly Synapse[];
  /** The one that was made to fail: after it, only what completes something begun is still done. */
  readonly failed: FailedSynapse | undefined;
  /** Whose inputs were never confirmed: the graph has a loop, or waits for something outside of it. */
  readonly stuck: readonly Synapse[];
};

/**
 * Passes over the graph until one fires nothing. A synapse fires when all its inputs are confirmed; what fires is
 * confirmed at once, so a later synapse fires in the same pass and an earlier one in the next. A failure is a
 * confirmation, too, but nothing of a lesser priority than infinity is fired after it: milestones that something is
 * complete, and the notifications of that.
 */
export function execute(graph: TransitionGraph, failures: readonly OperationResult[] = []): Execution {
  const dependents = new Dependents(graph);
  const missing = Int32Array.from(graph.synapses, ({ inputs }) => inputs.length);
  const done: Synapse[] = [];
  const fired = new Uint8Array(graph.synapses.length);
  let failed: FailedSynapse | undefined;
  let pass = graph.synapses.filter((synapse) => missing[synapse.id] === 0);
  while (pass.length > 0) {
    const next: Synapse[] = [];
    const open = new ReadyQueue(pass);
    for (let synapse = open.take(); synapse !== undefined; synapse = open.take()) {
      if (failed !== undefined && synapse.priority < INFINITY_SCORE) continue;
      done.push(synapse);
      failed ??= failureOf(synapse, failures);
      fired[synapse.id] = 1;
      for (const id of dependents.of(synapse)) {
        const left = (missing[id] ?? 0) - 1;
        missing[id] = left;
        const dependent = left > 0 ? undefined : graph.synapses[id];
        if (dependent === undefined) continue;
        if (id > synapse.id) open.add(dependent);
        else next.push(dependent);
      }
    }
    pass = next;
  }
  const stuck = failed === undefined ? graph.synapses.filter((synapse) => fired[synapse.id] === 0) : [];
  return { done, failed, stuck };
}

/** Ids of the synapses that wait for each: one list after the other in one array, since there can be millions. */
class Dependents {
  /** Where the list of an action begins, by its id; it ends where the next one's begins. */
  readonly #starts: Int32Array;
  readonly #synapses: Int32Array;

  constructor({ synapses }: TransitionGraph) {
    let lastId = -1;
    for (const { action, inputs } of synapses) lastId = Math.max(lastId, action.id, inputs.at(-1)?.id ?? -1);
    const ends = new Int32Array(lastId + 2);
    for (const { inputs } of synapses) for (const { id } of inputs) ends[id] = (ends[id] ?? 0) + 1;
    for (let id = 1; id < ends.length; id++) ends[id] = (ends[id] ?? 0) + (ends[id - 1] ?? 0);
    this.#synapses = new Int32Array(ends.at(-1) ?? 0);
    for (let index = synapses.length - 1; index >= 0; index--) {
      for (const input of synapses[index]?.inputs ?? []) {
        const at = (ends[input.id] ?? 0) - 1;
        ends[input.id] = at;
        this.#synapses[at] = index;
      }
    }
    // Filled from behind, each list now begins at what was its end.
    this.#starts = ends;
  }

  /** In the order of the graph. */
  of({ action }: Synapse): Int32Array {
    return this.#synapses.subarray(this.#starts[action.id], this.#starts[action.id + 1]);
  }
}

function failureOf(synapse: Synapse, failures: readonly OperationResult[]): FailedSynapse | undefined {
  const result = failures.find((each) => isMeant(each, synapse));
  return result === undefined ? undefined : { synapse, result };
}

function isMeant({ resource, task, intervalMs, node }: OperationResult, { action }: Synapse): boolean {
  const names = [action.resource?.id, action.resource?.historyId, action.resource?.xml.id];
  const sameTask = action.task === task && Number(action.meta('interval') ?? 0) === intervalMs;
  return sameTask && action.node?.name === node && names.includes(resource);
}

/** Synapses that can fire in this pass, the one that stands first in the graph first: a binary heap. */
class ReadyQueue {
  readonly #heap: Synapse[] = [];

  constructor(synapses: readonly Synapse[]) {
    for (const synapse of synapses) this.add(synapse);
  }

  add(synapse: Synapse): void {
    const heap = this.#heap;
    let index = heap.push(synapse) - 1;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || parent.id <= synapse.id) break;
      heap[index] = parent;
      index = above;
    }
    heap[index] = synapse;
  }

  take(): Synapse | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      const lesser = (heap[right]?.id ?? Infinity) < (heap[left]?.id ?? Infinity) ? right : left;
      const child = heap[lesser];
      if (child === undefined || child.id >= last.id) break;
      heap[index] = child;
      index = lesser;
    }
    heap[index] = last;
    return first;
  }
}
