// How the assignment went: scores as they were looked at, what nodes had before, what each placement took, what is left.

import { type XmlElement, xmlElement } from '../../cib/index.ts';
import { formatScore } from '../../kit/index.ts';
import { formatScoreLine, type Placement, type ScoreLine } from '../assignment/listing.ts';
import type { ClusterNode } from '../model/index.ts';
import type { Schedule } from '../schedule.ts';

export type AllocationParts = { readonly scores: boolean; readonly utilization: boolean };

/** One after the other, without marks; amounts in the order of their names. */
export function* allocationLines({ cluster, scores }: Schedule, parts: AllocationParts): Generator<string> {
  if (!parts.scores && !parts.utilization) return;
  const capacities = (when: string, amountsOf: (node: ClusterNode) => ReadonlyMap<string, number>) =>
    parts.utilization ? cluster.nodes.map((node) => `${when}: ${node.name} capacity:${amounts(amountsOf(node))}`) : [];
  yield* capacities('Original', ({ capacity }) => capacity);
  for (const entry of scores.course()) if (isWanted(entry, parts)) yield entryLine(entry);
  yield* capacities('Remaining', (node) => node.remaining);
}

/** What the lines are called; undefined when none are asked for. */
export function allocationHeading(parts: AllocationParts): string | undefined {
  if (parts.scores) return parts.utilization ? 'Assignment Scores and Utilization Information' : 'Assignment Scores';
  return parts.utilization ? 'Utilization Information' : undefined;
}

export function allocationsXml({ cluster, scores }: Schedule, parts: AllocationParts): XmlElement {
  const capacities = (comment: string, amountsOf: (node: ClusterNode) => ReadonlyMap<string, number>) =>
    parts.utilization
      ? cluster.nodes.map((node) => xmlElement('capacity', { node: node.name, comment }, amountsXml(amountsOf(node))))
      : [];
  const original = capacities('Original', ({ capacity }) => capacity);
  const remaining = capacities('Remaining', (node) => node.remaining);
  const between = [...scores.course()].filter((entry) => isWanted(entry, parts)).map(entryXml);
  const names = [parts.scores ? 'allocations' : [], parts.utilization ? 'utilizations' : []].flat();
  return xmlElement(names.join('_'), {}, [...original, ...between, ...remaining]);
}

const placedBy = 'pcmk__assign_resource';

function isWanted({ kind }: ScoreLine | Placement, parts: AllocationParts): boolean {
  return kind === 'placement' ? parts.utilization : parts.scores;
}

function entryLine(entry: ScoreLine | Placement): string {
  if (entry.kind !== 'placement') return formatScoreLine(entry);
  const { resource, node } = entry;
  return `${placedBy}: ${resource.id} utilization on ${node.name}:${amounts(resource.utilization)}`;
}

function entryXml(entry: ScoreLine | Placement): XmlElement {
  switch (entry.kind) {
    case 'placement': {
      const attributes = { resource: entry.resource.id, node: entry.node.name, function: placedBy };
      return xmlElement('utilization', attributes, amountsXml(entry.resource.utilization));
    }
    case 'promotion':
      return xmlElement('promotion_score', commonXml(entry));
    case 'allocation':
      return xmlElement('node_weight', { function: `pcmk__${entry.variant}_assign`, ...commonXml(entry) });
  }
}

function commonXml({ node, score, resource }: ScoreLine) {
  return { node: node?.name, score: formatScore(score), id: resource };
}

function sorted(values: ReadonlyMap<string, number>): [string, number][] {
  return [...values].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function amounts(values: ReadonlyMap<string, number>): string {
  return sorted(values)
    .map(([name, value]) => ` ${name}=${value}`)
    .join('');
}

function amountsXml(values: ReadonlyMap<string, number>): XmlElement[] {
  return sorted(values).map(([name, value]) => xmlElement(name, {}, [{ kind: 'text', text: String(value) }]));
}
