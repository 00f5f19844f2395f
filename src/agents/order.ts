// What the cluster asks a node to run, put as an operation of an agent.
import { type Agent, parseAgent } from './agent.ts';
import type { Operation } from './environment.ts';

/** The controller's ExecutionOrder is one. */
export type Order = {
  readonly resource: {
    readonly id: string;
    readonly class: string;
    readonly provider: string | undefined;
    readonly type: string;
  };
  readonly operation: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly startDelayMs: number;
  readonly parameters: Readonly<Record<string, string>>;
  /** With or without the prefix `CRM_meta_`. */
  readonly meta: Readonly<Record<string, string>>;
};

/** Undefined when the names cannot be those of an agent. */
export function agentOf({ resource }: Order): Agent | undefined {
  const parsed = parseAgent(agentText(resource));
  return parsed.ok ? parsed.value : undefined;
}

export function agentText({ class: agentClass, provider, type }: Order['resource']): string {
  return [agentClass, provider, type].filter((part) => part !== undefined && part !== '').join(':');
}

export function operationOf(order: Order): Operation {
  const prefix = 'CRM_meta_';
  const meta = Object.entries(order.meta).map(([name, value]) => [
    name.startsWith(prefix) ? name.slice(prefix.length) : name,
    value,
  ]);
  return {
    resource: order.resource.id,
    action: order.operation,
    intervalMs: order.intervalMs,
    timeoutMs: order.timeoutMs,
    parameters: order.parameters,
    meta: Object.fromEntries(meta),
  };
}
