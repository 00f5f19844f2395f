// Why a resource runs where it runs: for every node the score, what it is made of, and whether the node could be used at all.

import { formatScore, INFINITY_SCORE } from '../../kit/index.ts';
import { visitPrimitives } from '../configuration/tree.ts';
import {
  type Cluster,
  type ClusterNode,
  formatRole,
  isAvailable,
  isGuestOrBundleNode,
  type Primitive,
  type Resource,
  roles,
  type ScoreCause,
  type ScoreChange,
} from '../model/index.ts';
import { describeCause } from './cause-text.ts';

export type Contribution = {
  readonly cause: ScoreCause;
  /** For people: `location constraint 'prefer-a'`. */
  readonly text: string;
  /** What it adds; ±INFINITY where it rules a node out, or in. */
  readonly score: number;
};

export type NodeReasons = {
  readonly node: string;
  /** -INFINITY where the resource has no entry for the node. */
  readonly score: number;
  readonly isChosen: boolean;
  /** Why nothing can be started there; undefined when it can. */
  readonly unavailable: string | undefined;
  readonly contributions: readonly Contribution[];
};

export type PlacementReasons = {
  readonly resource: string;
  readonly node: string | undefined;
  readonly role: string;
  /** One sentence: where it goes, or why nowhere. */
  readonly verdict: string;
  /** Best first. */
  readonly nodes: readonly NodeReasons[];
};

/** For each primitive of `resource` why it is placed as it is. Contributions are known only after a run with reasons. */
export function placementReasons(cluster: Cluster, resource: Resource): PlacementReasons[] {
  const reasons: PlacementReasons[] = [];
  visitPrimitives(resource, (primitive) => reasons.push(reasonsOf(cluster, primitive)));
  return reasons;
}

function reasonsOf(cluster: Cluster, resource: Primitive): PlacementReasons {
  const changes = cluster.ledger?.get(resource) ?? [];
  const nodes = cluster.nodes
    .filter((node) => resource.allowed.has(node.index) || changes.some((change) => change.node === node))
    .map((node) => nodeReasons(resource, node, changes));
  nodes.sort((a, b) => Number(b.isChosen) - Number(a.isChosen) || b.score - a.score);
  const node = resource.assignedNode?.name;
  const role = formatRole(effectiveRole(resource));
  return { resource: resource.id, node, role, verdict: verdictOf(cluster, resource), nodes };
}

function effectiveRole({ nextRole, assignedNode }: Primitive): Primitive['nextRole'] {
  if (nextRole !== roles.unknown) return nextRole;
  return assignedNode === undefined ? roles.stopped : roles.started;
}

function nodeReasons(resource: Primitive, node: ClusterNode, changes: readonly ScoreChange[]): NodeReasons {
  return {
    node: node.name,
    score: resource.allowed.score(node.index),
    isChosen: resource.assignedNode === node,
    unavailable: unavailability(node),
    contributions: contributionsOf([...initialChange(resource, node, changes), ...changesOn(node, changes)]),
  };
}

function changesOn(node: ClusterNode, changes: readonly ScoreChange[]): ScoreChange[] {
  return changes.filter((change) => change.node === node);
}

/** What the entry began with, if that was not nothing. */
function initialChange(resource: Primitive, node: ClusterNode, changes: readonly ScoreChange[]): ScoreChange[] {
  const initial = changesOn(node, changes)[0]?.before ?? resource.allowed.score(node.index);
  if (initial === 0 || !resource.allowed.has(node.index)) return [];
  return [{ node, before: 0, after: initial, cause: { kind: 'node' } }];
}

/** Changes with the same cause are one contribution. */
function contributionsOf(changes: readonly ScoreChange[]): Contribution[] {
  const byText = new Map<string, Contribution>();
  for (const { cause, before, after } of changes) {
    const text = describeCause(cause);
    const score = contribution(before, after);
    const known = byText.get(text);
    byText.set(text, { cause, text, score: known === undefined ? score : clamp(known.score + score) });
  }
  return [...byText.values()];
}

function contribution(before: number, after: number): number {
  return Math.abs(after) >= INFINITY_SCORE ? after : clamp(after - before);
}

function clamp(score: number): number {
  return Math.max(-INFINITY_SCORE, Math.min(INFINITY_SCORE, score));
}

/** What keeps a node from being used; undefined when nothing does. */
export function unavailability(node: ClusterNode): string | undefined {
  if (isAvailable(node)) return undefined;
  if (node.unclean) return node.online ? 'it is to be fenced' : 'it is lost and has to be fenced';
  if (!node.online) return isGuestOrBundleNode(node) ? 'its container does not run' : 'it is offline';
  if (node.shuttingDown) return 'it is shutting down';
  if (node.pending) return 'it is still joining';
  if (node.standbyByFailure) return 'it is in standby because of a failure';
  return node.standby ? 'it is in standby' : 'it is in maintenance';
}

function verdictOf(cluster: Cluster, resource: Primitive): string {
  const { id, assignedNode, managed, blocked } = resource;
  const where = assignedNode === undefined ? 'nowhere' : `on ${assignedNode.name}`;
  if (blocked) return `${id} stays ${where}: it is blocked by a failure`;
  if (!managed) return `${id} stays ${where}: ${unmanagedBecause(cluster, resource)}`;
  if (assignedNode !== undefined) return `${id} runs ${where}`;
  if (cluster.options.stopAllResources) return `${id} runs nowhere: stop-all-resources is set`;
  if (resource.removed) return `${id} runs nowhere: it is not configured any more`;
  if (resource.disabled) return `${id} runs nowhere: its target-role is ${resource.meta.get('target-role')}`;
  return `${id} runs nowhere: no node is left that may and can run it`;
}

function unmanagedBecause(cluster: Cluster, resource: Primitive): string {
  if (cluster.options.fencingEnabled && !cluster.fenceDeviceKnown) {
    return 'fencing is enabled, but no fence device is configured';
  }
  return resource.maintenance ? 'it is in maintenance' : 'it is unmanaged';
}

/** The reasons as lines of text. */
export function formatPlacementReasons({ verdict, nodes }: PlacementReasons): string[] {
  return [verdict, ...nodes.flatMap(formatNode)];
}

function formatNode({ node, score, isChosen, unavailable, contributions }: NodeReasons): string[] {
  const note = unavailable === undefined ? '' : ` (cannot be used: ${unavailable})`;
  const lines = contributions.map((each) => `      ${signed(each.score)}  ${each.text}`);
  return [`  ${isChosen ? '*' : ' '} ${node}: ${formatScore(score)}${note}`, ...lines];
}

function signed(score: number): string {
  return `${score > 0 ? '+' : ''}${formatScore(score)}`.padStart(10);
}
