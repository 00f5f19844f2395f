// A run as plain data, for programs.

import { formatScore } from '../../kit/index.ts';
import type { Action } from '../actions/action.ts';
import { activeNodesOf, primitivesOf } from '../actions/family.ts';
import type { Synapse } from '../graph/graph.ts';
import { type Cluster, formatRole, type Primitive } from '../model/index.ts';
import { nodeStatus } from '../render/nodes.ts';
import { nodeChanges } from '../render/transition-summary.ts';
import type { Schedule } from '../schedule.ts';
import type { Execution } from './execution.ts';

export type DescribedNode = { readonly name: string; readonly id: string; readonly status: string };

export type DescribedResource = {
  readonly id: string;
  readonly agent: string;
  readonly role: string;
  readonly nodes: readonly string[];
  readonly managed: boolean;
  readonly blocked: boolean;
  readonly failed: boolean;
};

export type DescribedAction = {
  readonly id: number;
  readonly key: string;
  readonly task: string;
  readonly resource: string | null;
  readonly node: string | null;
  readonly pseudo: boolean;
  readonly reason: string | null;
  readonly inputs: readonly number[];
};

export type DescribedRun = {
  readonly transition: {
    readonly fencing: readonly { readonly node: string; readonly operation: string; readonly reason: string }[];
    readonly changes: readonly {
      readonly change: string;
      readonly resource: string;
      readonly from: string | null;
      readonly to: string | null;
      readonly reason: string;
    }[];
    readonly actions: readonly DescribedAction[];
  };
  readonly scores: readonly { readonly resource: string; readonly node: string | null; readonly score: string }[];
};

export function describeCluster(cluster: Cluster): { nodes: DescribedNode[]; resources: DescribedResource[] } {
  return {
    nodes: cluster.nodes.map((node) => ({ name: node.name, id: node.id, status: nodeStatus(node) })),
    resources: cluster.resources.flatMap((resource) => [...primitivesOf(resource)].map(describeResource)),
  };
}

function describeResource(resource: Primitive): DescribedResource {
  const { standard, provider, type } = resource.agent;
  return {
    id: resource.id,
    agent: [standard, provider, type].filter((part) => part !== undefined).join(':'),
    role: formatRole(resource.currentRole),
    nodes: activeNodesOf(resource).map(({ name }) => name),
    managed: resource.managed,
    blocked: resource.blocked,
    failed: resource.failed,
  };
}

export function describeRun({ plan, graph, changes, scores }: Schedule): DescribedRun {
  return {
    transition: {
      fencing: nodeChanges(plan).map(({ node, operation, reason }) => ({ node: node.name, operation, reason })),
      changes: changes.map(({ verb, resource, from, to, reason }) => ({
        change: verb.toLowerCase(),
        resource: resource.id,
        from: from?.name ?? null,
        to: to?.name ?? null,
        reason,
      })),
      actions: graph.synapses.map(({ action, inputs }) => describeAction(action, inputs)),
    },
    scores: [...scores.lines()].map(({ resource, node, score }) => ({
      resource,
      node: node?.name ?? null,
      score: formatScore(score),
    })),
  };
}

function describeAction(action: Action, inputs: readonly Action[]): DescribedAction {
  return {
    id: action.id,
    key: action.key,
    task: action.task,
    resource: action.resource?.id ?? null,
    node: action.node?.name ?? null,
    pseudo: action.pseudo,
    reason: action.reason ?? null,
    inputs: inputs.map(({ id }) => id),
  };
}

/** Ids of the actions in the order in which they would be done, and of those that would wait for ever. */
export function describeExecution({ done, failed, stuck }: Execution) {
  const ids = (synapses: readonly Synapse[]) => synapses.map(({ action }) => action.id);
  return { order: ids(done), failed: failed?.synapse.action.id ?? null, stuck: ids(stuck) };
}
