// Taking back what an attempt entered: scores that were restored must not be accounted for.

import type { Cluster, Resource } from '../model/index.ts';

/** How much is entered for a resource by now. */
export function ledgerLength({ ledger }: Cluster, resource: Resource): number {
  return ledger?.get(resource)?.length ?? 0;
}

/** Strikes out what was entered since. */
export function rewindLedger({ ledger }: Cluster, resource: Resource, length: number): void {
  const changes = ledger?.get(resource);
  if (changes !== undefined) changes.length = Math.min(changes.length, length);
}
