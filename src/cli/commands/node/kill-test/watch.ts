// What a failing node costs, from what its peers tell of the cluster again and again: when it was missed, where each
// service went and how long it was nowhere, when the node was back, and what is not as it was before. Pure.
import type { ClusterStatus, ResourceView } from '../../../../api/index.ts';

/** Where each resource runs; a clone as a whole. */
type Placement = ReadonlyMap<string, readonly string[]>;

export type ServiceFate = {
  readonly resource: string;
  readonly from: string;
  /** Where it runs now; empty: nowhere. */
  readonly to: readonly string[];
  /** From the order to fail until it first ran again; undefined: never. */
  readonly outMs: number | undefined;
};

export type Watched = {
  readonly node: string;
  readonly before: ClusterStatus;
  /** Since the order to fail. */
  readonly missedMs: number | undefined;
  readonly backMs: number | undefined;
  readonly services: readonly ServiceFate[];
  readonly last: ClusterStatus;
};

/** `before`: as it was when the node was told to fail. */
export function beginWatch(before: ClusterStatus, node: string): Watched {
  const services = [...placementOf(before)]
    .filter(([, nodes]) => nodes.length === 1 && nodes[0] === node)
    .map(([resource]) => ({ resource, from: node, to: [], outMs: undefined }));
  return { node, before, missedMs: undefined, backMs: undefined, services, last: before };
}

/** The next look, `atMs` after the order. */
export function watch(seen: Watched, status: ClusterStatus, atMs: number): Watched {
  const isThere = stateOf(status, seen.node) === stateOf(seen.before, seen.node);
  const missedMs = seen.missedMs ?? (isThere ? undefined : atMs);
  const backMs = missedMs !== undefined && isThere ? (seen.backMs ?? atMs) : undefined;
  if (missedMs === undefined) return { ...seen, last: status };
  const now = placementOf(status);
  const services = seen.services.map((service) => {
    const to = (now.get(service.resource) ?? []).filter((each) => each !== service.from || backMs !== undefined);
    // While members meet again, what they run is not known for a moment: that does not end what began.
    return { ...service, to, outMs: service.outMs ?? (to.length === 0 ? undefined : atMs) };
  });
  return { ...seen, missedMs, backMs, services, last: status };
}

/** What is not as it was before, in sentences; empty: the cluster came out of it clean. */
export function leftovers({ node, before, last, missedMs, services }: Watched): string[] {
  const found: string[] = [];
  if (missedMs === undefined) found.push(`nobody missed ${node}`);
  const state = stateOf(last, node);
  if (state !== stateOf(before, node)) found.push(`${node} is not back: it is ${state ?? 'unknown'}`);
  for (const { resource, to, from } of services)
    if (missedMs !== undefined && to.length === 0) found.push(`${resource}, which ran on ${from}, runs nowhere`);
  const known = new Set(before.failures.map(failureKey));
  for (const failure of last.failures) {
    if (known.has(failureKey(failure))) continue;
    found.push(`${failure.resource}: ${failure.operation} failed on ${failure.node} (${failure.meaning})`);
  }
  const now = placementOf(last);
  for (const [resource, nodes] of placementOf(before)) {
    const runsOn = now.get(resource) ?? [];
    const isService = services.some((each) => each.resource === resource);
    const lost = nodes.filter((each) => !runsOn.includes(each));
    if (!isService && runsOn.length < nodes.length) found.push(`${resource} no longer runs on ${lost.join(', ')}`);
  }
  return found;
}

function placementOf({ resources }: ClusterStatus): Placement {
  return new Map(resources.flatMap(runningIn));
}

function runningIn(resource: ResourceView): [string, readonly string[]][] {
  if (resource.kind === 'clone' || resource.kind === 'bundle' || resource.children.length === 0) {
    return resource.nodes.length === 0 ? [] : [[resource.id, resource.nodes]];
  }
  return resource.children.flatMap(runningIn);
}

function stateOf({ nodes }: ClusterStatus, name: string) {
  return nodes.find((each) => each.name === name)?.state;
}

function failureKey({ resource, node, operation, at }: ClusterStatus['failures'][number]): string {
  return [resource, node, operation, at].join(' ');
}
