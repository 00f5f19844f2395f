// Laws of placement, on random small clusters.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addScores } from '../kit/index.ts';
import { assignResources } from './assignment/assignment.ts';
import { formatScoreLine } from './assignment/listing.ts';
import { visitPrimitives } from './configuration/tree.ts';
import type { Cluster, Primitive } from './model/index.ts';
import { isAvailable, roles } from './model/index.ts';
import { placeResources, prepareAssignment, readCluster } from './placement.ts';
import { placementReasons } from './reasons/placement-reasons.ts';
import {
  type ClusterSketch,
  type ConstraintSketch,
  type ResourceSketch,
  sketchedDocument,
} from './testing/document.ts';

const settings = { now: { epochSeconds: 1_700_000_000, offsetSeconds: 0 }, reasons: false };
const scores = ['INFINITY', '-INFINITY', '100', '-100', '5', '-5', '200000'];

const sketches: fc.Arbitrary<ClusterSketch> = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 7 }))
  .chain(([nodeCount, resourceCount]) =>
    fc.record({
      nodeCount: fc.constant(nodeCount),
      standby: fc.subarray(
        Array.from({ length: nodeCount }, (_, index) => index),
        { maxLength: 1 },
      ),
      resources: fc.tuple(...Array.from({ length: resourceCount }, (_, index) => resourceOf(index, nodeCount))),
      constraints: constraintsOf(nodeCount, resourceCount),
    }),
  );

function resourceOf(index: number, nodeCount: number): fc.Arbitrary<ResourceSketch> {
  return fc.record({
    id: fc.constant(`r${index}`),
    kind: fc.constantFrom('primitive' as const, 'primitive' as const, 'group' as const, 'clone' as const),
    stickiness: fc.constantFrom(0, 10, 1000),
    runsOn: fc.option(fc.integer({ min: 0, max: nodeCount - 1 }), { nil: undefined }),
  });
}

/** At most one location for each resource and node, and one colocation for each pair: equals have no order of their own. */
function constraintsOf(nodeCount: number, resourceCount: number): fc.Arbitrary<ConstraintSketch[]> {
  const number = fc.integer({ min: 0, max: resourceCount - 1 });
  const score = fc.constantFrom(...scores);
  const location = fc
    .record({ on: number, node: fc.integer({ min: 0, max: nodeCount - 1 }), score })
    .map(({ on, node, score: value }): ConstraintSketch => {
      return { kind: 'location', id: `l${on}-${node}`, resource: `r${on}`, node, score: value };
    });
  const colocation = fc
    .record({ first: number, second: number, score })
    .map(({ first, second, score: value }): ConstraintSketch => {
      return {
        kind: 'colocation',
        id: `c${first}-${second}`,
        dependent: `r${first}`,
        primary: `r${second}`,
        score: value,
      };
    });
  return fc
    .uniqueArray(fc.oneof(location, colocation), { maxLength: 10, selector: ({ id }) => id })
    .map((all) => all.filter((each) => each.kind === 'location' || each.dependent !== each.primary));
}

function placed(sketch: ClusterSketch): { readonly cluster: Cluster; readonly text: string } {
  const { cluster, listing } = placeResources(sketchedDocument(sketch), settings);
  return { cluster, text: [...listing.lines()].map(formatScoreLine).sort().join('\n') };
}

function placements(cluster: Cluster): string[] {
  return primitivesOf(cluster).map(({ id, assignedNode }) => `${id}@${assignedNode?.name}`);
}

function primitivesOf(cluster: Cluster): Primitive[] {
  const all: Primitive[] = [];
  for (const resource of cluster.resources) visitPrimitives(resource, (primitive) => all.push(primitive));
  return all;
}

