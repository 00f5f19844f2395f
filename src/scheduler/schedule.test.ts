// Laws of whole runs, on random small clusters: what is planned can be carried out, in an order, and then is done.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { rewriteElements, XmlElement, xmlElement, xmlIndexOf } from '../cib/index.ts';
import { visitPrimitives } from './configuration/tree.ts';
import { formatDot } from './graph/dot.ts';
import { formatGraph } from './graph/graph-xml.ts';
import { type Primitive, roles } from './model/index.ts';
import { readCluster } from './placement.ts';
import { renderStatus } from './render/status.ts';
import { schedule } from './schedule.ts';
import { execute } from './simulate/execution.ts';
import { inject, parseOperationResult } from './simulate/injection.ts';
import { executionTexts } from './simulate/lines.ts';
import { documentAfter } from './simulate/outcome.ts';
import { simulate, simulateTransition, simulationSummary } from './simulate/report.ts';
import {
  type ClusterSketch,
  type ConstraintSketch,
  type ResourceSketch,
  sketchedDocument,
} from './testing/document.ts';

const now = { epochSeconds: 1_700_000_000, offsetSeconds: 0 };
const run = (cib: XmlElement) => ({ cib, now, clock: now, reasons: false });

const sketches: fc.Arbitrary<ClusterSketch> = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 6 }))
  .chain(([nodeCount, resourceCount]) =>
    fc.record({
      nodeCount: fc.constant(nodeCount),
      standby: fc.subarray([...Array(nodeCount).keys()], { maxLength: 1 }),
      resources: fc.tuple(...Array.from({ length: resourceCount }, (_, index) => resourceOf(index, nodeCount))),
      constraints: fc.uniqueArray(constraintOf(nodeCount, resourceCount), { maxLength: 5, selector: ({ id }) => id }),
    }),
  );

function resourceOf(index: number, nodeCount: number): fc.Arbitrary<ResourceSketch> {
  return fc.record({
    id: fc.constant(`r${index}`),
    kind: fc.constantFrom('primitive', 'group', 'clone'),
    stickiness: fc.constantFrom(0, 100),
    targetRole: fc.constantFrom('Started', 'Started', 'Stopped'),
    runsOn: fc.option(fc.integer({ min: 0, max: nodeCount - 1 }), { nil: undefined }),
  });
}

function constraintOf(nodeCount: number, resourceCount: number): fc.Arbitrary<ConstraintSketch> {
  return fc
    .record({
      resource: fc.integer({ min: 0, max: resourceCount - 1 }),
      node: fc.integer({ min: 0, max: nodeCount - 1 }),
      score: fc.constantFrom('INFINITY', '-INFINITY', '100', '-100'),
    })
    .map(({ resource, node, score }) => ({
      kind: 'location',
      id: `l${resource}-${node}`,
      resource: `r${resource}`,
      node,
      score,
    }));
}

/** Orders each resource before the one after it, as an administrator would. */
function withChain(cib: XmlElement, sketch: ClusterSketch): XmlElement {
  const orders = sketch.resources
    .slice(1)
    .map(
      (resource, index) =>
        new XmlElement('rsc_order', [
          'id',
          `o${index}`,
          'first',
          sketch.resources[index]?.id ?? '',
          'then',
          resource.id,
        ]),
    );
  const configuration = cib.child('configuration');
  const constraints = configuration?.child('constraints');
  if (configuration === undefined || constraints === undefined) return cib;
  const changed = configuration.withNodes(
    configuration.nodes.map((each) => (each === constraints ? constraints.append(...orders) : each)),
  );
  return cib.withNodes(cib.nodes.map((each) => (each === configuration ? changed : each)));
}

const documents = sketches.map((sketch) => withChain(sketchedDocument(sketch), sketch));

test('a transition comes to its end: no action waits for itself, or for one that is not planned', () => {
  fc.assert(
    fc.property(documents, (cib) => {
      const { graph } = schedule(run(cib));
      const { done, stuck } = execute(graph);
      assert.deepEqual(stuck, []);
      const position = new Map(done.map(({ action }, index) => [action, index]));
      for (const { action, inputs } of done) {
        for (const input of inputs) assert.ok((position.get(input) ?? Infinity) < (position.get(action) ?? -1));
      }
    }),
  );
});

test('what a transition has done need not be done again', () => {
  fc.assert(
    fc.property(documents, (cib) => {
      const first = simulate(run(cib));
      const after = simulateTransition(run(cib), first);
      const again = schedule(run(documentAfter(after.outcome))).graph.synapses.filter(({ action }) => !action.pseudo);
      assert.deepEqual(
        again.map(({ action }) => action.key),
        [],
      );
    }),
  );
});

