// The fencer: gets a node out of the way for certain, by one device after another, and says whether it worked.
//
// An operation goes through its levels; at each level every device has to succeed. A device is tried as often as it is
// allowed to fail, each time from another of the nodes that may run it, never from the target itself. A reboot by
// several devices together is off with all, then on with all: else the first supply would be back before the second is
// gone (Pacemaker Explained, "Fencing Topologies"). Requests for what is under way already join it.
import { assert, Random } from '../../kit/index.ts';
import type { NodeName } from '../document/status.ts';
import type { FencingOrder } from '../message.ts';
import type { FenceAction } from '../transition/task.ts';
import { type FenceDevice, type Trial, trialOf } from './device.ts';
import type { FencingLevels } from './topology.ts';

export type FencingRequest = {
  readonly target: NodeName;
  readonly action: FenceAction;
  /** Names the request in its answer: a transition key, or an administrator's request. */
  readonly request: string;
  readonly by: string;
  readonly delayMs: number;
  readonly devices: readonly FenceDevice[];
  readonly levels: FencingLevels;
  /** stonith-timeout: what a device gets that has no timeout of its own. */
  readonly timeoutMs: number;
  /** After this a node that has a watchdog has shot itself; 0: it has none. */
  readonly watchdogMs: number;
};

export type FencerEvent = { readonly nowMs: number } & (
  | ({ readonly kind: 'request' } & FencingRequest)
  /** Every member heard the order: whoever is to carry it out is at it. */
  | { readonly kind: 'ordered'; readonly attempt: string }
  | { readonly kind: 'answered'; readonly attempt: string; readonly failure: string | undefined }
  /** An administrator saw to it, and vouches that the node is down. */
  | { readonly kind: 'confirmed-by-hand'; readonly target: string; readonly by: string }
  | { readonly kind: 'node-gone'; readonly node: string }
  | { readonly kind: 'tick' }
);

export type FencerEffect =
  | { readonly kind: 'attempt'; readonly order: FencingOrder }
  | {
      readonly kind: 'ended';
      readonly target: NodeName;
      readonly action: FenceAction;
      readonly requests: readonly string[];
      readonly by: string;
      /** Which device, or who, did it; the last one tried where it failed. */
      readonly device: string;
      /** Undefined: it worked. */
      readonly failure: string | undefined;
    };

export type FencerState = {
  readonly operations: readonly FencingOperation[];
  readonly attempts: number;
  /** Names the attempts among those of other terms. */
  readonly term: string;
};

type Stage = { readonly device: string; readonly action: FenceAction; readonly mayFail: boolean };

export type FencingOperation = Omit<FencingRequest, 'request'> & {
  readonly requests: readonly string[];
  readonly level: number;
  readonly stages: readonly Stage[];
  readonly stage: number;
  /** Of the present stage. */
  readonly tries: number;
  /** Waits until then, for a delay or for an answer. */
  readonly dueMs: number;
  readonly waitsFor: 'delay' | 'answer' | 'watchdog';
  /** The present attempt, and whose it is; undefined before the first. */
  readonly order: FencingOrder | undefined;
  /** Whether this node heard it in the order of messages. */
  readonly ordered: boolean;
  readonly failures: readonly string[];
};

export type FencerStep = { readonly state: FencerState; readonly effects: readonly FencerEffect[] };

/** Beyond the agent's own timeout, for the way there and back. */
const answerMarginMs = 5_000;
/** An agent that cannot reboot is run twice: off, then on. */
const runsMax = 2;
const watchdogDevice = 'watchdog';

export function fencer(term: string): FencerState {
  return { operations: [], attempts: 0, term };
}

/**
 * After a change of the membership, where the same node goes on coordinating: what has begun is carried through, because a
 * second shot would hit a node that is coming up; what only waits, or was ordered in vain while the members greeted each
 * other, is dropped, because the node may be back. The orders of what is carried through are to be said again (`again`): who
 * was to carry one out may have been in another ring when it was heard here. One that has booted since (`returned`, names)
 * was down in between: that is the end of its fencing, and a late answer says nothing of it. A node whose daemon alone is new
 * still runs what it ran, and is fenced.
 */
export function carriedOver(
  { operations, attempts }: FencerState,
  { term, returned }: { readonly term: string; readonly returned: ReadonlySet<string> },
): {
  readonly state: FencerState;
  readonly over: readonly FencingOperation[];
  readonly again: readonly FencingOrder[];
} {
  const begun = operations.filter(({ waitsFor, ordered }) => waitsFor === 'answer' && ordered);
  const isOver = ({ target, action }: FencingOperation) => action !== 'on' && returned.has(target.name);
  const left = begun.filter((operation) => !isOver(operation));
  return {
    state: { operations: left, attempts, term },
    over: begun.filter(isOver),
    again: left.flatMap(({ order }) => order ?? []),
  };
}

