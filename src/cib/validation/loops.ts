// Constraints that lead from a resource back to itself: mandatory orders in a ring can never start, colocations in a ring
// leave the choice of the first one undefined.

import { parseScore } from '../values/scalar.ts';
import type { XmlElement } from '../xml/element.ts';
import { childAt } from '../xml/navigation.ts';
import type { Findings } from './findings.ts';

type Edge = { readonly to: string; readonly by: XmlElement };

export function checkLoops(cib: XmlElement, findings: Findings): void {
  const constraints = childAt(cib, 'configuration', 'constraints');
  if (constraints === undefined) return;
  reportRings(edgesOf(constraints.childrenNamed('rsc_order').filter(isMandatory), orderEnds), 'order', findings);
  reportRings(
    edgesOf(constraints.childrenNamed('rsc_colocation').filter(isTogether), colocationEnds),
    'colocation',
    findings,
  );
}

/** An order of other actions than starts concerns a different moment and closes no ring. */
function orderEnds(order: XmlElement): readonly [string | undefined, string | undefined] {
  const starts = [
    order.get('first-action') ?? 'start',
    order.get('then-action') ?? order.get('first-action') ?? 'start',
  ];
  return starts.every((action) => action === 'start')
    ? [order.get('first'), order.get('then')]
    : [undefined, undefined];
}

function colocationEnds(colocation: XmlElement): readonly [string | undefined, string | undefined] {
  return [colocation.get('rsc'), colocation.get('with-rsc')];
}

function isMandatory(order: XmlElement): boolean {
  const kind = order.get('kind')?.toLowerCase();
  return kind === undefined ? (parseScore(order.get('score')) ?? 1) > 0 : kind === 'mandatory';
}

function isTogether(colocation: XmlElement): boolean {
  return (parseScore(colocation.get('score')) ?? 0) > 0;
}

function edgesOf(
  constraints: readonly XmlElement[],
  endsOf: (constraint: XmlElement) => readonly [string | undefined, string | undefined],
): Map<string, Edge[]> {
  const edges = new Map<string, Edge[]>();
  for (const by of constraints) {
    const [from, to] = endsOf(by);
    if (from === undefined || to === undefined) continue;
    const present = edges.get(from);
    if (present === undefined) edges.set(from, [{ to, by }]);
    else present.push({ to, by });
  }
  return edges;
}

/** Depth first with a stack of its own: a chain may be as long as the document. Each closing constraint is reported once. */
function reportRings(edges: ReadonlyMap<string, readonly Edge[]>, kind: string, findings: Findings): void {
  const state = new Map<string, 'open' | 'done'>();
  for (const start of edges.keys()) {
    if (state.has(start)) continue;
    const path = [{ id: start, next: 0 }];
    state.set(start, 'open');
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const edge = edges.get(top.id)?.[top.next++];
      if (edge === undefined) {
        state.set(top.id, 'done');
        path.pop();
      } else if (state.get(edge.to) === 'open') {
        const ring = path.slice(path.findIndex(({ id }) => id === edge.to)).map(({ id }) => id);
        findings.add('warning', edge.by, {
          what: `this ${kind} closes a ring: ${[...ring, edge.to].slice(0, 12).join(' → ')}`,
          why: kind === 'order' ? 'none of them could ever start first' : 'each waits for the place of the next',
          fix: 'Remove one of the constraints',
        });
      } else if (!state.has(edge.to)) {
        state.set(edge.to, 'open');
        path.push({ id: edge.to, next: 0 });
      }
    }
  }
}
