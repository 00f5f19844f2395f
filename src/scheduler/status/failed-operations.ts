// The list of failed operations that people are shown: one per operation and node, the first that was met.

import type { HistoryEntry } from '../model/index.ts';
import type { Evaluation } from './evaluation.ts';

export function recordFailure({ cluster, node }: Evaluation, entry: HistoryEntry): void {
  if (!node.online) return;
  const key = `${entry.key} ${node.index}`;
  if (cluster.failedOperationKeys.has(key)) return;
  cluster.failedOperationKeys.add(key);
  cluster.failedOperations.push(entry);
}
