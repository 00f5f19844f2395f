// From a schedule to a transition: every action of the graph with all that is needed to carry it out.
import { intervalMsOf, parametersDigest } from '../../cib/index.ts';
import { assert, defined } from '../../kit/index.ts';
import {
  type Action,
  type ActionAttributes,
  agentNames,
  attributesOf,
  type Cluster,
  type ClusterNode,
  digestedParameters,
  elementOf,
  operationKeyOf,
  type Primitive,
  routerOf,
  type Schedule,
  type Synapse,
} from '../../scheduler/index.ts';
import type { NodeName } from '../document/status.ts';
import type { ExecutionOrder } from '../message.ts';
import { type FenceAction, formatTransitionKey, type Task, type Transition, type Work } from './task.ts';

export type TransitionName = {
  readonly number: number;
  readonly uuid: string;
  /** Wall clock, epoch seconds. */
  readonly nowSeconds: number;
};

/** The schedule may be dropped afterwards: the transition holds nothing of it. */
export function transitionOf(schedule: Pick<Schedule, 'cluster' | 'graph'>, name: TransitionName): Transition {
  const { cluster, graph } = schedule;
  const tasks = graph.synapses.map((synapse) => taskOf(cluster, synapse, name));
  return {
    number: name.number,
    uuid: name.uuid,
    tasks: tasks.map((task) => afterProbes(task, tasks)),
    limits: limitsOf(cluster),
    recheckBySeconds: cluster.recheckBy,
  };
}

/** A node does not go before it is known what runs there: a probe that finds something is a failure, and aborts. */
function afterProbes(task: Task, tasks: readonly Task[]): Task {
  const { work } = task;
  if (work.kind !== 'dismiss') return task;
  const probes = tasks.filter(({ work: other }) => isProbe(other) && other.node.id === work.node.id);
  return { ...task, inputs: [...new Set([...task.inputs, ...probes.map(({ id }) => id)])] };
}

function isProbe(work: Work): work is Extract<Work, { kind: 'execute' }> {
  return work.kind === 'execute' && work.order.operation === 'monitor' && work.order.intervalMs === 0;
}

/** Options that only the carrying out knows; defaults as in Pacemaker Explained, "Cluster Options". */
function limitsOf({ options }: Cluster): Transition['limits'] {
  const { batchLimit, migrationLimit, clusterDelayMs, configured } = options;
  return {
    tasksMax: batchLimit > 0 ? batchLimit : Number.POSITIVE_INFINITY,
    migrationsMax: migrationLimit > 0 ? migrationLimit : Number.POSITIVE_INFINITY,
    clusterDelayMs: clusterDelayMs > 0 ? clusterDelayMs : 60_000,
    dismissalMs: intervalMsOf(configured.get('shutdown-escalation') ?? '20min'),
  };
}

function taskOf(cluster: Cluster, { action, inputs, priority }: Synapse, name: TransitionName): Task {
  return {
    id: action.id,
    key: operationKeyOf(action),
    priority,
    inputs: inputs.map((input) => input.id),
    work: workOf(cluster, action, name),
  };
}

function workOf(cluster: Cluster, action: Action, name: TransitionName): Work {
  const { task } = action;
  const isMilestone = elementOf(action) === 'pseudo_event';
  if (isMilestone) {
    const gone = task === 'stonith' ? action.node : undefined;
    return gone === undefined ? { kind: 'milestone' } : { kind: 'guest-gone', target: nameOf(gone) };
  }
  const node = defined(action.node, `${action.key} is done somewhere`);
  const transitionKey = keyOf(action, name);
  switch (task) {
    case 'stonith':
      return {
        kind: 'fence',
        target: nameOf(node),
        action: (action.meta('stonith_action') ?? 'reboot') as FenceAction,
        delayMs: 1000 * Number(action.meta('priority-fencing-delay') ?? 0),
        transitionKey,
      };
    case 'do_shutdown':
      return { kind: 'dismiss', node: nameOf(node), transitionKey };
    case 'lrm_delete':
    case 'delete':
      return { kind: 'forget-history', node: nameOf(node), resource: recordedName(action) };
    case 'clear_failcount':
      return { kind: 'forget-failures', node: nameOf(node), resource: recordedName(action) };
    case 'cancel':
      return {
        kind: 'cancel',
        node: nameOf(node),
        via: viaOf(action, node),
        resource: recordedName(action),
        operation: action.meta('operation') ?? 'monitor',
        intervalMs: Number(action.meta('interval') ?? 0),
        transitionKey,
      };
    default:
      return {
        kind: 'execute',
        node: nameOf(node),
        via: viaOf(action, node),
        order: orderOf(cluster, action, { transitionKey, nowSeconds: name.nowSeconds }),
      };
  }
}

function keyOf(action: Action, { number, uuid }: TransitionName): string {
  return formatTransitionKey({ action: action.id, transition: number, expectedCode: expectedCodeOf(action), uuid });
}

function expectedCodeOf(action: Action): number {
  return Number(action.meta('op_target_rc') ?? 0);
}

function nameOf({ id, name }: ClusterNode): NodeName {
  return { id, name };
}

function viaOf(action: Action, node: ClusterNode): string {
  return routerOf(action)?.name ?? node.name;
}

/** The name under which the status section knows the resource. */
function recordedName(action: Action): string {
  return agentNames(primitiveOf(action)).id;
}

function primitiveOf({ resource, key }: Action): Primitive {
  assert(resource?.variant === 'primitive', `${key} is an operation of a primitive`);
  return resource;
}

const metaPrefix = 'CRM_meta_';

function orderOf(
  cluster: Cluster,
  action: Action,
  { transitionKey, nowSeconds }: { readonly transitionKey: string; readonly nowSeconds: number },
): ExecutionOrder {
  const { agent } = primitiveOf(action);
  const attributes = attributesOf(cluster, action);
  const { parameters, meta } = separated(attributes);
  return {
    transitionKey,
    operationKey: operationKeyOf(action),
    resource: { id: recordedName(action), class: agent.standard, provider: agent.provider, type: agent.type },
    operation: action.task,
    intervalMs: action.intervalMs,
    timeoutMs: Number(action.meta('timeout') ?? 20_000),
    startDelayMs: intervalMsOf(`${action.meta('start-delay') ?? 0}ms`),
    expectedCode: expectedCodeOf(action),
    parameters,
    meta,
    digest: parametersDigest(digestedParameters(attributes, action)),
    givenAtSeconds: nowSeconds,
  };
}

/** Parameters of the agent, and what the cluster tells it, the latter without its prefix. */
function separated({ values, numbered }: ActionAttributes) {
  const parameters: Record<string, string> = {};
  const meta: Record<string, string> = {};
  for (const [name, value] of [...values, ...numbered]) {
    if (name.startsWith(metaPrefix)) meta[name.slice(metaPrefix.length)] = value;
    else if (name !== 'crm_feature_set') parameters[name] = value;
  }
  return { parameters, meta };
}
