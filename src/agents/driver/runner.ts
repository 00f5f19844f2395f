// Runs one operation of one agent on this machine and says what came of it.
import { accessSync, constants, existsSync } from 'node:fs';
import { unreachable } from '../../kit/index.ts';
import type { Agent } from '../agent.ts';
import { type FenceTarget, fenceInput, type Operation, ocfEnvironment, ocfRoot } from '../environment.ts';
import {
  answer,
  exitReasonOf,
  fenceReasonOf,
  type OcfCode,
  type Outcome,
  ocfCodeOf,
  ocfCodeOfFence,
  ocfCodeOfLsb,
} from '../outcome.ts';
import { type ChildRequest, type ChildResult, runChild } from './child.ts';
import { runSystemdUnit, type SystemdPlaces } from './systemd.ts';

/** Where agents are found; a test or a container may keep them elsewhere. */
export type AgentFolders = {
  readonly ocfRoot: string;
  readonly lsb: string;
  readonly fence: readonly string[];
  /** Programs that OCF agents find before all others, and as HA_SBIN_DIR; none when left out. */
  readonly tools?: string;
  /** The network namespace that agents run in; this thread's when left out. */
  readonly namespace?: string;
  /** Where systemd is met; where it always is when left out. */
  readonly systemd?: SystemdPlaces;
};

export const standardFolders: AgentFolders = {
  ocfRoot,
  lsb: '/etc/init.d',
  fence: ['/usr/sbin', '/usr/lib/stonith/agents', '/usr/local/sbin'],
};

export type RunningOperation = { readonly outcome: Promise<Outcome>; readonly pid: number | undefined; kill(): void };

const fixedEnvironment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

/** Starts the operation; its outcome never rejects. */
export function runOperation(agent: Agent, operation: Operation, folders = standardFolders): RunningOperation {
  const startedMs = performance.now();
  if (agent.class === 'systemd' || (agent.class === 'service' && !existsSync(`${folders.lsb}/${agent.type}`))) {
    return { ...runSystemdUnit(agent.type, operation, folders.systemd), pid: undefined };
  }
  if (isRemoteConnection(agent)) return finished(unconnected(operation));
  const path = agentPath(agent, folders);
  const missing = missingReason(path);
  if (missing !== undefined) return finished(notInstalled(missing));
  const request = childRequestOf(agent, path, operation, folders);
  const where = folders.namespace === undefined ? {} : { namespace: folders.namespace };
  const child = runChild({ ...request, ...where });
  const outcome = child.result.then((result) => outcomeOf(agent, operation, result, performance.now() - startedMs));
  return { outcome, pid: child.pid, kill: child.kill };
}

/** In Pacemaker no agent, but a connection that the controller makes; the file of this name only describes it. */
function isRemoteConnection(agent: Agent): boolean {
  return agent.class === 'ocf' && agent.provider === 'pacemaker' && agent.type === 'remote';
}

function unconnected({ action, resource }: Operation): Outcome {
  if (action === 'stop') return answer(0);
  if (action === 'monitor') return answer(7);
  return notInstalled(`Haven makes no connections to Pacemaker Remote, so nothing can run on '${resource}'`);
}

/** Runs a fence agent's action against a node (or `monitor`, `metadata`, `list` against the device itself). */
export function runFence(
  type: string,
  request: { action: string; timeoutMs: number; parameters: Readonly<Record<string, string>>; target?: FenceTarget },
  folders = standardFolders,
): RunningOperation {
  const startedMs = performance.now();
  const path = agentPath({ class: 'stonith', type }, folders);
  const missing = missingReason(path);
  if (missing !== undefined) return finished(notInstalled(missing));
  const child = runChild({
    argv: [path],
    environment: fixedEnvironment,
    timeoutMs: request.timeoutMs,
    input: fenceInput(request.action, request.parameters, request.target),
    ...(folders.namespace === undefined ? {} : { namespace: folders.namespace }),
  });
  const operation = { ...emptyOperation, action: request.action, timeoutMs: request.timeoutMs };
  const outcome = child.result.then((result) =>
    outcomeOf({ class: 'stonith', type }, operation, result, performance.now() - startedMs),
  );
  return { outcome, pid: child.pid, kill: child.kill };
}

