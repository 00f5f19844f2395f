// Runs fence agents against nodes and devices: which device can reach a node, shooting with delay, tries and a deadline.
// Which device is to be used, and what a failure means for the cluster, is decided elsewhere.
import { setTimeout as pause } from 'node:timers/promises';
import { err, ok, type Random, type Result } from '../../kit/index.ts';
import {
  agentActionOf,
  type FenceAction,
  type FenceDevice,
  fenceDelayMs,
  fenceTarget,
  fenceTimeoutMs,
  fenceTries,
  hostCheckOf,
  hostMapOf,
  listedPlugs,
  staticTargets,
  stepsOf,
} from '../fence/device.ts';
import type { AgentMetadata } from '../metadata.ts';
import { answer, type Outcome } from '../outcome.ts';
import { AgentCatalogue } from './catalogue.ts';
import { type AgentFolders, type RunningOperation, runFence, standardFolders } from './runner.ts';

export type FenceRequest = {
  readonly node: string;
  readonly action: 'reboot' | 'off' | 'on';
  /** For each run of the agent, where the device does not say otherwise; the delay comes on top. */
  readonly timeoutMs: number;
  /** `skip` for an administrator's order, and for every device of a topology level but the first. */
  readonly delay: 'apply' | 'skip';
};

export type FenceRun = { readonly outcome: Promise<Outcome>; kill(): void };

/** Whether a device reaches a node; the error says why that cannot be told. */
export type Reach = Result<'reaches' | 'does not reach', string>;

export class FenceRunner {
  readonly #folders: AgentFolders;
  readonly #catalogue: AgentCatalogue;
  readonly #random: Random;

  constructor(random: Random, folders: AgentFolders = standardFolders) {
    this.#random = random;
    this.#folders = folders;
    this.#catalogue = new AgentCatalogue(folders);
  }

  /** The nodes or plugs that the device names: configured ones, else what its agent lists; undefined for any node. */
  async targets(device: FenceDevice, timeoutMs: number): Promise<Result<readonly string[] | undefined, string>> {
    const metadata = await this.#metadata(device);
    if (!metadata.ok) return metadata;
    switch (hostCheckOf(device, metadata.value)) {
      case 'static-list':
        return ok(staticTargets(device));
      case 'dynamic-list': {
        const listed = await this.#list(device, timeoutMs);
        if (!listed.ok) return listed;
        const mapped = [...hostMapOf(device)].filter(([, plug]) => listed.value.has(plug)).map(([node]) => node);
        return ok([...new Set([...listed.value, ...mapped])]);
      }
      case 'status':
      case 'none':
        return ok(undefined);
    }
  }

  async reaches(device: FenceDevice, node: string, timeoutMs: number): Promise<Reach> {
    const metadata = await this.#metadata(device);
    if (!metadata.ok) return metadata;
    switch (hostCheckOf(device, metadata.value)) {
      case 'none':
        return ok('reaches');
      case 'static-list':
        return ok(staticTargets(device).includes(node) ? 'reaches' : 'does not reach');
      case 'dynamic-list': {
        const listed = await this.#list(device, timeoutMs);
        const plug = hostMapOf(device).get(node) ?? node;
        return listed.ok ? ok(listed.value.has(plug) ? 'reaches' : 'does not reach') : listed;
      }
      case 'status': {
        const { status, code, reason } = await this.status(device, node, timeoutMs);
        if (status !== 'done') return err(`'${device.id}' does not tell the status of ${node}: ${reason}`);
        // On or off, it knows the plug.
        return ok(code === 0 || code === 7 ? 'reaches' : 'does not reach');
      }
    }
  }

  /** The device itself: its start and its recurring monitor. */
  async monitor(device: FenceDevice, timeoutMs: number): Promise<Outcome> {
    return this.#attempt(device, 'monitor', timeoutMs, () => this.#runAgent(device, 'monitor', timeoutMs).outcome);
  }

