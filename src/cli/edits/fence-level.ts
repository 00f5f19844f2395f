// Levels of the fencing topology, with the ids and the words for targets that pcs(8) has.
import { effectiveDefinition, type XmlElement, xmlElement, xmlIndexOf } from '../../cib/index.ts';
import type { Edit } from '../../controller/index.ts';
import { CommandFailure } from '../../kit/index.ts';
import { assertFreeId, nodeNamed, resourceNamed, resourcesIn, sanitizedId } from './names.ts';
import { additions, objectsIn, removalOf, replacementBy } from './section.ts';

/** For the fencer: 1 to 9, tried in this order. */
const indexPattern = /^[1-9]$/;

export type LevelRequest = {
  readonly index: string;
  /** A node, `regexp%PATTERN` of node names, or `attrib%NAME=VALUE` of nodes. */
  readonly target: string;
  /** All of them have to succeed. */
  readonly devices: readonly string[];
};

/** @throws CommandFailure for what there is not, what is no fence device, and a level that there is already */
export function levelEdits(cib: XmlElement, { index, target, devices }: LevelRequest): Edit[] {
  assertIndex(index);
  const meant = targetOf(cib, target);
  const twice = devices.find((device, at) => devices.indexOf(device) !== at);
  if (twice !== undefined) throw new CommandFailure({ kind: 'usage', what: `'${twice}' is given twice` });
  for (const device of devices) assertDevice(cib, device);
  const known = levelsFor(cib, target).find((level) => level.get('index') === index);
  if (known !== undefined) {
    const what = `level ${index} of ${target} is there already: ${known.get('devices')}`;
    const fix = `Take another number, or first: haven fence level remove ${index} ${target}`;
    throw new CommandFailure({ kind: 'exists', what, fix });
  }
  const id = sanitizedId(`fl-${target.replace(/^(regexp|attrib)%/, '')}-${index}`);
  assertFreeId(cib, id);
  const level = xmlElement('fencing-level', { id, ...meant, index, devices: devices.join(',') });
  return additions(cib, 'fencing-topology', [level]);
}

/** Devices out of a level, or all of it; a level without devices goes. @throws CommandFailure `not-found` */
export function levelRemovalEdits(cib: XmlElement, { index, target, devices }: LevelRequest): Edit[] {
  assertIndex(index);
  const level = levelsFor(cib, target).find((each) => each.get('index') === index);
  if (level === undefined) {
    const there = levelsFor(cib, target).map((each) => each.get('index'));
    const fix = there.length === 0 ? 'See: haven fence level list' : `There is: ${there.join(', ')}`;
    throw new CommandFailure({ kind: 'not-found', what: `${target} has no level ${index}`, fix });
  }
  const inside = devicesOf(level);
  const stranger = devices.find((device) => !inside.includes(device));
  if (stranger !== undefined) {
    const what = `level ${index} of ${target} has no device '${stranger}'`;
    throw new CommandFailure({ kind: 'not-found', what, fix: `It has: ${inside.join(', ')}` });
  }
  const left = inside.filter((device) => !devices.includes(device));
  if (devices.length === 0 || left.length === 0) return [removalOf(level)];
  return [replacementBy(level.with({ devices: left.join(',') }))];
}

/** Every level of a target, or with a device; all of them otherwise. @throws CommandFailure `not-found` */
export function levelClearEdits(cib: XmlElement, of: string | undefined): Edit[] {
  const levels = objectsIn(cib, 'fencing-topology');
  if (of === undefined) return levels.map(removalOf);
  const targeted = levelsFor(cib, of);
  if (targeted.length > 0) return targeted.map(removalOf);
  const holding = levels.filter((level) => devicesOf(level).includes(of));
  if (holding.length > 0) {
    return holding.map((level) => {
      const left = devicesOf(level).filter((device) => device !== of);
      return left.length === 0 ? removalOf(level) : replacementBy(level.with({ devices: left.join(',') }));
    });
  }
  const fix = 'Name a target or a device of: haven fence level list';
  throw new CommandFailure({ kind: 'not-found', what: `no fencing level is for '${of}', or uses it`, fix });
}

/** By target, in the order in which they are tried. */
export function levelsIn(
  cib: XmlElement,
): { readonly target: string; readonly index: number; readonly devices: readonly string[] }[] {
  return objectsIn(cib, 'fencing-topology')
    .map((level) => ({ target: targetText(level), index: Number(level.get('index')), devices: devicesOf(level) }))
    .sort((a, b) => (a.target === b.target ? a.index - b.index : a.target < b.target ? -1 : 1));
}

function levelsFor(cib: XmlElement, target: string): XmlElement[] {
  return objectsIn(cib, 'fencing-topology').filter((level) => targetText(level) === target);
}

function targetText(level: XmlElement): string {
  const [pattern, attribute] = [level.get('target-pattern'), level.get('target-attribute')];
  if (pattern !== undefined) return `regexp%${pattern}`;
  if (attribute !== undefined) return `attrib%${attribute}=${level.get('target-value') ?? ''}`;
  return level.get('target') ?? '';
}

function devicesOf(level: XmlElement): string[] {
  return (level.get('devices') ?? '').split(',').map((device) => device.trim());
}

function targetOf(cib: XmlElement, target: string): Readonly<Record<string, string>> {
  const pattern = /^regexp%(.+)$/.exec(target)?.[1];
  if (pattern !== undefined) {
    assertPattern(pattern);
    return { 'target-pattern': pattern };
  }
  const [, name, value] = /^attrib%([^=]+)=(.+)$/.exec(target) ?? [];
  if (name !== undefined && value !== undefined) return { 'target-attribute': name, 'target-value': value };
  if (target.includes('%')) {
    const fix = 'Write a node, regexp%PATTERN, or attrib%NAME=VALUE';
    throw new CommandFailure({ kind: 'usage', what: `'${target}' is no target of fencing`, fix });
  }
  nodeNamed(cib, target);
  return { target };
}

function assertPattern(pattern: string): void {
  try {
    new RegExp(pattern);
  } catch (thrown) {
    const what = `'${pattern}' is no regular expression`;
    throw new CommandFailure({ kind: 'usage', what, why: (thrown as Error).message });
  }
}

function assertIndex(index: string): void {
  if (indexPattern.test(index)) return;
  const fix = 'Write 1 for what is tried first, up to 9';
  throw new CommandFailure({ kind: 'usage', what: `'${index}' is no fencing level`, fix });
}

function assertDevice(cib: XmlElement, id: string): void {
  const isDevice = (resource: XmlElement) => {
    const definition = effectiveDefinition(resource, xmlIndexOf(cib));
    return typeof definition !== 'string' && definition.get('class') === 'stonith';
  };
  if (isDevice(resourceNamed(cib, id))) return;
  const devices = resourcesIn(cib).filter(isDevice);
  const fix =
    devices.length === 0
      ? 'Make one: haven resource create NAME stonith:AGENT …'
      : `There is: ${devices.map((each) => each.id).join(', ')}`;
  throw new CommandFailure({ kind: 'usage', what: `'${id}' is no fence device`, fix });
}
