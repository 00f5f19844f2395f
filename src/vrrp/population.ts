// Which instances and groups there are, and what each follows.
import type { InstanceConfiguration, VrrpConfiguration } from './configuration.ts';
import { createInstance, type FollowedTracker, type Instance } from './instance.ts';
import type { SyncGroup } from './sync-group.ts';
import { contributionOf, type TrackerKind, type TrackerReference, type TrackerReport } from './tracker.ts';

export type Router = {
  configuration: VrrpConfiguration;
  instances: Map<string, Instance>;
  groups: SyncGroup[];
  groupOf: Map<Instance, SyncGroup>;
  /** What each tracked thing last reported, by kind and name: a reload asks again. */
  readonly reports: Map<string, TrackerReport>;
  /** Instances begin at this time (`vrrp_startup_delay`); Infinity before the start and after it has happened. */
  startAtMs: number;
  phase: 'new' | 'delayed' | 'running' | 'stopped';
};

export function createRouter(configuration: VrrpConfiguration): Router {
  const router: Router = {
    configuration,
    instances: new Map(),
    groups: [],
    groupOf: new Map(),
    reports: new Map(),
    startAtMs: Number.POSITIVE_INFINITY,
    phase: 'new',
  };
  adopt(router, configuration);
  return router;
}

/** Instances and groups as configured; existing instances keep their state and get their new configuration. */
export function adopt(router: Router, configuration: VrrpConfiguration): void {
  const instances = new Map<string, Instance>();
  for (const wanted of configuration.instances) {
    const instance = router.instances.get(wanted.name) ?? createInstance(wanted);
    instance.configuration = wanted;
    instance.trackers = trackersOf(router, wanted, configuration);
    instances.set(wanted.name, instance);
  }
  router.instances = instances;
  router.groups = groupsOf(configuration, instances);
  router.groupOf = new Map(router.groups.flatMap((group) => group.members.map((member) => [member, group])));
}

function groupsOf(configuration: VrrpConfiguration, instances: ReadonlyMap<string, Instance>): SyncGroup[] {
  const named = configuration.syncGroups.map((group) => ({
    configuration: group,
    members: group.members.flatMap((name) => instances.get(name) ?? []),
  }));
  const taken = new Set(named.flatMap((group) => group.members));
  const alone = [...instances.values()].filter((instance) => !taken.has(instance));
  return [...named, ...alone.map((instance) => ({ configuration: undefined, members: [instance] }))];
}

/** Own trackers, the group's (`global_tracking`: its members', too), and the primary interface unless `dont_track_primary`. */
function trackersOf(
  router: Router,
  instance: InstanceConfiguration,
  { instances, syncGroups }: VrrpConfiguration,
): FollowedTracker[] {
  const group = syncGroups.find(({ members }) => members.includes(instance.name));
  const shared = group?.globalTracking
    ? instances.filter((other) => other !== instance && group.members.includes(other.name))
    : [];
  const sources = [instance, ...(group === undefined ? [] : [group]), ...shared];
  const primary: TrackerReference = { name: instance.interface, weight: 0, reverse: false };
  const tracked: [TrackerKind, readonly TrackerReference[]][] = [
    ['interface', instance.dontTrackPrimary ? [] : [primary]],
    ['interface', sources.flatMap((source) => source.trackInterfaces)],
    ['script', sources.flatMap((source) => source.trackScripts)],
    ['process', sources.flatMap((source) => source.trackProcesses)],
    ['file', sources.flatMap((source) => source.trackFiles)],
    ['bfd', sources.flatMap((source) => source.trackBfd)],
  ];
  return tracked.flatMap(([kind, references]) =>
    (shared.length > 0 ? firstOfEach(references) : references).map((reference) => {
      const report = router.reports.get(reportKey(kind, reference.name)) ?? { kind: 'unknown' };
      return { kind, reference, report, contribution: contributionOf(report, reference) };
    }),
  );
}

/** What several members track counts once, as it is said first. */
function firstOfEach(references: readonly TrackerReference[]): readonly TrackerReference[] {
  return references.filter(({ name }, index) => references.findIndex((one) => one.name === name) === index);
}

export function reportKey(kind: TrackerKind, name: string): string {
  return `${kind} ${name}`;
}
