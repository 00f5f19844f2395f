// Fence devices as configured, and which nodes each of them can fence. Parameters are those that Pacemaker gives every
// fence device ("Pacemaker Explained", "Special Meta-Parameters for Fencing Resources"; man 7 pacemaker-fenced).
import { type Instant, intervalMsOf, type XmlElement } from '../../cib/index.ts';
import { INFINITY_SCORE } from '../../kit/index.ts';
import {
  type Cluster,
  isRemoteType,
  type Primitive,
  parametersOf,
  prepareAssignment,
  readCluster,
  visitPrimitives,
} from '../../scheduler/index.ts';
import type { NodeName } from '../document/status.ts';
import type { FenceAction } from '../transition/task.ts';

export type FenceDevice = {
  readonly id: string;
  /** Type of the agent, `fence_ipmilan`. */
  readonly agent: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly priority: number;
  /** Members that may run it, those that watch it first. */
  readonly hosts: readonly NodeName[];
  readonly targets: Targets;
};

/** Which nodes a device can fence (pcmk_host_check). */
export type Targets =
  /** Those listed, each under the name by which the device knows it. */
  | { readonly kind: 'listed'; readonly plugs: ReadonlyMap<string, string> }
  /** Those that the device itself says it knows. */
  | { readonly kind: 'asked'; readonly plugs: ReadonlyMap<string, string> }
  | { readonly kind: 'any'; readonly plugs: ReadonlyMap<string, string> };

/** How one action of a device is to be tried. */
export type Trial = {
  /** Of one run of the agent. */
  readonly timeoutMs: number;
  /** How often it is tried, on one node or another. */
  readonly attemptsMax: number;
  readonly delayBaseMs: number;
  readonly delayMaxMs: number;
};

/** The devices of the document, those of higher priority first. */
export function fenceDevicesOf(cib: XmlElement, now: Instant): FenceDevice[] {
  const cluster = readCluster(cib, { now, reasons: false });
  prepareAssignment(cluster);
  const devices: FenceDevice[] = [];
  for (const resource of cluster.resources) {
    visitPrimitives(resource, (primitive) => {
      if (primitive.isFenceDevice && !primitive.removed && !primitive.disabled)
        devices.push(deviceOf(cluster, primitive));
    });
  }
  return devices.sort((a, b) => b.priority - a.priority || (a.id < b.id ? -1 : 1));
}

/** `listing`: what the device answered when asked for the nodes it knows; undefined: it was not asked. */
export function canFence(device: FenceDevice, target: string, listing: ReadonlySet<string> | undefined): boolean {
  const { kind, plugs } = device.targets;
  switch (kind) {
    case 'listed':
      return plugs.has(target);
    case 'asked':
      // A device that was not asked yet may know the node: trying tells.
      return listing === undefined || listing.has(plugs.get(target) ?? target);
    case 'any':
      return true;
  }
}

/** `fallbackMs`: the timeout of a device that has none of its own. */
export function trialOf({ parameters }: FenceDevice, action: FenceAction, target: string, fallbackMs: number): Trial {
  const timeoutMs = intervalMsOf(parameters[`pcmk_${action}_timeout`]);
  const attempts = Number(parameters[`pcmk_${action}_retries`]);
  const delayBaseMs = delayBase(parameters.pcmk_delay_base, target);
  return {
    timeoutMs: timeoutMs > 0 ? timeoutMs : fallbackMs,
    attemptsMax: attempts > 0 ? attempts : attemptsDefault,
    delayBaseMs,
    delayMaxMs: Math.max(delayBaseMs, intervalMsOf(parameters.pcmk_delay_max)),
  };
}

const attemptsDefault = 2;

function deviceOf(cluster: Cluster, primitive: Primitive): FenceDevice {
  const parameters = Object.fromEntries(parametersOf(cluster, primitive, undefined));
  const top = primitive.parent ?? primitive;
  const members = cluster.nodes.filter((node) => node.online && !isRemoteType(node));
  const allowed = members.filter((node) => {
    const score = Math.min(primitive.allowed.score(node.index), top.allowed.score(node.index));
    return score > -INFINITY_SCORE;
  });
  const watching = new Set(primitive.activeNodes);
  const hosts = [...allowed.filter((node) => watching.has(node)), ...allowed.filter((node) => !watching.has(node))];
  return {
    id: primitive.id,
    agent: primitive.agent.type,
    parameters,
    priority: Number(parameters.priority ?? 0) || primitive.priority,
    hosts: hosts.map(({ id, name }) => ({ id, name })),
    targets: targetsOf(parameters),
  };
}

function targetsOf(parameters: Readonly<Record<string, string>>): Targets {
  const { pcmk_host_list: list, pcmk_host_map: map, pcmk_host_check: check } = parameters;
  const mapped = hostMapOf(map);
  const listed = new Map([...wordsOf(list).map((name) => [name, name] as const), ...mapped]);
  switch (check) {
    case 'static-list':
      return { kind: 'listed', plugs: listed };
    case 'dynamic-list':
    case 'status':
      return { kind: 'asked', plugs: mapped };
    case 'none':
      return { kind: 'any', plugs: mapped };
    default:
      return listed.size > 0 ? { kind: 'listed', plugs: listed } : { kind: 'asked', plugs: mapped };
  }
}

function wordsOf(text: string | undefined): string[] {
  return (text ?? '').split(/[\s,;]+/).filter((word) => word !== '');
}

/** `node1:1;node2:2,3`: of several plugs the agent is given all, as written. */
function hostMapOf(text: string | undefined): Map<string, string> {
  const pairs = (text ?? '').split(/[;\s]+/).flatMap((pair) => {
    const match = /^([^:=]+)[:=](.+)$/.exec(pair);
    return match === null ? [] : [[match[1] ?? '', match[2] ?? ''] as const];
  });
  return new Map(pairs);
}

/** One duration for all, or `node1:1s;node2:5s`. */
function delayBase(text: string | undefined, target: string): number {
  if (text === undefined) return 0;
  return intervalMsOf(text.includes(':') ? hostMapOf(text).get(target) : text);
}
