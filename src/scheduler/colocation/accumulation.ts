// Preferences of long chains, in linear time. Merging what follows a resource means walking everything below it; done anew for
// every member of a chain, that is quadratic. As long as no score comes near infinity and no merge is taken back, the order
// of additions does not matter: then the preferences of a resource and of all its followers can be added up once.
//
// A sum is used only where it gives exactly what the walk would give; everything else is left to the walk.

import { INFINITY_SCORE } from '../../kit/index.ts';
import type { Accumulation } from '../model/accumulation.ts';
import {
  type Cluster,
  type ClusterNode,
  type Colocation,
  isAvailable,
  type NodeTable,
  type Primitive,
  type Resource,
} from '../model/index.ts';
import { hasInfluence, nestedFactor, weighted } from './influence.ts';
import { withThisOf } from './lists.ts';

const attracts = 1;
const forbids = 2;

/** How the walk arrived at a source. */
type Entry = {
  readonly source: Resource;
  readonly factor: number;
  readonly colocation: Colocation | undefined;
};

/** `work` with all that follows from `source` added, or undefined where the walk has to decide. */
export function withAccumulated(
  cluster: Cluster,
  work: NodeTable,
  { source, factor, colocation }: Entry,
): NodeTable | undefined {
  if (factor <= 0 || cluster.nodes.length === 0 || hasRemoteNodes(cluster)) return undefined;
  if ((colocation?.nodeAttribute ?? '#uname') !== '#uname') return undefined;
  const speaker = speakerOf(source);
  if (speaker === undefined || speaker.merging || readsGroupLocations(colocation, source)) return undefined;
  const sum = accumulated(cluster, speaker, factor);
  return sum === undefined ? undefined : added(cluster, work, sum);
}

/** What had been added up for a resource is out of date: its table is about to change. */
export function forgetAccumulated(cluster: Cluster, resource: Resource): void {
  const known = cluster.caches.accumulations.get(resource);
  if (known === undefined) return;
  cluster.caches.accumulations.delete(resource);
  const stale = [...known.values()].filter((sum) => sum !== 'walk');
  for (let sum = stale.pop(); sum !== undefined; sum = stale.pop()) {
    if (sum.isStale) continue;
    sum.isStale = true;
    stale.push(...sum.containers);
  }
}

function hasRemoteNodes(cluster: Cluster): boolean {
  cluster.caches.hasRemoteNodes ??= cluster.nodes.some((node) => node.kind === 'remote');
  return cluster.caches.hasRemoteNodes;
}

/** The primitive whose table speaks for `source`; undefined where tables change outside of its own assignment. */
function speakerOf(source: Resource): Primitive | undefined {
  if (source.variant === 'primitive') {
    const { parent } = source;
    if (parent === undefined) return source;
    return parent.variant === 'group' && parent.parent === undefined ? source : undefined;
  }
  return source.variant === 'group' && source.parent === undefined ? source.members[0] : undefined;
}

type Follower = { readonly source: Primitive; readonly factor: number };

type Frame = Follower & { readonly followers: readonly Follower[]; next: number; readonly sum: Accumulation };

/** The sum for `source` at the weight `factor`; undefined where there is none. */
function accumulated(cluster: Cluster, source: Primitive, factor: number): Accumulation | undefined {
  const known = lookUp(cluster, source, factor);
  if (known !== undefined) return known === 'walk' ? undefined : known;
  const open = new Set<Primitive>();
  const stack: Frame[] = [];
  let returned = beginSum(cluster, { stack, open }, { source, factor });
  for (;;) {
    const frame = stack.at(-1);
    if (frame === undefined) return returned === 'walk' ? undefined : returned;
    if (returned === 'walk') {
      remember(cluster, frame, 'walk');
    } else {
      if (returned !== undefined) include(frame.sum, returned);
      const follower = frame.followers[frame.next++];
      if (follower !== undefined) {
        returned = beginSum(cluster, { stack, open }, follower);
        continue;
      }
      remember(cluster, frame, frame.sum);
      returned = frame.sum;
    }
    stack.pop();
    open.delete(frame.source);
  }
}

type Walk = { readonly stack: Frame[]; readonly open: Set<Primitive> };

/** The sum if it is known; else undefined, and what is to be done is on the stack. A loop cannot be added up. */
function beginSum(
  cluster: Cluster,
  { stack, open }: Walk,
  { source, factor }: Follower,
): Accumulation | 'walk' | undefined {
  const known = lookUp(cluster, source, factor);
  if (known !== undefined) return known;
  if (open.has(source) || source.deciding) return 'walk';
  const sum = ownSum(cluster, source, factor);
  // A source that can run nowhere is left out by the walk, with everything behind it.
  const followers = sum === undefined ? [] : followersOf(source, factor);
  if (followers === undefined) return 'walk';
  open.add(source);
  stack.push({ source, factor, followers, next: 0, sum: sum ?? emptySum(cluster) });
  return undefined;
}

