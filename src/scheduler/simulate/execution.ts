// Carrying a graph out in thought: every action succeeds at once. The order is that of the graph, pass after pass.

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
  /** The one that was made to fail: nothing is started after it. */
  readonly failed: FailedSynapse | undefined;
  /** Whose inputs were never confirmed: the graph has a loop, or waits for something outside of it. */
  readonly stuck: readonly Synapse[];
};

/**
 * Passes over the graph until one fires nothing. A synapse fires when all its inputs are confirmed; what fires is
 * confirmed at once, so a later synapse fires in the same pass and an earlier one in the next.
 */
export function execute(graph: TransitionGraph, failures: readonly OperationResult[] = []): Execution {
  const dependents = new Map<number, Synapse[]>();
  const missing = graph.synapses.map((synapse) => synapse.inputs.length);
  for (const synapse of graph.synapses) {
    for (const input of synapse.inputs) {
      const known = dependents.get(input.id);
      if (known === undefined) dependents.set(input.id, [synapse]);
      else known.push(synapse);
    }
  }
  const done: Synapse[] = [];
  const fired = new Uint8Array(graph.synapses.length);
  let pass = graph.synapses.filter((synapse) => missing[synapse.id] === 0);
  while (pass.length > 0) {
    const next: Synapse[] = [];
    const open = new ReadyQueue(pass);
    for (let synapse = open.take(); synapse !== undefined; synapse = open.take()) {
      done.push(synapse);
      const result = failures.find((each) => isMeant(each, synapse));
      if (result !== undefined) return { done, failed: { synapse, result }, stuck: [] };
      fired[synapse.id] = 1;
      for (const dependent of dependents.get(synapse.action.id) ?? []) {
        const left = (missing[dependent.id] ?? 0) - 1;
        missing[dependent.id] = left;
        if (left > 0) continue;
        if (dependent.id > synapse.id) open.add(dependent);
        else next.push(dependent);
      }
    }
    pass = next;
  }
  return { done, failed: undefined, stuck: graph.synapses.filter((synapse) => fired[synapse.id] === 0) };
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
