// From the document to a request that the fencer can carry out: devices, their order, and the times that count.
import { childAt, type Instant, intervalMsOf, parseBoolean, type XmlElement } from '../../cib/index.ts';
import { clusterOptionsOf, transientAttributesOf } from '../document/query.ts';
import type { NodeName } from '../document/status.ts';
import type { FenceAction } from '../transition/task.ts';
import { fenceDevicesOf } from './device.ts';
import type { FencingRequest } from './fencer.ts';
import { type FencingTarget, levelsFor } from './topology.ts';

export type FencingWish = {
  readonly target: NodeName;
  readonly action: FenceAction;
  readonly request: string;
  readonly by: string;
  readonly delayMs: number;
};

export function fencingRequestOf(cib: XmlElement, now: Instant, wish: FencingWish): FencingRequest {
  const options = clusterOptionsOf(cib, now);
  const devices = fenceDevicesOf(cib, now);
  const target: FencingTarget = { ...wish.target, attributes: attributesOf(cib, wish.target) };
  const timeoutMs = intervalMsOf(options.get('fencing-timeout') ?? options.get('stonith-timeout'));
  const hasWatchdog = parseBoolean(options.get('have-watchdog')) ?? false;
  const watchdogMs = intervalMsOf(options.get('fencing-watchdog-timeout') ?? options.get('stonith-watchdog-timeout'));
  return {
    ...wish,
    devices,
    levels: levelsFor({ cib, target, devices, listings: new Map() }),
    timeoutMs: timeoutMs > 0 ? timeoutMs : 60_000,
    watchdogMs: hasWatchdog ? watchdogMs : 0,
  };
}

/** A node by its name, as configured or as it was seen. */
export function nodeNamed(cib: XmlElement, name: string): NodeName | undefined {
  const configured = childAt(cib, 'configuration', 'nodes')?.children ?? [];
  const seen = childAt(cib, 'status')?.childrenNamed('node_state') ?? [];
  const node = [...configured, ...seen].find((each) => each.get('uname') === name);
  return node === undefined ? undefined : { id: node.id ?? name, name };
}

function attributesOf(cib: XmlElement, target: NodeName): ReadonlyMap<string, string> {
  const node = childAt(cib, 'configuration', 'nodes')?.children.find(({ id }) => id === target.id);
  const pairs = node?.childrenNamed('instance_attributes').flatMap((set) => set.children) ?? [];
  const permanent = pairs.map((pair) => [pair.get('name') ?? '', pair.get('value') ?? ''] as const);
  return new Map([...permanent, ...transientAttributesOf(cib, target)]);
}

const attemptsDefault = 10;

/** How often in a row a node may fail to be fenced before it is left alone. */
export function fencingAttemptsMax(options: ReadonlyMap<string, string>): number {
  const attempts = Number(options.get('fencing-max-attempts') ?? options.get('stonith-max-attempts'));
  return attempts > 0 ? attempts : attemptsDefault;
}
