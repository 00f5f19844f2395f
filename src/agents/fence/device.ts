// A fence device as the cluster configures it: the parameters that begin with pcmk_ are the cluster's own, the others the
// agent's (Pacemaker Explained, "Special Meta-Attributes for Fencing Resources").
import { assert, parseDurationMs, type Random } from '../../kit/index.ts';
import type { FenceTarget } from '../environment.ts';
import type { AgentMetadata } from '../metadata.ts';

export type FenceDevice = {
  readonly id: string;
  /** The agent: `fence_ipmilan`. */
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
};

export type FenceAction = 'reboot' | 'off' | 'on' | 'status' | 'monitor' | 'list';

/** How it is found out whether a device can fence a node. */
export type HostCheck = 'static-list' | 'dynamic-list' | 'status' | 'none';

/** What `pcmk_<action>_retries` says when it is not set: the first try counts. */
const triesDefault = 2;
const triesMax = 100;

/** The value of pcmk_host_check, or what follows from the other parameters and the agent's actions. */
export function hostCheckOf({ parameters }: FenceDevice, metadata: AgentMetadata): HostCheck {
  const given = parameters.pcmk_host_check;
  if (given === 'static-list' || given === 'dynamic-list' || given === 'status' || given === 'none') return given;
  if (parameters.pcmk_host_list !== undefined || parameters.pcmk_host_map !== undefined) return 'static-list';
  const has = (name: string) => metadata.actions.some((action) => action.name === name);
  if (has('list')) return 'dynamic-list';
  return has('status') ? 'status' : 'none';
}

/** The plugs of each node: `pcmk_host_map="n1:1;n2:2,3"`; a node with several has them as `2,3`. */
export function hostMapOf({ parameters }: FenceDevice): ReadonlyMap<string, string> {
  return pairsOf(parameters.pcmk_host_map ?? '');
}

/** The nodes of pcmk_host_list and pcmk_host_map. */
export function staticTargets(device: FenceDevice): string[] {
  const listed = (device.parameters.pcmk_host_list ?? '').split(/[\s,;]+/).filter((name) => name !== '');
  return [...new Set([...listed, ...hostMapOf(device).keys()])];
}

/** The names in what the agent's `list` action printed: `plug`, `plug,alias` or `plug,alias,status`, a line each. */
export function listedPlugs(output: string): ReadonlySet<string> {
  return new Set(output.split(/[\s,;]+/).filter((name) => name !== ''));
}

/** How the agent is told which node is meant. */
export function fenceTarget(device: FenceDevice, metadata: AgentMetadata, node: string): FenceTarget {
  const plug = hostMapOf(device).get(node) ?? node;
  const given = device.parameters.pcmk_host_argument;
  if (given !== undefined && given !== '') return { node, argument: given, plug };
  const known = ['plug', 'port'].find((name) => metadata.parameters.some((parameter) => parameter.name === name));
  return { node, argument: known ?? 'none', plug };
}

/** What the agent is asked to do: `pcmk_reboot_action=off` turns a reboot into an off. */
export function agentActionOf({ parameters }: FenceDevice, action: FenceAction): string {
  return parameters[`pcmk_${action}_action`] || action;
}

/** An agent without `reboot` does `off` and then `on`. */
export function stepsOf(device: FenceDevice, metadata: AgentMetadata, action: FenceAction): string[] {
  const wanted = agentActionOf(device, action);
  const knowsReboot = metadata.actions.some(({ name }) => name === 'reboot');
  if (wanted !== 'reboot' || knowsReboot) return [wanted];
  return [agentActionOf(device, 'off'), agentActionOf(device, 'on')];
}

/** Milliseconds for one action: the device's own word before the cluster's. */
export function fenceTimeoutMs({ parameters }: FenceDevice, action: FenceAction, otherwiseMs: number): number {
  return parseDurationMs(parameters[`pcmk_${action}_timeout`] ?? '') ?? otherwiseMs;
}

export function fenceTries({ parameters }: FenceDevice, action: FenceAction): number {
  const text = parameters[`pcmk_${action}_retries`] ?? '';
  return /^\d{1,9}$/.test(text) ? Math.min(triesMax, Math.max(1, Number(text))) : triesDefault;
}

/**
 * How long to wait before `node` is shot: pcmk_delay_base (for all, or by node as a map), and with pcmk_delay_max a
 * random time up to it, so that two nodes that cannot hear one another do not both die.
 */
export function fenceDelayMs({ parameters }: FenceDevice, node: string, random: Random): number {
  const base = parameters.pcmk_delay_base ?? '';
  const own = base.includes(':') ? pairsOf(base).get(node) : base;
  const baseMs = parseDurationMs(own ?? '') ?? 0;
  const maxMs = parseDurationMs(parameters.pcmk_delay_max ?? '') ?? 0;
  const delayMs = maxMs > baseMs ? random.between(baseMs, maxMs) : baseMs;
  assert(delayMs >= baseMs, 'a random delay is never shorter than the base');
  return delayMs;
}

function pairsOf(text: string): ReadonlyMap<string, string> {
  const entries = text.split(/[\s;]+/).flatMap((entry) => {
    const at = entry.search(/[:=]/);
    return at > 0 ? [[entry.slice(0, at), entry.slice(at + 1)] as const] : [];
  });
  return new Map(entries);
}