export function step(state: FencerState, event: FencerEvent): FencerStep {
  const run = new FencerRun(state, event.nowMs);
  run.handle(event);
  return { state: run.state, effects: run.effects };
}

export function nextDeadline({ operations }: FencerState): number | undefined {
  return operations.length === 0 ? undefined : Math.min(...operations.map(({ dueMs }) => dueMs));
}

export function invariants({ operations }: FencerState): void {
  const subjects = operations.map(({ target, action }) => `${action} ${target.name}`);
  assert(new Set(subjects).size === subjects.length, 'nothing is fenced twice at the same time');
  for (const { order, target, action, waitsFor } of operations) {
    assert(
      waitsFor !== 'answer' || order?.node !== target.name || action === 'on',
      `${target.name} is not to fence itself`,
    );
  }
}

class FencerRun {
  state: FencerState;
  readonly effects: FencerEffect[] = [];
  readonly #nowMs: number;

  constructor(state: FencerState, nowMs: number) {
    this.state = state;
    this.#nowMs = nowMs;
  }

  handle(event: FencerEvent): void {
    switch (event.kind) {
      case 'request':
        return this.#request(event);
      case 'ordered': {
        const operation = this.#find((each) => each.order?.attempt === event.attempt);
        return operation === undefined ? undefined : this.#put({ ...operation, ordered: true });
      }
      case 'answered': {
        const operation = this.#find((each) => each.waitsFor === 'answer' && each.order?.attempt === event.attempt);
        return operation === undefined ? undefined : this.#answered(operation, event.failure);
      }
      case 'confirmed-by-hand':
        for (const operation of this.state.operations) {
          if (operation.target.name === event.target) this.#end(operation, `confirmed by ${event.by}`, undefined);
        }
        return;
      case 'node-gone':
        for (const operation of this.state.operations) {
          if (operation.waitsFor !== 'answer' || operation.order?.node !== event.node) continue;
          this.#answered(operation, `${event.node} is gone`);
        }
        return;
      case 'tick':
        for (const operation of this.state.operations) if (operation.dueMs <= this.#nowMs) this.#due(operation);
    }
  }

  #find(matches: (operation: FencingOperation) => boolean): FencingOperation | undefined {
    return this.state.operations.find(matches);
  }

