// What if, on a document: what would move, in which order, how long it should take, what would stay down and why.
import { childAt, type Instant, type XmlElement, xmlIndexOf } from '../../cib/index.ts';
import { err, type Failure, ok, type Result } from '../../kit/index.ts';
import {
  type Cluster,
  childrenOf,
  type DescribedRun,
  describeExecution,
  describeRun,
  inject,
  type Primitive,
  placementReasons,
  type Resource,
  type Simulation,
  simulate,
  simulateTransition,
} from '../../scheduler/index.ts';
import { unknownName } from './unknown-name.ts';

export type Step = {
  readonly action: string;
  readonly node: string | null;
  /** From what the same operation took before; undefined when it was never done. */
  readonly durationMs: number | undefined;
};

export type Forecast = {
  readonly fencing: DescribedRun['transition']['fencing'];
  readonly changes: DescribedRun['transition']['changes'];
  /** In the order in which they would begin. */
  readonly steps: readonly Step[];
  /** Along the longest chain of steps that wait for one another; steps without a record count nothing. */
  readonly expectedMs: number;
  readonly down: readonly { readonly resource: string; readonly why: string }[];
};

/** The document as it would be without these nodes. Errors: `not-found`, with the nearest name. */
export function withLostNodes(cib: XmlElement, names: readonly string[]): Result<XmlElement, Failure> {
  let left = cib;
  for (const name of names) {
    const known = childAt(cib, 'configuration', 'nodes')?.childrenNamed('node') ?? [];
    const knownNames = known.flatMap((node) => node.get('uname') ?? []);
    if (!knownNames.includes(name)) return err(unknownName(`there is no node '${name}'`, name, knownNames));
    const injected = inject(left, { kind: 'node', name, becomes: 'failed' });
    if (!injected.ok) return err({ kind: 'not-found', what: injected.error });
    left = injected.value;
  }
  return ok(left);
}

export function forecastOf(cib: XmlElement, now: Instant): Forecast {
  const request = { cib, now, clock: now, reasons: true, secrets: 'compared' } as const;
  const simulation = simulate(request);
  const { transition } = describeRun(simulation);
  const { execution } = simulateTransition(request, simulation);
  const actions = new Map(transition.actions.map((action) => [action.id, action]));
  const times = recordedTimes(cib);
  const steps: Step[] = [];
  const endsMs = new Map<number, number>();
  for (const id of describeExecution(execution).order) {
    const action = actions.get(id);
    if (action === undefined) continue;
    const recorded = action.pseudo ? 0 : times.get(`${action.resource} ${action.task}`);
    const beginsMs = Math.max(0, ...action.inputs.map((input) => endsMs.get(input) ?? 0));
    endsMs.set(id, beginsMs + (recorded ?? 0));
    if (!action.pseudo) steps.push({ action: action.key, node: action.node, durationMs: recorded });
  }
  return {
    fencing: transition.fencing,
    changes: transition.changes,
    steps,
    expectedMs: Math.max(0, ...endsMs.values()),
    down: simulation.cluster.resources.flatMap((resource) => downIn(simulation, resource)),
  };
}

/** The longest that each operation of each resource took, of what history still holds, by `RESOURCE TASK`. */
function recordedTimes(cib: XmlElement): Map<string, number> {
  const times = new Map<string, number>();
  const index = xmlIndexOf(cib);
  for (const entry of index.allNamed('lrm_rsc_op')) {
    const key = `${index.parentOf(entry)?.id} ${entry.get('operation')}`;
    const ms = Number(entry.get('exec-time') ?? Number.NaN);
    if (Number.isFinite(ms)) times.set(key, Math.max(ms, times.get(key) ?? 0));
  }
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
