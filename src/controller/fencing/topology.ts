// The order in which devices are tried: level by level as `fencing-topology` says, all devices of a level together; where
// no level is meant for a node, every device that can fence it, one after the other.
// Source: Pacemaker Explained, "Fencing Topologies".
import { childAt, type XmlElement } from '../../cib/index.ts';
import type { NodeName } from '../document/status.ts';
import type { FenceDevice } from './device.ts';
import { canFence } from './device.ts';

/** Ids of devices that must all succeed, by order of trial. */
export type FencingLevels = readonly (readonly string[])[];

export type FencingTarget = NodeName & {
  /** Permanent and transient node attributes. */
  readonly attributes: ReadonlyMap<string, string>;
};

export type LevelQuery = {
  readonly cib: XmlElement;
  readonly target: FencingTarget;
  readonly devices: readonly FenceDevice[];
  /** By device, the nodes it said it knows. */
  readonly listings: ReadonlyMap<string, ReadonlySet<string>>;
};

export function levelsFor({ cib, target, devices, listings }: LevelQuery): FencingLevels {
  const configured = configuredLevels(cib, target);
  if (configured.length > 0) return configured;
  const able = devices.filter((device) => canFence(device, target.name, listings.get(device.id)));
  // What is known to fit goes before what may fit.
  const isKnown = (device: FenceDevice) => device.targets.kind === 'listed' || listings.has(device.id);
  return [...able.filter(isKnown), ...able.filter((device) => !isKnown(device))].map(({ id }) => [id]);
}

function configuredLevels(cib: XmlElement, target: FencingTarget): FencingLevels {
  const levels = childAt(cib, 'configuration', 'fencing-topology')?.childrenNamed('fencing-level') ?? [];
  // A level for the node itself hides those for a pattern, which hide those for an attribute.
  for (const matches of [isForName, isForPattern, isForAttribute]) {
    const meant = levels.filter((level) => matches(level, target));
    if (meant.length === 0) continue;
    return meant
      .toSorted((a, b) => Number(a.get('index')) - Number(b.get('index')))
      .map((level) => (level.get('devices') ?? '').split(',').map((id) => id.trim()));
  }
  return [];
}

function isForName(level: XmlElement, { name }: FencingTarget): boolean {
  return level.get('target')?.toLowerCase() === name.toLowerCase();
}

function isForPattern(level: XmlElement, { name }: FencingTarget): boolean {
  const pattern = level.get('target-pattern');
  if (pattern === undefined) return false;
  try {
    return new RegExp(pattern, 'i').test(name);
  } catch {
    return false;
  }
}

function isForAttribute(level: XmlElement, { attributes }: FencingTarget): boolean {
  const name = level.get('target-attribute');
  return name !== undefined && attributes.get(name) === level.get('target-value');
}