const emptyOperation: Operation = { resource: '', action: '', intervalMs: 0, timeoutMs: 0, parameters: {}, meta: {} };

/** The file that would be run; for a fence agent the first folder that has it. */
export function agentPath(agent: Agent, folders: AgentFolders): string {
  switch (agent.class) {
    case 'ocf':
      return `${folders.ocfRoot}/resource.d/${agent.provider}/${agent.type}`;
    case 'lsb':
    case 'service':
    case 'systemd':
      return `${folders.lsb}/${agent.type}`;
    case 'stonith': {
      const found = folders.fence.map((folder) => `${folder}/${agent.type}`).find((path) => existsSync(path));
      return found ?? `${folders.fence[0]}/${agent.type}`;
    }
    default:
      return unreachable(agent);
  }
}

function childRequestOf(agent: Agent, path: string, operation: Operation, folders: AgentFolders): ChildRequest {
  const { timeoutMs } = operation;
  switch (agent.class) {
    case 'ocf': {
      const found = ocfEnvironment(agent, operation, folders.tools);
      const environment = { ...found, OCF_ROOT: folders.ocfRoot };
      return { argv: [path, operation.action], environment, timeoutMs };
    }
    case 'lsb':
    case 'service':
    case 'systemd': {
      const action = operation.action === 'monitor' ? 'status' : operation.action;
      return { argv: [path, action], environment: fixedEnvironment, timeoutMs };
    }
    case 'stonith': {
      const action = operation.action === 'start' || operation.action === 'monitor' ? 'monitor' : operation.action;
      const input = fenceInput(action, operation.parameters);
      return { argv: [path], environment: fixedEnvironment, timeoutMs, input };
    }
    default:
      return unreachable(agent);
  }
}

function outcomeOf(agent: Agent, operation: Operation, result: ChildResult, durationMs: number): Outcome {
  switch (result.kind) {
    case 'not-started':
      return { ...notInstalled(result.message), durationMs };
    case 'timeout': {
      const reason = exitReasonOf(result.errors) || `${operation.action} did not end within ${operation.timeoutMs} ms`;
      return { status: 'timeout', code: 1, reason, output: textOf(result), durationMs };
    }
    case 'signalled': {
      const reason = `killed by ${result.signal}`;
      return { status: 'error', code: 1, reason, output: textOf(result), durationMs };
    }
    case 'exited': {
      const code = codeOf(agent, operation.action, result.code);
      const reason = exitReasonOf(result.errors) || (code === 0 || code === 7 ? '' : complaintOf(agent, result.errors));
      return { status: 'done', code, reason, output: textOf(result), durationMs };
    }
    default:
      return unreachable(result);
  }
}

function codeOf(agent: Agent, action: string, exitCode: number): OcfCode {
  switch (agent.class) {
    case 'ocf':
      return ocfCodeOf(exitCode);
    case 'stonith':
      return ocfCodeOfFence(action, exitCode);
    default:
      return ocfCodeOfLsb(action, exitCode);
  }
}

function textOf(result: { readonly output: string; readonly errors: string }): string {
  return [result.output, result.errors].filter((text) => text !== '').join('');
}

/** Of an agent that gives no exit reason. */
function complaintOf(agent: Agent, errors: string): string {
  return agent.class === 'stonith' ? fenceReasonOf(errors) : (errors.trimEnd().split('\n').at(-1) ?? '');
}

function missingReason(path: string): string | undefined {
  try {
    accessSync(path, constants.X_OK);
    return undefined;
  } catch (thrown) {
    const denied = (thrown as NodeJS.ErrnoException).code === 'EACCES';
    return denied
      ? `${path} may not be executed: check its mode`
      : `${path} does not exist: install its package on this node`;
  }
}

function notInstalled(reason: string): Outcome {
  return { status: 'not-installed', code: 5, reason, output: '', durationMs: 0 };
}

function finished(outcome: Outcome): RunningOperation {
  return { outcome: Promise.resolve(outcome), pid: undefined, kill: () => {} };
}
