// The listing of scores, as administrators know it from `crm_simulate -s`. What is listed, and how often, shows the course of the
// assignment: tables appear as they are when the decision about their resource is due.

import { formatScore } from '../../kit/index.ts';
import { childrenOf } from '../configuration/tree.ts';
import type { ClusterNode, Primitive, Resource } from '../model/index.ts';

export type ScoreLine =
  | {
      readonly kind: 'allocation';
      readonly variant: Resource['variant'];
      readonly resource: string;
      readonly node: ClusterNode;
      readonly score: number;
    }
  | {
      readonly kind: 'promotion';
      readonly resource: string;
      readonly node: ClusterNode | undefined;
      readonly score: number;
    };

/** A table as it was: scores in the order of the nodes. */
type Snapshot = {
  readonly kind: 'table';
  readonly variant: Resource['variant'];
  readonly resource: string;
  readonly scores: Int32Array;
};

/** A decision of the assignment; a resource that was tried on several nodes has several. */
export type Placement = { readonly kind: 'placement'; readonly resource: Primitive; readonly node: ClusterNode };

/** Below every score: there is no entry. */
const noEntry = -(2 ** 31);

/** Keeps snapshots rather than lines: 64 nodes with 10,000 resources make more than a million lines, and few are ever shown. */
export class ScoreListing {
  readonly #nodes: readonly ClusterNode[];
  readonly #entries: (Snapshot | ScoreLine | Placement)[] = [];

  constructor(nodes: readonly ClusterNode[]) {
    this.#nodes = nodes;
  }

  /** Lists the table of a resource and of everything below it; what only history knows is not listed. */
  addTables(resource: Resource): void {
    this.#addTables(resource, resource.variant);
  }

  addPromotion(resource: Resource, node: ClusterNode | undefined, score: number): void {
    this.#entries.push({ kind: 'promotion', resource: resource.id, node, score });
  }

  /** Enters where a resource has just been placed, if anywhere. */
  addPlacement(resource: Primitive): void {
    const node = resource.assignedNode;
    if (node !== undefined) this.#entries.push({ kind: 'placement', resource, node });
  }

  /** Every score, in the order in which they came about. */
  *lines(): Generator<ScoreLine> {
    for (const entry of this.course()) if (entry.kind !== 'placement') yield entry;
  }

  /** Every score and, between them, where resources were placed. */
  *course(): Generator<ScoreLine | Placement> {
    for (const entry of this.#entries) {
      if (entry.kind === 'table') yield* this.#linesOf(entry);
      else yield entry;
    }
  }

  #addTables(resource: Resource, variant: Resource['variant']): void {
    if (resource.removed) return;
    const { allowed } = resource;
    const scores = new Int32Array(this.#nodes.length);
    this.#nodes.forEach(({ index }, position) => {
      scores[position] = allowed.scoreOr(index, noEntry);
    });
    this.#entries.push({ kind: 'table', variant, resource: resource.id, scores });
    for (const child of childrenOf(resource)) this.#addTables(child, variant);
  }

  *#linesOf({ variant, resource, scores }: Snapshot): Generator<ScoreLine> {
    for (const [position, node] of this.#nodes.entries()) {
      const score = scores[position] ?? noEntry;
      if (score !== noEntry) yield { kind: 'allocation', variant, resource, node, score };
    }
  }
}

/** One line of the listing. */
export function formatScoreLine(line: ScoreLine): string {
  if (line.kind === 'allocation') {
    const label = `pcmk__${line.variant}_assign`;
    return `${label}: ${line.resource} allocation score on ${line.node.name}: ${formatScore(line.score)}`;
  }
  const place = line.node === undefined ? '(inactive)' : `on ${line.node.name}`;
  return `${line.resource} promotion score ${place}: ${formatScore(line.score)}`;
}
