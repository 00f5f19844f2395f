// What if, on a document: what would move, in which order, how long it should take, what would stay down and why.
import { childAt, type Instant, type XmlElement, xmlIndexOf } from '../../cib/index.ts';
import {
  isMember,
  nodeStatesOf,
  rehearse,
  type Task,
  type TransitionSummary,
  transitionOf,
} from '../../controller/index.ts';
import { err, type Failure, ok, type Result } from '../../kit/index.ts';
import {
  type Cluster,
  childrenOf,
  type DescribedRun,
  describeRun,
  inject,
  type Primitive,
  placementReasons,
  type Resource,
  type Simulation,
  simulate,
} from '../../scheduler/index.ts';
import { unknownName } from './unknown-name.ts';

export type Step = {
  readonly action: string;
  readonly node: string | null;
  /** From what the same operation took before; undefined when nobody remembers one. */
  readonly durationMs: number | undefined;
};

export type Forecast = {
  readonly fencing: DescribedRun['transition']['fencing'];
  readonly changes: DescribedRun['transition']['changes'];
  /** In the order in which they would begin. */
  readonly steps: readonly Step[];
  /** Until the last of them is over; steps without a record count nothing. */
  readonly expectedMs: number;
  readonly down: readonly { readonly resource: string; readonly why: string }[];
};

/**
 * The document as it would be without these nodes, and without a quorum where those that are left are no majority. Errors:
 * `not-found`, with the nearest name.
 */
export function withLostNodes(cib: XmlElement, names: readonly string[]): Result<XmlElement, Failure> {
  const known = childAt(cib, 'configuration', 'nodes')?.childrenNamed('node') ?? [];
  const knownNames = known.flatMap((node) => node.get('uname') ?? []);
  let left = cib;
  for (const name of names) {
    if (!knownNames.includes(name)) return err(unknownName(`there is no node '${name}'`, name, knownNames));
    const injected = inject(left, { kind: 'node', name, becomes: 'failed' });
    if (!injected.ok) return err({ kind: 'not-found', what: injected.error });
    left = injected.value;
  }
  return ok(names.length === 0 || isMajority(left, known) ? left : left.with({ 'have-quorum': '0' }));
}

/** One vote a node; of two nodes one goes on alone (votequorum(5), `two_node`). */
function isMajority(cib: XmlElement, known: readonly XmlElement[]): boolean {
  const voters = known.filter((node) => ['member', undefined].includes(node.get('type'))).map(({ id }) => id);
  const present = nodeStatesOf(cib).filter((state) => voters.includes(state.id) && isMember(state));
  return voters.length === 2 ? present.length > 0 : present.length * 2 > voters.length;
}

/** `history`: the cluster's transitions, oldest first, from which it is known how long things take. */
export function forecastOf(cib: XmlElement, now: Instant, history: readonly TransitionSummary[]): Forecast {
  const simulation = simulate({ cib, now, reasons: true, secrets: 'compared' });
  const { fencing, changes } = describeRun(simulation).transition;
  const times = recordedTimes(cib, history);
  const planned = transitionOf(simulation, { number: 0, uuid: '', nowSeconds: now.epochSeconds });
  const rehearsed = rehearse(planned, ({ key }) => times.get(key) ?? 0);
  return {
    fencing,
    changes,
    steps: rehearsed.map(({ task }) => ({
      action: task.key,
      node: nodeOf(task),
      durationMs: times.get(task.key),
    })),
    expectedMs: Math.max(0, ...rehearsed.map(({ endsMs }) => endsMs)),
    down: simulation.cluster.resources.flatMap((resource) => downIn(simulation, resource)),
  };
}

function nodeOf({ work }: Task): string | null {
  if ('node' in work) return work.node.name;
  return 'target' in work ? work.target.name : null;
}

/**
 * How long each operation takes, by its key: the latest time that it was done in a transition, order and answer included;
 * of others, the longest of what the status still holds.
 */
function recordedTimes(cib: XmlElement, history: readonly TransitionSummary[]): Map<string, number> {
  const times = new Map<string, number>();
  const index = xmlIndexOf(cib);
  for (const entry of index.allNamed('lrm_rsc_op')) {
    const key = `${index.parentOf(entry)?.id}_${entry.get('operation')}_${entry.get('interval')}`;
    const ms = Number(entry.get('exec-time') ?? Number.NaN);
    if (Number.isFinite(ms)) times.set(key, Math.max(ms, times.get(key) ?? 0));
  }
  for (const { what, result, durationMs } of history.flatMap(({ actions }) => actions))
    if (result === 'done' && durationMs !== undefined) times.set(what, Math.round(durationMs));
  return times;
}

/** A clone is down when no instance of it runs anywhere. */
function downIn(simulation: Simulation, resource: Resource): Forecast['down'] {
  const primitives = primitivesIn(resource);
  if (resource.variant === 'clone') {
    const [first] = primitives;
    if (first === undefined || primitives.some((each) => each.assignedNode !== undefined)) return [];
    return [{ resource: resource.id, why: reasonOf(simulation.cluster, first) }];
  }
  return primitives
    .filter((each) => each.assignedNode === undefined && !each.removed)
    .map((each) => ({ resource: each.id, why: reasonOf(simulation.cluster, each) }));
}

function primitivesIn(resource: Resource): Primitive[] {
  return resource.variant === 'primitive' ? [resource] : childrenOf(resource).flatMap(primitivesIn);
}

function reasonOf(cluster: Cluster, primitive: Primitive): string {
  const [reasons] = placementReasons(cluster, primitive);
  if (reasons === undefined) return 'it is not placed';
  const why = reasons.verdict.replace(/^.*? runs nowhere: /, '');
  if (primitive.disabled) return why;
  const nodes = reasons.nodes.flatMap(({ node, unavailable, contributions }) => {
    const worst = contributions.find(({ score }) => score <= -1_000_000);
    const obstacle = unavailable ?? worst?.text;
    return obstacle === undefined ? [] : `${node}: ${obstacle}`;
  });
  return nodes.length === 0 ? why : `${why} (${nodes.join('; ')})`;
}