  /** 0: the node's plug is on; 7: it is off. */
  async status(device: FenceDevice, node: string, timeoutMs: number): Promise<Outcome> {
    const metadata = await this.#metadata(device);
    if (!metadata.ok) return notInstalled(metadata.error);
    const target = fenceTarget(device, metadata.value, node);
    const run = () => {
      const parameters = device.parameters;
      const action = agentActionOf(device, 'status');
      const runMs = fenceTimeoutMs(device, 'status', timeoutMs);
      return runFence(device.type, { action, timeoutMs: runMs, parameters, target }, this.#folders).outcome;
    };
    return this.#attempt(device, 'status', timeoutMs, run);
  }

  /** Success is the agent's word that it is done. Killing a run ends its agent and tries no more. */
  fence(device: FenceDevice, request: FenceRequest): FenceRun {
    const ongoing: Ongoing = { stopped: new AbortController(), agent: undefined };
    const kill = () => {
      ongoing.stopped.abort();
      ongoing.agent?.kill();
    };
    const startedMs = performance.now();
    const outcome = this.#fence(device, request, ongoing).then((given) => {
      return { ...given, durationMs: performance.now() - startedMs };
    });
    return { outcome, kill };
  }

  async #fence(device: FenceDevice, request: FenceRequest, ongoing: Ongoing): Promise<Outcome> {
    const { node, action, timeoutMs, delay } = request;
    const metadata = await this.#metadata(device);
    if (!metadata.ok) return notInstalled(metadata.error);
    if (delay === 'apply' && action !== 'on') {
      const delayMs = fenceDelayMs(device, node, this.#random);
      // The rejection of an aborted wait is told by the signal itself.
      await pause(delayMs, undefined, { signal: ongoing.stopped.signal }).catch(() => {});
    }
    const target = fenceTarget(device, metadata.value, node);
    let outcome = answer(1, 'called off');
    for (const step of stepsOf(device, metadata.value, action)) {
      const runMs = fenceTimeoutMs(device, action, timeoutMs);
      const run = () => {
        const asked = { action: step, timeoutMs: runMs, parameters: device.parameters, target };
        ongoing.agent = runFence(device.type, asked, this.#folders);
        return ongoing.agent.outcome;
      };
      if (ongoing.stopped.signal.aborted) return answer(1, `fencing ${node} with '${device.id}' was called off`);
      const given = await this.#attempt(device, action, runMs, run, ongoing);
      // A node that is off has been fenced, whether or not it then comes on again.
      if (step === agentActionOf(device, 'on') && action === 'reboot' && given.code !== 0) {
        return { ...outcome, reason: `${node} is off, but did not come on again: ${given.reason}` };
      }
      outcome = given;
      if (outcome.code !== 0) return outcome;
    }
    return outcome;
  }

  /** Tries again within the time for one action, as often as the device says. */
  async #attempt(
    device: FenceDevice,
    action: FenceAction,
    timeoutMs: number,
    run: () => Promise<Outcome>,
    ongoing?: Ongoing,
  ): Promise<Outcome> {
    const deadlineMs = performance.now() + fenceTimeoutMs(device, action, timeoutMs);
    const tries = fenceTries(device, action);
    for (let tried = 1; ; tried++) {
      const outcome = await run();
      const settled = outcome.code === 0 || outcome.code === 7 || outcome.status !== 'done';
      const over = tried >= tries || performance.now() >= deadlineMs || ongoing?.stopped.signal.aborted === true;
      if (settled || over) return outcome;
    }
  }

  async #list(device: FenceDevice, timeoutMs: number): Promise<Result<ReadonlySet<string>, string>> {
    const { code, status, reason, output } = await this.#runAgent(device, 'list', timeoutMs).outcome;
    if (status === 'done' && code === 0) return ok(listedPlugs(output));
    return err(`'${device.id}' does not list its plugs: ${reason === '' ? `exit code ${code}` : reason}`);
  }

  #runAgent(device: FenceDevice, action: 'monitor' | 'list', timeoutMs: number): RunningOperation {
    const asked = agentActionOf(device, action);
    const runMs = fenceTimeoutMs(device, action, timeoutMs);
    return runFence(device.type, { action: asked, timeoutMs: runMs, parameters: device.parameters }, this.#folders);
  }

  #metadata(device: FenceDevice): Promise<Result<AgentMetadata, string>> {
    return this.#catalogue.metadata({ class: 'stonith', type: device.type });
  }
}

type Ongoing = { readonly stopped: AbortController; agent: RunningOperation | undefined };

function notInstalled(reason: string): Outcome {
  return { ...answer(5, reason), status: 'not-installed' };
}
