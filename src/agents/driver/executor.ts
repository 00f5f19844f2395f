// Drives the pure executor: runs what it says with real agents, and hands every reported outcome to the node's daemon.
import { availableParallelism } from 'node:os';
import type { HeldAddress } from '../../guardian/index.ts';
import { type Logger, Random } from '../../kit/index.ts';
import type { Agent } from '../agent.ts';
import {
  type BuiltinAgent,
  type BuiltinName,
  type BuiltinRun,
  builtinOf,
  type FastAgents,
  type Fate,
  isAddressAgent,
  type LapseEnd,
} from '../builtin.ts';
import {
  type ExecutorEffect,
  type ExecutorEvent,
  type ExecutorState,
  executor,
  nextDeadline,
  type Request,
  step,
} from '../executor.ts';
import { agentOf, agentText, type Order, operationOf } from '../order.ts';
import { answer, type Outcome } from '../outcome.ts';
import { FenceDeviceAgent } from './builtin/fence-device.ts';
import { AddressAgent } from './builtin/ip.ts';
import { ProcessAgent } from './builtin/process.ts';
import { FenceRunner } from './fencing.ts';
import { expectedAddress, presentAddress } from './held.ts';
import { type AgentFolders, runOperation, standardFolders } from './runner.ts';
import { type AgentOperation, isAbsent, type Started, StartedWith } from './started.ts';

export type ExecutionReport<Asked extends Order> = {
  readonly callId: number;
  readonly order: Asked;
  readonly outcome: Outcome;
  /** What a probe found running, where that is not what it was asked for: what was started here before. */
  readonly found?: Started;
  /** Wall clock, milliseconds since 1970: when this run began. */
  readonly startedAtMs: number;
  /** How long it was due and waited for others, and how long it then ran. */
  readonly queueMs: number;
  readonly execMs: number;
};

export type NodeExecutorOptions<Asked extends Order> = {
  readonly logger: Logger;
  /** Every one-shot result, every change of a recurring one, every failure noticed, every cancellation. */
  readonly onReport: (report: ExecutionReport<Asked>) => void;
  /** The addresses that this node's resources hold, whenever that changes: the guardian's pledge. */
  readonly onAddresses?: (addresses: readonly HeldAddress[]) => void;
  /** Asked when an address is gone that nobody ordered away; left out: it is lost. */
  readonly fateOfTaken?: () => Fate;
  /** A lapse of the lease took its address: it is to be looked at. `started`: as what it was started. */
  readonly onGivenUp?: (resource: string, started: Started) => void;
  /** node-action-limit; twice the processors when left out. */
  readonly runsMax?: number;
  readonly fastAgents?: FastAgents;
  readonly folders?: AgentFolders;
  /** Where built-in agents keep what outlives the daemon. */
  readonly stateFolder?: string;
};

export type RunningSummary = {
  readonly callId: number;
  readonly resource: string;
  readonly action: string;
  readonly intervalMs: number;
  /** So far. */
  readonly execMs: number;
};

type Run = {
  readonly request: Request;
  /** As it is carried out, which may change while it runs. */
  asked: AgentOperation;
  readonly startedMs: number;
  readonly startedAtMs: number;
  readonly queueMs: number;
  kill: () => void;
};

const timerMsMax = 2 ** 31 - 1;
const stateFolderDefault = '/run/haven/agents';
const killWaitMs = 1000;

export class NodeExecutor<Asked extends Order = Order> {
  readonly #options: NodeExecutorOptions<Asked>;
  readonly #folders: AgentFolders;
  readonly #orders = new Map<number, Asked>();
  readonly #runs = new Map<number, Run>();
  readonly #held = new Map<string, HeldAddress>();
  /** Resources of programs whose monitor found what a lapse of the lease took, before it was known how that ends. */
  readonly #missed = new Set<string>();
  readonly #builtins = new Map<BuiltinName, BuiltinAgent>();
  readonly #fenceDevices: FenceDeviceAgent;
  readonly #startedWith: StartedWith;
  #state: ExecutorState;
  #fastAgents: FastAgents;
  #nextCallId = 1;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #idle = () => {};

