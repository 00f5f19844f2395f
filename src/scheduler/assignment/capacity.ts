// What nodes have left and resources need, by utilization attribute.

import type { ClusterNode } from '../model/index.ts';

const amountMax = 2 ** 31 - 1;

/** Negative when `a` has more left than `b`, counted attribute by attribute. Not transitive. */
export function compareCapacity(a: ClusterNode, b: ClusterNode): number {
  let result = 0;
  for (const [name, amount] of a.remaining) result += Math.sign((b.remaining.get(name) ?? 0) - amount);
  for (const [name, amount] of b.remaining) if (!a.remaining.has(name)) result += Math.sign(amount);
  return result;
}

/** Whether what the node has left is enough for all of `need`. */
export function hasCapacity(node: ClusterNode, need: ReadonlyMap<string, number>): boolean {
  for (const [name, amount] of need) if ((node.remaining.get(name) ?? 0) < amount) return false;
  return true;
}

/** Takes `amounts` from the node, or gives them back. */
export function changeCapacity(node: ClusterNode, amounts: ReadonlyMap<string, number>, change: 'take' | 'give'): void {
  const sign = change === 'take' ? -1 : 1;
  for (const [name, amount] of amounts) {
    const left = (node.remaining.get(name) ?? 0) + sign * amount;
    node.remaining.set(name, Math.max(-amountMax, Math.min(amountMax, left)));
  }
}