test('a resource is assigned only to a node that can be used and is not forbidden to it', () => {
  fc.assert(
    fc.property(sketches, (sketch) => {
      for (const { id, assignedNode, assignedScore } of primitivesOf(placed(sketch).cluster)) {
        if (assignedNode === undefined) continue;
        assert.ok(isAvailable(assignedNode), `${id} is on ${assignedNode.name}`);
        assert.ok(assignedScore >= 0, `${id} has ${assignedScore} on ${assignedNode.name}`);
      }
    }),
  );
});

test('no node gets two instances of a clone that may have one there', () => {
  fc.assert(
    fc.property(sketches, (sketch) => {
      for (const resource of placed(sketch).cluster.resources) {
        if (resource.variant !== 'clone') continue;
        const nodes = resource.instances.flatMap((instance) =>
          instance.variant === 'primitive' && instance.assignedNode !== undefined ? [instance.assignedNode] : [],
        );
        assert.equal(new Set(nodes).size, nodes.length);
      }
    }),
  );
});

/** Two primitives of which one must run with the other, or must not; beside them anything but further colocations. */
const pairs: fc.Arbitrary<ClusterSketch> = fc
  .record({ sketch: sketches, score: fc.constantFrom('INFINITY', '-INFINITY'), nodes: fc.tuple(fc.nat(3), fc.nat(3)) })
  .map(({ sketch, score, nodes }) => {
    const ids = ['dependent', 'primary'] as const;
    const pair = ids.map((id, index): ResourceSketch => {
      const runsOn = (nodes[index] ?? 0) % sketch.nodeCount;
      return { id, kind: 'primitive', stickiness: 100, runsOn };
    });
    const locations = sketch.constraints.filter(({ kind }) => kind === 'location');
    const colocation = { kind: 'colocation', id: 'pair', dependent: ids[0], primary: ids[1], score } as const;
    return { ...sketch, resources: [...pair, ...sketch.resources], constraints: [...locations, colocation] };
  });

test('what must run with a primitive runs on its node or nowhere, and what must not runs elsewhere', () => {
  const seen = { together: 0, apart: 0, nowhere: 0 };
  fc.assert(
    fc.property(pairs, (sketch) => {
      const explicit = placed(sketch).cluster.colocations.find(({ id }) => id === 'pair');
      assert.ok(explicit?.dependent.variant === 'primitive' && explicit.primary.variant === 'primitive');
      const [node, other] = [explicit.dependent.assignedNode, explicit.primary.assignedNode];
      seen[node === undefined ? 'nowhere' : explicit.score > 0 ? 'together' : 'apart'] += 1;
      if (node === undefined) return;
      if (explicit.score > 0) assert.equal(node, other);
      else assert.notEqual(node, other);
    }),
  );
  for (const [what, times] of Object.entries(seen)) assert.ok(times > 0, `never ${what}`);
});

test('the same document gives the same scores', () => {
  fc.assert(fc.property(sketches, (sketch) => assert.equal(placed(sketch).text, placed(sketch).text)));
});

test('a resource that stays stopped changes nothing for the others', () => {
  fc.assert(
    fc.property(sketches, (sketch) => {
      const idle: ResourceSketch = {
        id: 'idle',
        kind: 'primitive',
        stickiness: 0,
        targetRole: 'Stopped',
        runsOn: undefined,
      };
      const others = placements(placed({ ...sketch, resources: [...sketch.resources, idle] }).cluster);
      assert.deepEqual(
        others.filter((each) => !each.startsWith('idle@')),
        placements(placed(sketch).cluster),
      );
    }),
  );
});

test('the order of constraints does not matter', () => {
  fc.assert(
    fc.property(sketches, (sketch) => {
      const constraints = sketch.constraints.toReversed();
      assert.equal(placed({ ...sketch, constraints }).text, placed(sketch).text);
    }),
  );
});