/** A later member of a group that is colocated by itself is looked at together with the group's locations. */
function readsGroupLocations(colocation: Colocation | undefined, source: Resource): boolean {
  const { parent } = source;
  if (colocation?.explicit !== true || colocation.dependent !== source || parent?.variant !== 'group') return false;
  return parent.members[0] !== source && parent.locations.length > 0;
}

function followersOf(source: Primitive, factor: number): Follower[] | undefined {
  const followers: Follower[] = [];
  for (const colocation of withThisOf(source)) {
    if (!hasInfluence(colocation)) continue;
    const nested = nestedFactor(factor, colocation.score);
    if (nested === 0) continue;
    const speaker = speakerOf(colocation.dependent);
    const isPlain = colocation.nodeAttribute === '#uname' && !readsGroupLocations(colocation, colocation.dependent);
    if (speaker === undefined || nested < 0 || !isPlain) return undefined;
    followers.push({ source: speaker, factor: nested });
  }
  return followers;
}

function emptySum(cluster: Cluster): Accumulation {
  const length = cluster.nodesByIndex.length;
  return {
    gains: new Float64Array(length),
    losses: new Float64Array(length),
    infinities: new Uint8Array(length),
    containers: [],
    isStale: false,
  };
}

/** What the source alone adds; undefined when it forbids every node that could be used. */
function ownSum(cluster: Cluster, source: Primitive, factor: number): Accumulation | undefined {
  const sum = emptySum(cluster);
  let isAlive = false;
  cluster.nodes.forEach((node) => {
    const available = isAvailable(node);
    const value = weighted(factor, available ? source.allowed.score(node.index) : -INFINITY_SCORE);
    if (value <= -INFINITY_SCORE) sum.infinities[node.index] = forbids;
    else if (value >= INFINITY_SCORE) sum.infinities[node.index] = attracts;
    else if (value > 0) sum.gains[node.index] = value;
    else sum.losses[node.index] = value;
    if (value > -INFINITY_SCORE && available) isAlive = true;
  });
  return isAlive ? sum : undefined;
}

function include(sum: Accumulation, part: Accumulation): void {
  for (let index = 0; index < sum.gains.length; index++) {
    sum.gains[index] = (sum.gains[index] ?? 0) + (part.gains[index] ?? 0);
    sum.losses[index] = (sum.losses[index] ?? 0) + (part.losses[index] ?? 0);
    sum.infinities[index] = (sum.infinities[index] ?? 0) | (part.infinities[index] ?? 0);
  }
  part.containers.push(sum);
}

function lookUp(cluster: Cluster, source: Primitive, factor: number): Accumulation | 'walk' | undefined {
  const known = cluster.caches.accumulations.get(source)?.get(factor);
  return known === undefined || known === 'walk' || !known.isStale ? known : undefined;
}

function remember(cluster: Cluster, { source, factor }: Follower, sum: Accumulation | 'walk'): void {
  const known = cluster.caches.accumulations.get(source);
  if (known === undefined) cluster.caches.accumulations.set(source, new Map([[factor, sum]]));
  else known.set(factor, sum);
}

/** `work` with `sum` added, where the order of additions cannot matter and no merge on the way would be taken back. */
function added(cluster: Cluster, work: NodeTable, sum: Accumulation): NodeTable | undefined {
  if (!cluster.nodes.some((node) => staysCandidate(work, node, sum))) return undefined;
  const table = work.copy();
  const { nodes } = cluster;
  for (let position = 0; position < nodes.length; position++) {
    const { index } = nodes[position] as ClusterNode;
    if (!table.has(index)) continue;
    const score = addedScore(table.score(index), sum, index);
    if (score === undefined) return undefined;
    table.setScore(index, score);
  }
  return table;
}

/** However the additions are ordered, the node can be used after each of them. */
function staysCandidate(work: NodeTable, node: ClusterNode, sum: Accumulation): boolean {
  const { index } = node;
  if (!work.has(index) || !isAvailable(node) || ((sum.infinities[index] ?? 0) & forbids) !== 0) return false;
  const score = work.score(index);
  return score >= INFINITY_SCORE || score + (sum.losses[index] ?? 0) >= 0;
}

function addedScore(score: number, sum: Accumulation, index: number): number | undefined {
  const infinities = sum.infinities[index] ?? 0;
  const gain = sum.gains[index] ?? 0;
  const loss = sum.losses[index] ?? 0;
  if (score <= -INFINITY_SCORE || (infinities & forbids) !== 0) return -INFINITY_SCORE;
  if (score >= INFINITY_SCORE) return INFINITY_SCORE;
  if (score + loss <= -INFINITY_SCORE) return undefined;
  if ((infinities & attracts) !== 0) return INFINITY_SCORE;
  return score + gain >= INFINITY_SCORE ? undefined : score + gain + loss;
}
