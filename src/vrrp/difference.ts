// What a reload changes: the old and the new configuration side by side, by name. What is unchanged must not blink.
import type { InstanceConfiguration, SyncGroupConfiguration, VrrpConfiguration } from './configuration.ts';
import type { BfdConfiguration, TrackedFile, TrackedProcess, TrackedScript } from './tracker.ts';

export type Changed<Item> = {
  readonly before: Item;
  readonly after: Item;
  /** The settings that differ; never empty. */
  readonly fields: readonly (keyof Item)[];
};

/** In the order of the new configuration; what was removed in that of the old. */
export type NamedDifference<Item> = {
  readonly unchanged: readonly Item[];
  readonly changed: readonly Changed<Item>[];
  readonly added: readonly Item[];
  readonly removed: readonly Item[];
};

export type ConfigurationDifference = {
  readonly instances: NamedDifference<InstanceConfiguration>;
  readonly syncGroups: NamedDifference<SyncGroupConfiguration>;
  readonly scripts: NamedDifference<TrackedScript>;
  readonly processes: NamedDifference<TrackedProcess>;
  readonly files: NamedDifference<TrackedFile>;
  readonly bfdSessions: NamedDifference<BfdConfiguration>;
  /** Settings that are no list of named things, such as `global` or `staticRoutes`, and differ. */
  readonly other: readonly (keyof VrrpConfiguration)[];
};

const namedLists = ['instances', 'syncGroups', 'scripts', 'processes', 'files', 'bfdSessions'] as const;

/** Lines of the file do not count: moving a block changes nothing. */
export function differenceOf(before: VrrpConfiguration, after: VrrpConfiguration): ConfigurationDifference {
  const others = (Object.keys(after) as (keyof VrrpConfiguration)[]).filter(
    (key) => !namedLists.some((name) => name === key) && !isSame(before[key], after[key]),
  );
  return {
    instances: compare(before.instances, after.instances),
    syncGroups: compare(before.syncGroups, after.syncGroups),
    scripts: compare(before.scripts, after.scripts),
    processes: compare(before.processes, after.processes),
    files: compare(before.files, after.files),
    bfdSessions: compare(before.bfdSessions, after.bfdSessions),
    other: others,
  };
}

/** True when a reload would change nothing at all. */
export function isEmptyDifference({ other, ...named }: ConfigurationDifference): boolean {
  return (
    other.length === 0 &&
    Object.values(named).every(({ changed, added, removed }) => changed.length + added.length + removed.length === 0)
  );
}

function compare<Item extends { readonly name: string }>(
  before: readonly Item[],
  after: readonly Item[],
): NamedDifference<Item> {
  const old = new Map(before.map((item) => [item.name, item]));
  const names = new Set(after.map((item) => item.name));
  const difference = { unchanged: [] as Item[], changed: [] as Changed<Item>[], added: [] as Item[] };
  for (const item of after) {
    const former = old.get(item.name);
    const fields = former === undefined ? [] : differingFields(former, item);
    if (former === undefined) difference.added.push(item);
    else if (fields.length === 0) difference.unchanged.push(item);
    else difference.changed.push({ before: former, after: item, fields });
  }
  return { ...difference, removed: before.filter((item) => !names.has(item.name)) };
}

function differingFields<Item extends object>(before: Item, after: Item): (keyof Item)[] {
  const fields = Object.keys({ ...before, ...after }) as (keyof Item)[];
  return fields.filter((field) => field !== 'place' && !isSame(before[field], after[field]));
}

/** Equality of plain data; lists in order, because the order of addresses is on the wire. */
function isSame(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].every((key) => isSame(left[key as keyof typeof left], right[key as keyof typeof right]));
}