/** One resource that several others pull and push, where there is hardly a choice: here the order would show. */
const crowded: fc.Arbitrary<ClusterSketch> = fc
  .record({
    nodeCount: fc.integer({ min: 1, max: 2 }),
    pulls: fc.array(fc.constantFrom('INFINITY', '100', '10', '-10', '-50', '-100'), { minLength: 2, maxLength: 4 }),
  })
  .map(({ nodeCount, pulls }) => {
    const resources = ['r0', ...pulls.map((_, index) => `r${index + 1}`)].map((id): ResourceSketch => {
      return { id, kind: 'primitive', stickiness: 0, runsOn: undefined };
    });
    const constraints = pulls.map((score, index): ConstraintSketch => {
      return { kind: 'colocation', id: `c${index}`, dependent: 'r0', primary: `r${index + 1}`, score };
    });
    return { nodeCount, standby: [], resources, constraints };
  });

test('nor does it where optional colocations compete for the last node', () => {
  fc.assert(
    fc.property(crowded, (sketch) => {
      const constraints = sketch.constraints.toReversed();
      assert.equal(placed({ ...sketch, constraints }).text, placed(sketch).text);
    }),
  );
});

test('preferences added up once are those that walking every chain gives', () => {
  fc.assert(
    fc.property(sketches, (sketch) => {
      const cluster = readCluster(sketchedDocument(sketch), settings);
      prepareAssignment(cluster);
      // Sums are not used in clusters with remote nodes: so this run walks.
      cluster.caches.hasRemoteNodes = true;
      const walked = [...assignResources(cluster).lines()].map(formatScoreLine).sort().join('\n');
      assert.equal(placed(sketch).text, walked);
    }),
    { numRuns: 1000 },
  );
});

test('a chain longer than any stack is assigned', () => {
  const length = 3000;
  const resources = Array.from({ length }, (_, index): ResourceSketch => {
    return { id: `r${index}`, kind: 'primitive', stickiness: 10, runsOn: 0 };
  });
  const constraints = resources.slice(1).map(({ id }, index): ConstraintSketch => {
    return { kind: 'colocation', id: `c${index}`, dependent: `r${index}`, primary: id, score: 'INFINITY' };
  });
  const { cluster } = placed({ nodeCount: 2, standby: [], resources, constraints });
  assert.ok(primitivesOf(cluster).every(({ assignedNode }) => assignedNode?.name === 'node0'));
});

test('a ring of colocations longer than any stack is assigned', () => {
  const length = 3000;
  const resources = Array.from({ length }, (_, index): ResourceSketch => {
    return { id: `r${index}`, kind: 'primitive', stickiness: 0, runsOn: undefined };
  });
  const constraints = resources.map(({ id }, index): ConstraintSketch => {
    const primary = `r${(index + 1) % length}`;
    return { kind: 'colocation', id: `c${index}`, dependent: id, primary, score: '100' };
  });
  const { cluster } = placed({ nodeCount: 2, standby: [], resources, constraints });
  assert.ok(primitivesOf(cluster).every(({ assignedNode }) => assignedNode !== undefined));
});

test('contributions add up to the score', () => {
  fc.assert(
    fc.property(sketches, (sketch) => {
      const { cluster } = placeResources(sketchedDocument(sketch), { ...settings, reasons: true });
      for (const { resource, nodes } of cluster.resources.flatMap((each) => placementReasons(cluster, each))) {
        for (const { node, score, contributions } of nodes) {
          const sum = contributions.reduce((total, each) => addScores(total, each.score), 0);
          assert.equal(sum, score, `${resource} on ${node}: ${JSON.stringify(contributions)}`);
        }
      }
    }),
  );
});

test('a resource whose target-role is Stopped is assigned nowhere', () => {
  const idle: ResourceSketch = { id: 'idle', kind: 'group', stickiness: 0, targetRole: 'Stopped', runsOn: 0 };
  const { cluster } = placed({ nodeCount: 2, standby: [], resources: [idle], constraints: [] });
  assert.ok(
    primitivesOf(cluster).every(
      ({ assignedNode, nextRole }) => assignedNode === undefined && nextRole === roles.stopped,
    ),
  );
});