  #put(operation: FencingOperation): void {
    const others = this.state.operations.filter((each) => !isSame(each, operation));
    this.state = { ...this.state, operations: [...others, operation] };
  }

  #request({ request, ...rest }: FencingRequest): void {
    const known = this.#find((each) => isSame(each, rest));
    if (known !== undefined) return this.#put({ ...known, requests: [...known.requests, request] });
    this.#enterLevel({
      ...rest,
      requests: [request],
      level: 0,
      stages: [],
      stage: 0,
      tries: 0,
      dueMs: this.#nowMs,
      waitsFor: 'delay',
      order: undefined,
      ordered: false,
      failures: [],
    });
  }

  #enterLevel(operation: FencingOperation): void {
    const devices = operation.levels[operation.level];
    if (devices === undefined) return this.#resort(operation);
    const stages = stagesOf(devices, operation.action);
    this.#enterStage({ ...operation, stages, stage: 0 });
  }

  /** No device is left. A node whose watchdog bites is down by itself after a while. */
  #resort(operation: FencingOperation): void {
    const { watchdogMs, action, failures } = operation;
    if (watchdogMs > 0 && action !== 'on') {
      return this.#put({ ...operation, waitsFor: 'watchdog', dueMs: this.#nowMs + watchdogMs });
    }
    const last = operation.levels.at(-1)?.at(-1) ?? '';
    this.#end(operation, last, failures.length === 0 ? 'no device can fence it' : failures.join('; '));
  }

  #enterStage(operation: FencingOperation): void {
    const stage = operation.stages[operation.stage];
    if (stage === undefined) {
      return this.#end(operation, operation.levels[operation.level]?.join(', ') ?? '', undefined);
    }
    const device = deviceOf(operation, stage);
    const fresh = { ...operation, tries: 0 };
    if (device === undefined) return this.#stageFailed(fresh, `${stage.device} is not configured, or switched off`);
    const wanted = trial(fresh, stage, device);
    // Only the first device waits: a delay decides who shoots first, and that is over then.
    const first = operation.level === 0 && operation.stage === 0 && stage.action !== 'on';
    const delayMs = first ? this.#delay(fresh, wanted) : 0;
    const waiting: FencingOperation = { ...fresh, waitsFor: 'delay', dueMs: this.#nowMs + delayMs };
    this.#put(waiting);
    if (delayMs === 0) this.#try(waiting);
  }

  /** Random between the bounds, so that two nodes that fence each other do not both succeed. */
  #delay(operation: FencingOperation, { delayBaseMs, delayMaxMs }: Trial): number {
    const random = new Random(`${this.state.term}/${operation.target.name}/${operation.requests[0]}`);
    return operation.delayMs + random.between(delayBaseMs, delayMaxMs);
  }

  #try(operation: FencingOperation): void {
    const stage = operation.stages[operation.stage];
    const device = stage === undefined ? undefined : deviceOf(operation, stage);
    if (stage === undefined || device === undefined) return;
    const hosts = device.hosts.filter(({ name }) => stage.action === 'on' || name !== operation.target.name);
    const host = hosts[operation.tries % Math.max(1, hosts.length)];
    if (host === undefined) return this.#stageFailed(operation, `no node here may run ${device.id}`);
    const { timeoutMs } = trial(operation, stage, device);
    const attempt = `${this.state.term}/${this.state.attempts}`;
    this.state = { ...this.state, attempts: this.state.attempts + 1 };
    const { id, agent } = device;
    // Tries are counted here, across nodes: the node itself makes one.
    const parameters = { ...device.parameters, [`pcmk_${stage.action}_retries`]: '1' };
    const { name: target } = operation.target;
    const order = {
      attempt,
      node: host.name,
      target,
      action: stage.action,
      timeoutMs,
      device: { id, agent, parameters },
    };
    this.#put({
      ...operation,
      tries: operation.tries + 1,
      order,
      ordered: false,
      waitsFor: 'answer',
      dueMs: this.#nowMs + runsMax * timeoutMs + answerMarginMs,
    });
    this.effects.push({ kind: 'attempt', order });
  }

  #answered(operation: FencingOperation, failure: string | undefined): void {
    if (failure === undefined) return this.#enterStage({ ...operation, stage: operation.stage + 1 });
    const stage = operation.stages[operation.stage];
    const device = stage === undefined ? undefined : deviceOf(operation, stage);
    if (stage === undefined || device === undefined) return;
    const { attemptsMax } = trial(operation, stage, device);
    if (operation.tries < attemptsMax) return this.#try(operation);
    this.#stageFailed(operation, `${stage.device} on ${operation.order?.node}: ${failure}`);
  }

  #stageFailed(operation: FencingOperation, failure: string): void {
    const stage = operation.stages[operation.stage];
    if (stage?.mayFail === true) return this.#enterStage({ ...operation, stage: operation.stage + 1 });
    const failures = [...operation.failures, failure];
    this.#enterLevel({ ...operation, failures, level: operation.level + 1 });
  }

  #due(operation: FencingOperation): void {
    switch (operation.waitsFor) {
      case 'delay':
        return this.#try(operation);
      case 'answer':
        return this.#answered(operation, 'it did not answer in time');
      case 'watchdog':
        return this.#end(operation, watchdogDevice, undefined);
    }
  }

  #end(operation: FencingOperation, device: string, failure: string | undefined): void {
    this.state = { ...this.state, operations: this.state.operations.filter((each) => !isSame(each, operation)) };
    const { target, action, requests, by } = operation;
    this.effects.push({ kind: 'ended', target, action, requests, by, device, failure });
  }
}

type Subject = { readonly target: NodeName; readonly action: FenceAction };

function isSame(a: Subject, b: Subject): boolean {
  return a.target.id === b.target.id && a.action === b.action;
}

/** What the devices of a level do, in order. The node is down once all are off: that they come on again is a bonus. */
function stagesOf(devices: readonly string[], action: FenceAction): Stage[] {
  const together = (each: FenceAction, mayFail: boolean) =>
    devices.map((device) => ({ device, action: each, mayFail }));
  if (action !== 'reboot' || devices.length < 2) return together(action, false);
  return [...together('off', false), ...together('on', true)];
}

function deviceOf({ devices }: FencingOperation, stage: Stage): FenceDevice | undefined {
  return devices.find(({ id }) => id === stage.device);
}

function trial({ target, timeoutMs }: FencingOperation, stage: Stage, device: FenceDevice): Trial {
  return trialOf(device, stage.action, target.name, timeoutMs);
}