  constructor(options: NodeExecutorOptions<Asked>) {
    this.#options = options;
    this.#folders = options.folders ?? standardFolders;
    this.#fastAgents = options.fastAgents ?? 'keep';
    // A monitor draws no delay: the seed does not matter.
    this.#fenceDevices = new FenceDeviceAgent(new FenceRunner(new Random(0), this.#folders));
    this.#startedWith = new StartedWith(options.stateFolder ?? stateFolderDefault, options.logger);
    this.#state = executor(options.runsMax ?? 2 * availableParallelism());
  }

  /**
   * Opens what a takeover needs and goes its way once without changing anything, at the daemon's start: the first
   * takeover is not to be the slowest. Throws a `CommandFailure` when the kernel refuses.
   */
  prepare(): void {
    this.#builtinFor({ class: 'ocf', provider: 'haven', type: 'ip' });
  }

  /** Takes an order; its result comes by `onReport`, never before this returns. Answers the call id. */
  execute(order: Asked): number {
    return this.#accept(order, undefined);
  }

  /**
   * After a restart of the daemon: a recurring operation goes on. A result equal to `knownCode` is no news and is not
   * reported; a failure since then is.
   */
  resume(order: Asked, knownCode: number): number {
    const agent = agentOf(order);
    if (agent !== undefined && isAddressAgent(agent)) this.#holdAsKernelHas(order.resource.id, order.parameters);
    return this.#accept(order, knownCode);
  }

  /** Ends a recurring operation. False when there is none such; else its cancellation is reported. */
  cancel(which: { readonly resource: string; readonly operation: string; readonly intervalMs: number }): boolean {
    const { resource, operation, intervalMs } = which;
    const effects = this.#step({ kind: 'cancel', nowMs: performance.now(), resource, action: operation, intervalMs });
    return effects.some(({ kind }) => kind === 'cancelled');
  }

  /** The cluster property fast-agents, which may change at any time: either agent can stop what the other started. */
  setFastAgents(fastAgents: FastAgents): void {
    this.#fastAgents = fastAgents;
  }

  /** node-action-limit */
  setRunsMax(runsMax: number): void {
    this.#state = { ...this.#state, runsMax };
    this.#step({ kind: 'tick', nowMs: performance.now() });
  }

  /** What was started on this machine since its boot, or found running, and not stopped; also by daemons before this one. */
  started(): ReadonlyMap<string, Started> {
    return this.#startedWith.all();
  }

