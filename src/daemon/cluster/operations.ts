// Orders of the cluster as operations of this machine's agents: the pure executor, and the runs it asks for.
import {
  type Agent,
  AgentCatalogue,
  type ExecutorEvent,
  type ExecutorRequest,
  executor,
  executorDeadline,
  type Outcome,
  parseAgent,
  runOperation,
  stepExecutor,
} from '../../agents/index.ts';
import type { AgentFacts, ExecutionOrder, OperationReport } from '../../controller/index.ts';
import { monotonicMs } from '../../linux/index.ts';

export type OperationsListener = {
  readonly report: (report: Omit<OperationReport, 'node'>) => void;
  readonly cancelled: (resource: string, operation: string, intervalMs: number) => void;
};

const noFacts: AgentFacts = { restartParameters: undefined, privateParameters: [] };

export class Operations {
  readonly #listener: OperationsListener;
  readonly #catalogue = new AgentCatalogue();
  readonly #orders = new Map<number, ExecutionOrder>();
  readonly #startedSeconds = new Map<number, number>();
  #state: ReturnType<typeof executor>;
  #timer: NodeJS.Timeout | undefined;
  #callId = 0;

  constructor(runsMax: number, listener: OperationsListener) {
    this.#state = executor(runsMax);
    this.#listener = listener;
  }

  execute(order: ExecutionOrder): void {
    const callId = ++this.#callId;
    this.#orders.set(callId, order);
    const { resource } = order;
    const text = [resource.class, resource.provider, resource.type].filter((part) => part !== undefined).join(':');
    const agent = parseAgent(text);
    if (!agent.ok) {
      return void this.#reportOf(order, {
        callId,
        outcome: { status: 'not-installed', code: 5, reason: agent.error, output: '', durationMs: 0 },
      });
    }
    this.#apply({ kind: 'request', nowMs: monotonicMs(), request: requestOf(callId, agent.value, order) });
  }

  cancel(resource: string, action: string, intervalMs: number): void {
    const before = this.#state;
    this.#apply({ kind: 'cancel', nowMs: monotonicMs(), resource, action, intervalMs });
    // What does not recur here is cancelled already.
    if (this.#state === before) this.#listener.cancelled(resource, action, intervalMs);
  }

  #apply(event: ExecutorEvent): void {
    const done = stepExecutor(this.#state, event);
    this.#state = done.state;
    for (const effect of done.effects) {
      switch (effect.kind) {
        case 'run':
          this.#run(effect.runId, effect.request);
          break;
        case 'report':
          this.#report(effect.request, effect.outcome);
          break;
        case 'cancelled': {
          const { resource, action, intervalMs } = effect.request.operation;
          this.#orders.delete(effect.request.callId);
          this.#listener.cancelled(resource, action, intervalMs);
        }
      }
    }
    this.#arm();
  }

  #run(runId: number, request: ExecutorRequest): void {
    this.#startedSeconds.set(request.callId, Math.floor(Date.now() / 1000));
    const running = runOperation(request.agent, request.operation);
    void running.outcome.then((outcome) => this.#apply({ kind: 'finished', nowMs: monotonicMs(), runId, outcome }));
  }

  #report(request: ExecutorRequest, outcome: Outcome): void {
    const order = this.#orders.get(request.callId);
    if (order === undefined) return;
    if (order.intervalMs === 0) this.#orders.delete(request.callId);
    void this.#reportOf(order, { callId: request.callId, outcome });
  }

  async #reportOf(
    order: ExecutionOrder,
    { callId, outcome }: { readonly callId: number; readonly outcome: Outcome },
  ): Promise<void> {
    const atSeconds = this.#startedSeconds.get(callId) ?? Math.floor(Date.now() / 1000);
    this.#listener.report({ order, outcome, callId, atSeconds, agent: await this.#facts(order) });
  }

  async #facts(order: ExecutionOrder): Promise<AgentFacts> {
    if (order.resource.class !== 'ocf' || order.operation !== 'start') return noFacts;
    const { provider = '', type } = order.resource;
    const metadata = await this.#catalogue.metadata({ class: 'ocf', provider, type });
    if (!metadata.ok) return noFacts;
    const reloads = metadata.value.actions.some((action) => action.name === 'reload-agent');
    const fixed = metadata.value.parameters.filter((parameter) => parameter.unique).map((parameter) => parameter.name);
    return { restartParameters: reloads ? fixed : undefined, privateParameters: [] };
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const due = executorDeadline(this.#state);
    if (due === undefined) return;
    this.#timer = setTimeout(
      () => this.#apply({ kind: 'tick', nowMs: monotonicMs() }),
      Math.max(0, Math.ceil(due - monotonicMs())),
    );
  }
}

function requestOf(callId: number, agent: Agent, order: ExecutionOrder): ExecutorRequest {
  const { operation: action, intervalMs, timeoutMs, parameters, meta, startDelayMs } = order;
  return {
    callId,
    agent,
    startDelayMs,
    operation: { resource: order.resource.id, action, intervalMs, timeoutMs, parameters, meta },
  };
}