test('nothing runs twice on the way: a resource is stopped before it is started elsewhere', () => {
  fc.assert(
    fc.property(documents, (cib) => {
      const { cluster, graph } = schedule(run(cib));
      const running = new Map<Primitive, Set<string>>();
      for (const resource of cluster.resources) {
        visitPrimitives(resource, (each) => running.set(each, new Set(each.activeNodes.map(({ name }) => name))));
      }
      for (const { action } of execute(graph).done) {
        if (action.resource?.variant !== 'primitive' || action.node === undefined) continue;
        const nodes = running.get(action.resource);
        if (action.task === 'stop') nodes?.delete(action.node.name);
        if (action.task === 'start') nodes?.add(action.node.name);
        assert.ok((nodes?.size ?? 0) <= 1, `${action.resource.id} runs on ${[...(nodes ?? [])]}`);
      }
    }),
  );
});

test('the same document gives the same graph and picture, byte for byte', () => {
  fc.assert(
    fc.property(documents, (cib) => {
      const [one, other] = [schedule(run(cib)), schedule(run(cib))];
      assert.equal(formatGraph(one), formatGraph(other));
      assert.equal(formatDot(one), formatDot(other));
    }),
    { numRuns: 30 },
  );
});

test('a state that is only shown is the one that would be decided on, and keeps nothing of what was recorded', () => {
  fc.assert(
    fc.property(documents, (cib) => {
      const [decided, shown] = [readCluster(cib, run(cib)), readCluster(cib, { ...run(cib), purpose: 'display' })];
      assert.equal(renderStatus(shown, 'State', 'show-pending'), renderStatus(decided, 'State', 'show-pending'));
      assert.deepEqual([shown.histories.flat(), shown.demands], [[], []]);
    }),
    { numRuns: 20 },
  );
});

test('an order far longer than the stack is deep is followed to its end', () => {
  const length = 6000;
  const resources = Array.from({ length }, (_, index) => ({
    id: `r${index}`,
    kind: 'primitive' as const,
    stickiness: 0,
    // The first cannot start, so that the news has to travel along the whole chain.
    targetRole: index === 0 ? ('Stopped' as const) : ('Started' as const),
    runsOn: undefined,
  }));
  const sketch: ClusterSketch = { nodeCount: 1, standby: [], resources, constraints: [] };
  const { plan } = schedule(run(withChain(sketchedDocument(sketch), sketch)));
  const starts = plan.actions.filter((action) => action.task === 'start');
  assert.equal(starts.length, length);
  assert.deepEqual(
    starts.filter((action) => action.runnable),
    [],
  );
});

test('a node taken down is offline, and its resources go elsewhere', () => {
  const resource = { id: 'vip', kind: 'primitive', stickiness: 100, runsOn: 0 } as const;
  const cib = sketchedDocument({ nodeCount: 2, standby: [], resources: [resource], constraints: [] });
  const down = inject(cib, { kind: 'node', name: 'node0', becomes: 'down' });
  assert.ok(down.ok);
  const { cluster } = schedule(run(down.value));
  const vip = cluster.resourcesById.get('vip');
  assert.ok(vip?.variant === 'primitive');
  assert.equal(vip.assignedNode?.name, 'node1');
});

test('of a node taken down no operation is remembered; one that is lost may still run what it did', () => {
  const resource = { id: 'vip', kind: 'primitive', stickiness: 100, runsOn: 0 } as const;
  const cib = sketchedDocument({ nodeCount: 2, standby: [], resources: [resource], constraints: [] });
  const remembered = (becomes: 'down' | 'failed') => {
    const changed = inject(cib, { kind: 'node', name: 'node0', becomes });
    assert.ok(changed.ok);
    return [...xmlIndexOf(changed.value).allNamed('lrm_rsc_op')].length > 0;
  };
  assert.deepEqual([remembered('down'), remembered('failed')], [false, true]);
});

test('a node brought up that was not there is a new one', () => {
  const cib = sketchedDocument({ nodeCount: 1, standby: [], resources: [], constraints: [] });
  const changed = inject(cib, { kind: 'node', name: 'guest', becomes: 'up' });
  assert.ok(changed.ok);
  const { nodes } = readCluster(changed.value, run(changed.value));
  assert.equal(nodes.find(({ name }) => name === 'guest')?.online, true);
});

test('after an operation that fails only what completes something begun is done, and told of', () => {
  const resource = { id: 'web', kind: 'clone', stickiness: 0, runsOn: undefined } as const;
  const sketch = sketchedDocument({ nodeCount: 2, standby: [], resources: [resource], constraints: [] });
  const notifying = xmlElement('nvpair', { id: 'notify', name: 'notify', value: 'true' });
  const cib = rewriteElements(sketch, (each) => (each.id === 'web-meta' ? each.append(notifying) : each)) ?? sketch;
  const failure = parseOperationResult('web-p_start_0@node1=1');
  assert.ok(failure.ok);
  const request = { ...run(cib), failures: [failure.value] };
  const simulation = simulate(request);
  const { execution } = simulateTransition(request, simulation);
  const keys = execution.done.map(({ action }) => action.key);
  const failed = execution.failed?.synapse.action.key;
  assert.deepEqual(keys.slice(keys.indexOf(failed ?? '') + 1), [
    'web_running_0',
    'web_post_notify_running_0',
    'web-p:0_post_notify_start_0',
    'web-p:1_post_notify_start_0',
    'web_confirmed-post_notify_running_0',
  ]);
  const text = [...executionTexts(simulation.cluster, execution, now.epochSeconds)].join('');
  assert.match(text, /Pretending action[\s\S]* web_running_0\n/);
});