  /** What runs now. */
  running(): RunningSummary[] {
    const nowMs = performance.now();
    return [...this.#runs.values()].map(({ request: { callId, operation }, startedMs }) => {
      const { resource, action, intervalMs } = operation;
      return { callId, resource, action, intervalMs, execMs: nowMs - startedMs };
    });
  }

  /** How many operations are due or will be, recurring ones included. */
  waiting(): number {
    return this.#state.waiting.length;
  }

  /** The addresses that the guardian has to take down should the daemon die. */
  pledge(): HeldAddress[] {
    return [...this.#held.values()];
  }

  /** Announces every built-in address again: after a partition has healed. */
  announce(): void {
    const agent = this.#builtins.get('ip');
    if (agent instanceof AddressAgent) agent.announce();
  }

  /** Decides on the addresses that were taken off for a lapse of the lease. */
  settleTaken(end: LapseEnd): void {
    const agent = this.#builtins.get('ip');
    if (agent instanceof AddressAgent) agent.settleTaken(end);
    // No program puts one back by itself.
    const taken = new Set([...this.#missed, ...this.#takenFromPrograms()]);
    this.#missed.clear();
    for (const resource of taken) this.#giveUp(resource);
  }

  #takenFromPrograms(): string[] {
    const started = this.started();
    return [...this.#held.keys()].filter((resource) => {
      const found = started.get(resource);
      if (found === undefined || builtinOf(found.agent, this.#fastAgents) !== undefined) return false;
      return presentAddress(found.parameters, this.#folders.namespace) === undefined;
    });
  }

  /** Nothing recurs for it any more, and what it is now is to be found out. */
  #giveUp(resource: string): void {
    const agent = this.#builtins.get('ip');
    if (agent instanceof AddressAgent) agent.giveUp(resource);
    this.#hold(resource, undefined);
    const recurring = [...this.#orders.values()].filter(
      (order) => order.intervalMs > 0 && order.resource.id === resource,
    );
    for (const { operation, intervalMs } of recurring) this.cancel({ resource, operation, intervalMs });
    const started = this.started().get(resource);
    if (started !== undefined) this.#options.onGivenUp?.(resource, started);
  }

  /**
   * Starts nothing any more, waits for what runs to `graceMs` and kills the rest. Resources stay as they are: to stop
   * them is the cluster's decision, made before.
   */
  async close(graceMs: number): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    if (this.#runs.size > 0) await this.#drain(graceMs);
    for (const builtin of this.#builtins.values()) builtin.close();
  }

  async #drain(graceMs: number): Promise<void> {
    let giveUp: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => {
      this.#idle = resolve;
      giveUp = setTimeout(() => {
        for (const run of this.#runs.values()) run.kill();
        // What cannot be killed (a job of systemd, a process in the kernel's hands) is not waited for.
        giveUp = setTimeout(resolve, killWaitMs);
      }, graceMs);
    });
    await over;
    clearTimeout(giveUp);
  }

  #accept(order: Asked, knownCode: number | undefined): number {
    const callId = this.#nextCallId++;
    this.#orders.set(callId, order);
    // In a turn of its own: the caller knows the call id before any report bears it.
    queueMicrotask(() => {
      const agent = agentOf(order);
      if (agent === undefined) return this.#refuse(callId, order);
      const known = knownCode === undefined ? {} : { knownCode };
      const request: Request = {
        callId,
        agent,
        operation: operationOf(order),
        startDelayMs: order.startDelayMs,
        ...known,
      };
      this.#step({ kind: 'request', nowMs: performance.now(), request });
    });
    return callId;
  }

  #refuse(callId: number, { resource }: Order): void {
    const outcome: Outcome = { ...answer(5, `'${agentText(resource)}' names no agent`), status: 'not-installed' };
    this.#report(callId, outcome, { startedAtMs: Date.now(), queueMs: 0, execMs: 0 });
    this.#orders.delete(callId);
  }

  #step(event: ExecutorEvent): readonly ExecutorEffect[] {
    if (this.#closed) return [];
    const { state, effects } = step(this.#state, event);
    this.#state = state;
    for (const effect of effects) this.#carryOut(effect);
    this.#arm();
    return effects;
  }

  /** Reports of an ended run are made by `#finish`, which knows its times. */
  #carryOut(effect: ExecutorEffect): void {
    switch (effect.kind) {
      case 'run':
        return this.#run(effect);
      case 'cancelled': {
        const outcome: Outcome = { ...answer(193, 'cancelled'), status: 'cancelled' };
        this.#report(effect.request.callId, outcome, { startedAtMs: Date.now(), queueMs: 0, execMs: 0 });
        this.#orders.delete(effect.request.callId);
        return;
      }
      case 'kill':
        return this.#runs.get(effect.runId)?.kill();
      case 'report':
        return;
    }
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const dueMs = nextDeadline(this.#state);
    if (dueMs === undefined) return;
    // A timer may come a fraction of a millisecond early; the machine then just names the same deadline again.
    const delayMs = Math.min(timerMsMax, Math.max(0, Math.ceil(dueMs - performance.now())));
    this.#timer = setTimeout(() => this.#step({ kind: 'tick', nowMs: performance.now() }), delayMs);
  }

  #run({ runId, request, queueMs }: Extract<ExecutorEffect, { kind: 'run' }>): void {
    const asked = this.#startedWith.asStarted(request);
    const [startedMs, startedAtMs] = [performance.now(), Date.now()];
    const run: Run = { request, asked, startedMs, startedAtMs, queueMs, kill: () => {} };
    this.#runs.set(runId, run);
    void this.#carry(run).then((outcome) => this.#finish(runId, outcome));
  }

  /** A probe looks for what was started here first: parameters, even the agent, may have changed since. */
  async #carry(run: Run): Promise<Outcome> {
    const { asked } = run;
    const earlier = this.#startedWith.beforeProbing(asked);
    if (earlier !== undefined) {
      const outcome = await this.#let(run, earlier);
      if (!isAbsent(outcome) || this.#closed) return outcome;
      this.#startedWith.ended(earlier, outcome);
    }
    return this.#startedWith.afterStopping(asked, await this.#let(run, asked));
  }

  #let(run: Run, asked: AgentOperation): Promise<Outcome> {
    this.#beforehand(asked);
    const { outcome, kill } = this.#begin(asked);
    run.asked = asked;
    run.kill = kill;
    return outcome;
  }

  #begin({ agent, operation }: AgentOperation): BuiltinRun {
    if (agent.class === 'stonith') return this.#fenceDevices.run(agent.type, operation);
    try {
      return this.#builtinFor(agent)?.run(operation) ?? runOperation(agent, operation, this.#folders);
    } catch (thrown) {
      // The kernel refuses the built-in agent its sockets: this operation fails, and the next may not.
      return { outcome: Promise.resolve(answer(4, (thrown as Error).message)), kill: () => {} };
    }
  }

  #finish(runId: number, outcome: Outcome): void {
    const run = this.#runs.get(runId);
    if (run === undefined) return;
    this.#runs.delete(runId);
    const { request, asked, startedMs, startedAtMs, queueMs } = run;
    this.#startedWith.ended(asked, outcome);
    this.#afterwards(asked, outcome);
    const nowMs = performance.now();
    const found = asked === request || asked.operation.action === 'stop' ? {} : { found: startedOf(asked) };
    if (this.#closed) {
      // The result of a change still counts; that of a monitor may only tell that it was killed.
      if (request.operation.intervalMs === 0)
        this.#report(request.callId, outcome, { ...found, startedAtMs, queueMs, execMs: nowMs - startedMs });
      if (this.#runs.size === 0) this.#idle();
      return;
    }
    const finished = { kind: 'finished', nowMs, runId, outcome } as const;
    const isNews = step(this.#state, finished).effects.some(({ kind }) => kind === 'report');
    const passing = isNews && this.#isOfLapse(request, outcome);
    const { state, effects } = step(this.#state, { ...finished, passing });
    this.#state = state;
    const report = effects.find((effect) => effect.kind === 'report');
    if (report !== undefined)
      this.#report(request.callId, report.outcome, { ...found, startedAtMs, queueMs, execMs: nowMs - startedMs });
    if (request.operation.intervalMs === 0) this.#orders.delete(request.callId);
    for (const effect of effects) this.#carryOut(effect);
    this.#arm();
  }

  /** Whether a monitor has only found what a lapse of the lease took off: that is settled when it is known how the lapse ends. */
  #isOfLapse({ agent, operation: { action, intervalMs, resource } }: Request, { code }: Outcome): boolean {
    const isMissed = (action === 'monitor' || action === 'status') && intervalMs > 0 && code === 7;
    if (!isMissed || !isAddressAgent(agent)) return false;
    const fate = this.#fateOfTaken();
    if (fate === 'lost') return false;
    if (fate !== 'undecided') queueMicrotask(() => this.#giveUp(resource));
    else if (builtinOf(agent, this.#fastAgents) === undefined) this.#missed.add(resource);
    return true;
  }

  /** Gives up what is starting, or waits to: the right to it is gone. It is reported as failed for this reason. */
  revoke(reason: string): void {
    for (const effect of this.#step({ kind: 'revoke', nowMs: performance.now(), reason })) {
      if (effect.kind !== 'report') continue;
      this.#report(effect.request.callId, effect.outcome, { startedAtMs: Date.now(), queueMs: 0, execMs: 0 });
      this.#orders.delete(effect.request.callId);
    }
  }

  #notice(resource: string, outcome: Outcome): void {
    const nowMs = performance.now();
    const effects = this.#step({ kind: 'noticed', nowMs, resource, outcome });
    const report = effects.find((effect) => effect.kind === 'report');
    if (report === undefined) {
      this.#options.logger.warning(`${resource}: ${outcome.reason}`);
      return;
    }
    this.#report(report.request.callId, outcome, { startedAtMs: Date.now(), queueMs: 0, execMs: 0 });
  }

  #report(
    callId: number,
    outcome: Outcome,
    rest: Pick<ExecutionReport<Asked>, 'found' | 'startedAtMs' | 'queueMs' | 'execMs'>,
  ): void {
    const order = this.#orders.get(callId);
    if (order !== undefined) this.#options.onReport({ callId, order, outcome, ...rest });
  }

  #fateOfTaken(): Fate {
    return this.#options.fateOfTaken?.() ?? 'lost';
  }

  #builtinFor(agent: Agent): BuiltinAgent | undefined {
    const name = builtinOf(agent, this.#fastAgents);
    if (name === undefined) return undefined;
    const known = this.#builtins.get(name);
    if (known !== undefined) return known;
    const { namespace } = this.#folders;
    const around = {
      logger: this.#options.logger,
      onFailure: (resource: string, outcome: Outcome) => this.#notice(resource, outcome),
      onHeld: (resource: string, held: HeldAddress | undefined) => this.#hold(resource, held),
      fateOfTaken: () => this.#fateOfTaken(),
      onGivenUp: (resource: string) => this.#giveUp(resource),
      stateFolder: this.#options.stateFolder ?? stateFolderDefault,
      ...(namespace === undefined ? {} : { namespace }),
    };
    const made = name === 'ip' ? new AddressAgent(around) : new ProcessAgent(around);
    this.#builtins.set(name, made);
    return made;
  }

  /** A program's address is on the network before its start answers: where it goes is worked out beforehand. */
  #beforehand({ agent, operation }: AgentOperation): void {
    const { action, resource, parameters } = operation;
    if (action !== 'start' || !isAddressAgent(agent) || builtinOf(agent, this.#fastAgents) !== undefined) return;
    const expected = expectedAddress(parameters, this.#folders.namespace);
    if (expected !== undefined) this.#hold(resource, expected);
  }

  #afterwards({ agent, operation }: AgentOperation, outcome: Outcome): void {
    const { action, resource, parameters } = operation;
    if (!isAddressAgent(agent) || builtinOf(agent, this.#fastAgents) !== undefined) return;
    const isMonitor = action === 'monitor' || action === 'status';
    if (outcome.code === 0 && (action === 'start' || isMonitor)) return this.#holdAsKernelHas(resource, parameters);
    const isGone = (action === 'stop' && outcome.code === 0) || (isMonitor && outcome.code === 7);
    if (isGone) this.#hold(resource, undefined);
  }

  #holdAsKernelHas(resource: string, parameters: Readonly<Record<string, string>>): void {
    const held = presentAddress(parameters, this.#folders.namespace);
    if (held !== undefined) this.#hold(resource, held);
  }

  #hold(resource: string, held: HeldAddress | undefined): void {
    const before = this.#held.get(resource);
    if (JSON.stringify(before) === JSON.stringify(held)) return;
    if (held === undefined) this.#held.delete(resource);
    else this.#held.set(resource, held);
    this.#options.onAddresses?.(this.pledge());
  }
}

function startedOf({ agent, operation: { parameters } }: AgentOperation): Started {
  return { agent, parameters };
}
