// What if, on the running cluster: what would move, in which order, how long it should take, what would stay down and why.
import { type Instant, type XmlElement, xmlIndexOf } from '../../../cib/index.ts';
import { applyEdit } from '../../../controller/index.ts';
import { CommandFailure, formatDuration } from '../../../kit/index.ts';
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
} from '../../../scheduler/index.ts';
import { type AnswerFlags, ClusterSession, show } from '../../cluster/session.ts';
import { checkedEdit, together } from '../../edits/check.ts';
import { stopEdits } from '../../edits/meta.ts';
import { nodeNamed } from '../../edits/names.ts';
import { nodeAttributeEdits } from '../../edits/node.ts';
import { propertyEdits } from '../../edits/property.ts';
import { pairsOf } from '../../edits/values.ts';
import { alignedRows } from '../../terminal/columns.ts';
import { styleFor } from '../../terminal/style.ts';
import { readXmlFile } from '../cib/files.ts';
import { replacementOf } from '../cib/replace.ts';
import { clockInstant, currentDocument } from './live-document.ts';

export type WhatIfFlags = AnswerFlags & {
  readonly fail?: readonly string[];
  readonly standby?: readonly string[];
  readonly stop?: readonly string[];
  readonly set?: readonly string[];
  readonly apply?: string;
};

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

export async function simulateLive(flags: WhatIfFlags): Promise<void> {
  const document = await new ClusterSession().document();
  const forecast = forecastOf(currentDocument(supposed(document, flags)), clockInstant());
  show(flags, forecast, () => forecastLines(forecast));
}

/** The document as it would be. @throws CommandFailure for names that there are not, and for changes that are not valid */
export function supposed(document: XmlElement, flags: WhatIfFlags): XmlElement {
  let cib = document;
  if (flags.apply !== undefined) {
    cib = checkedEdit(cib, replacementOf(readXmlFile(flags.apply))).after;
  }
  const edits = [
    ...(flags.standby ?? []).flatMap((node) => nodeAttributeEdits(cib, node, new Map([['standby', 'on']]))),
    ...(flags.stop ?? []).flatMap((resource) => stopEdits(cib, resource)),
    ...propertyEdits(cib, pairsOf(flags.set ?? [])),
  ];
  const edited = edits.length === 0 ? { ok: true as const, value: cib } : applyEdit(cib, together(edits));
  if (!edited.ok) throw new CommandFailure(edited.error);
  return (flags.fail ?? []).reduce(withLostNode, edited.value);
}

function withLostNode(cib: XmlElement, name: string): XmlElement {
  nodeNamed(cib, name);
  const injected = inject(cib, { kind: 'node', name, becomes: 'failed' });
  if (injected.ok) return injected.value;
  throw new CommandFailure({ kind: 'not-found', what: injected.error });
}

export function forecastOf(cib: XmlElement, now: Instant): Forecast {
  const request = { cib, now, clock: now, reasons: true };
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

export function forecastLines({ fencing, changes, steps, expectedMs, down }: Forecast): string[] {
  const { strong, quiet, bad } = styleFor(process.stdout);
  if (fencing.length + changes.length + steps.length === 0) return ['Nothing would be done.', ...downLines(down)];
  const fenced = fencing.map(({ node, operation, reason }) => ['fence', `${node} (${operation})`, reason]);
  const moved = changes.map(({ change, resource, from, to, reason }) => [
    change,
    resource,
    from === null || to === null || from === to ? (to ?? from ?? '') : `${from} -> ${to}`,
    { text: reason, style: quiet },
  ]);
  const numbered = steps.map(({ action, node, durationMs }, at) => [
    `${at + 1}`.padStart(`${steps.length}`.length),
    action,
    node ?? '',
    durationMs === undefined ? '' : formatDuration(durationMs),
  ]);
  const none = fenced.length + moved.length === 0 ? ['  nothing'] : [];
  return [
    strong('What would change'),
    ...alignedRows(fenced.map(([verb = '', ...rest]) => [{ text: verb, style: bad }, ...rest])),
    ...alignedRows(moved),
    ...none,
    '',
    strong(`In this order${expectedMs > 0 ? ` (about ${formatDuration(expectedMs)}, from what it took before)` : ''}`),
    ...(numbered.length === 0 ? ['  nothing can be done'] : alignedRows(numbered)),
    ...downLines(down),
  ];
}

function downLines(down: Forecast['down']): string[] {
  if (down.length === 0) return [];
  const { strong } = styleFor(process.stdout);
  return ['', strong('What would not run'), ...alignedRows(down.map(({ resource, why }) => [resource, why]))];
}
