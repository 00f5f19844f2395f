// Sections whose elements have no order: putting them in another one changes nothing, except which of several equals gets
// a number or a turn first.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { rewriteElements, type XmlElement, xmlElement } from '../cib/index.ts';
import { Random } from '../kit/index.ts';
import { thisWithOf, withThisOf } from './colocation/lists.ts';
import { visitPrimitives } from './configuration/tree.ts';
import { schedule } from './schedule.ts';
import { scoreListing, simulate } from './simulate/report.ts';
import {
  type ClusterSketch,
  type ConstraintSketch,
  type ResourceSketch,
  sketchedDocument,
} from './testing/document.ts';

const now = { epochSeconds: 1_700_000_000, offsetSeconds: 0 };
const scores = ['INFINITY', '-INFINITY', '100', '-100', '7'];

const documents: fc.Arbitrary<XmlElement> = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 5 }))
  .chain(([nodeCount, resourceCount]) => {
    const node = fc.integer({ min: 0, max: nodeCount - 1 });
    const resource = fc.integer({ min: 0, max: resourceCount - 1 });
    const score = fc.constantFrom(...scores);
    const location = fc.record({ on: resource, node, score }).map(
      ({ on, ...rest }): ConstraintSketch => ({
        kind: 'location',
        id: `l${on}-${rest.node}`,
        resource: `r${on}`,
        ...rest,
      }),
    );
    // A resource may lean on those before it only: of a circle, who is asked first decides.
    const colocation = fc
      .record({ one: resource, other: resource, score })
      .filter(({ one, other }) => one > other)
      .map(
        ({ one, other, score: value }): ConstraintSketch => ({
          kind: 'colocation',
          id: `c${one}-${other}`,
          dependent: `r${one}`,
          primary: `r${other}`,
          score: value,
        }),
      );
    const constraint = resourceCount > 1 ? fc.oneof(location, colocation) : location;
    return fc.record({
      nodeCount: fc.constant(nodeCount),
      standby: fc.subarray([...Array(nodeCount).keys()], { maxLength: 1 }),
      resources: fc.tuple(...Array.from({ length: resourceCount }, (_, index) => resourceOf(index, nodeCount))),
      constraints: fc.uniqueArray(constraint, { maxLength: 6, selector: ({ id }) => id }),
    });
  })
  .map((sketch: ClusterSketch) => withPriorities(sketchedDocument(sketch)));

function resourceOf(index: number, nodeCount: number): fc.Arbitrary<ResourceSketch> {
  return fc.record({
    id: fc.constant(`r${index}`),
    kind: fc.constantFrom('primitive' as const, 'primitive' as const, 'group' as const, 'clone' as const),
    stickiness: fc.constantFrom(0, 10, 1000),
    runsOn: fc.option(fc.integer({ min: 0, max: nodeCount - 1 }), { nil: undefined }),
  });
}

/** Each resource with a priority of its own, so that none is handled before another for its place alone. */
function withPriorities(cib: XmlElement): XmlElement {
  let priority = 0;
  const changed = rewriteElements(cib, (element) => {
    if (element.name !== 'meta_attributes') return element;
    priority += 1;
    const id = `${element.id}-priority`;
    return element.append(xmlElement('nvpair', { id, name: 'priority', value: String(priority) }));
  });
  return changed ?? cib;
}

function shuffled(cib: XmlElement, names: readonly string[], seed: number): XmlElement {
  const random = new Random(seed);
  const changed = rewriteElements(cib, (element) =>
    names.includes(element.name) ? element.withNodes(random.shuffled(element.nodes)) : element,
  );
  return changed ?? cib;
}

/** Where everything goes and what is done for it, without the numbers of actions and instances. */
function decisions(cib: XmlElement): string[] {
  const { cluster, graph } = schedule({ cib, now, reasons: false });
  const placed: string[] = [];
  for (const resource of cluster.resources) {
    visitPrimitives(resource, ({ id, assignedNode, nextRole }) => {
      placed.push(`${id} ${assignedNode?.name} ${nextRole}`);
    });
  }
  const actions = graph.synapses.map(
    ({ action, inputs }) =>
      `${action.key} on ${action.node?.name} after ${inputs
        .map(({ key, node }) => `${key} ${node?.name}`)
        .toSorted()
        .join(', ')}`,
  );
  return [...placed, ...actions].map((line) => line.replace(/:\d+/g, '')).toSorted();
}

const sections: readonly (readonly [what: string, names: readonly string[]])[] = [
  ['nodes', ['nodes']],
  ['what nodes reported', ['status', 'lrm_resources', 'lrm_resource']],
  ['resources of different priority', ['resources']],
  ['constraints', ['constraints']],
  ['pairs of a set, and sets of different names', ['meta_attributes', 'instance_attributes', 'cluster_property_set']],
];

for (const [what, names] of sections) {
  test(`the order of ${what} changes nothing`, () => {
    fc.assert(
      fc.property(documents, fc.nat(), (cib, seed) => {
        assert.deepEqual(decisions(shuffled(cib, names, seed)), decisions(cib));
      }),
    );
  });
}

test('whatever the order of nodes, people read the same state and the same list of scores', () => {
  fc.assert(
    fc.property(documents, fc.nat(), (cib, seed) => {
      assert.deepEqual(readable(shuffled(cib, ['nodes'], seed)), readable(cib));
    }),
    { numRuns: 50 },
  );
});

function readable(cib: XmlElement): readonly string[] {
  const simulation = simulate({ cib, now, reasons: false });
  return [simulation.current, scoreListing(simulation)];
}

test('each resource meets its colocations, and those with it, in the same order whatever that of the constraints', () => {
  fc.assert(
    fc.property(documents, fc.nat(), (cib, seed) => {
      assert.deepEqual(colocationOrder(shuffled(cib, ['constraints'], seed)), colocationOrder(cib));
    }),
    { numRuns: 50 },
  );
});

/** By resource: colocations in which it follows, then those in which it is followed. */
function colocationOrder(cib: XmlElement): readonly string[] {
  const { cluster } = schedule({ cib, now, reasons: false });
  const ids = (list: readonly { readonly id: string }[]) => list.map(({ id }) => id).join(' ');
  return cluster.resourcesByIndex
    .map((each) => `${each.id}: ${ids(thisWithOf(each))}; ${ids(withThisOf(each))}`)
    .toSorted();
}

test('the order in which operations are recorded does not count where they are numbered', () => {
  fc.assert(
    fc.property(documents, fc.nat(), (cib, seed) => {
      const longer = rewriteElements(cib, (element) =>
        element.name === 'lrm_resource' ? withMonitor(element) : element,
      );
      const history = longer ?? cib;
      assert.deepEqual(decisions(shuffled(history, ['lrm_resource'], seed)), decisions(history));
    }),
  );
});

/** A probe before the start and a failed monitor after it. */
function withMonitor(record: XmlElement): XmlElement {
  const [start] = record.children;
  if (start === undefined) return record;
  const operation = (interval: string, callId: string, exitCode: string) =>
    start.with({
      id: `${record.id}_monitor_${interval}`,
      operation_key: `${record.id}_monitor_${interval}`,
      operation: 'monitor',
      interval,
      'call-id': callId,
      'rc-code': exitCode,
      'transition-key': `1:1:${interval === '0' ? '7' : '0'}:x`,
    });
  return record.withNodes([operation('0', '1', '7'), start.with({ 'call-id': '2' }), operation('10000', '3', '1')]);
}