test('an operation that fails is recorded as failed, and nothing is begun after it', () => {
  const resource = { id: 'vip', kind: 'primitive', stickiness: 0, runsOn: undefined } as const;
  const cib = sketchedDocument({ nodeCount: 1, standby: [], resources: [resource], constraints: [] });
  const failure = parseOperationResult('vip_start_0@node0=1');
  assert.ok(failure.ok);
  const request = { ...run(cib), failures: [failure.value] };
  const after = simulateTransition(request, simulate(request));
  assert.equal(after.execution.done.at(-1)?.action.key, 'vip_start_0');
  const vip = readCluster(documentAfter(after.outcome), request).resourcesById.get('vip');
  assert.equal(vip?.failed, true);
  assert.equal(vip?.currentRole, roles.started);
});

test('a result for a clone belongs to the instance that its node knows by a number', () => {
  const resource = { id: 'web', kind: 'clone', stickiness: 0, runsOn: 0 } as const;
  const cib = rewriteElements(
    sketchedDocument({ nodeCount: 1, standby: [], resources: [resource], constraints: [] }),
    (each) => (each.name === 'lrm_resource' ? each.with({ id: `${each.id}:0` }) : each),
  );
  assert.ok(cib);
  const [record] = [...xmlIndexOf(cib).allNamed('lrm_resource')];
  const result = parseOperationResult(`${record?.id?.replace(':0', '')}_monitor_10000@node0=7`);
  assert.ok(result.ok);
  const changed = inject(cib, { kind: 'operation', result: result.value, nowSeconds: 1, exitReason: '' });
  assert.ok(changed.ok);
  const records = [...xmlIndexOf(changed.value).allNamed('lrm_resource')];
  assert.deepEqual(
    records.map(({ id }) => id),
    [record?.id],
  );
});

test('a result that is injected leaves the digest of the parameters in the entry that it overwrites', () => {
  const resource = { id: 'vip', kind: 'primitive', stickiness: 0, runsOn: 0 } as const;
  const cib = rewriteElements(
    sketchedDocument({ nodeCount: 1, standby: [], resources: [resource], constraints: [] }),
    (each) => (each.name === 'lrm_rsc_op' ? each.with({ 'op-digest': 'known' }) : each),
  );
  const result = parseOperationResult('vip_start_0@node0=0');
  assert.ok(cib !== undefined && result.ok);
  const changed = inject(cib, { kind: 'operation', result: result.value, nowSeconds: 1, exitReason: '' });
  assert.ok(changed.ok);
  const entries = [...xmlIndexOf(changed.value).allNamed('lrm_rsc_op')];
  assert.deepEqual(
    entries.map((entry) => [entry.id, entry.get('op-digest'), entry.get('call-id')]),
    [['vip_last_0', 'known', '2']],
  );
});

test('a circle of orders is told as a transition that is invalid, and what is not in it is done', () => {
  const resources = ['a', 'b', 'c'].map((id) => ({ id, kind: 'primitive', stickiness: 0, runsOn: undefined }) as const);
  const sketch = sketchedDocument({ nodeCount: 1, standby: [], resources, constraints: [] });
  const orders = [
    new XmlElement('rsc_order', ['id', 'ab', 'first', 'a', 'then', 'b']),
    new XmlElement('rsc_order', ['id', 'ba', 'first', 'b', 'then', 'a']),
  ];
  const cib = rewriteElements(sketch, (each) => (each.name === 'constraints' ? each.withNodes(orders) : each));
  assert.ok(cib !== undefined);
  const { execution } = simulateTransition(run(cib), simulate(run(cib)));
  assert.equal(execution.done.at(-1)?.action.key, 'c_start_0');
  assert.equal(execution.stuck.length, 2);
  assert.match(
    simulationSummary(run(cib), ''),
    / c +start on node0\nTransition failed: terminated\nAn invalid transition was produced\n\nRevised/,
  );
});

test('an operation is read from its key, its node and its result', () => {
  const expected = { resource: 'a_b', task: 'migrate_to', intervalMs: 0, node: 'n1', exitCode: 1, status: 2 };
  assert.deepEqual(parseOperationResult('a_b_migrate_to_0@n1=1,2'), { ok: true, value: expected });
  assert.equal(parseOperationResult('vip@n1=1').ok, false);
});
