// References resolved: what an instance or group tracks, with the weights of what it names.
import type { InstanceConfiguration } from '../configuration.ts';
import type { TrackedInterface } from '../tracker.ts';
import type { Scope } from './block.ts';
import {
  type ReferenceDraft,
  resolveReferences,
  type TrackerDefaults,
  type TrackingDraft,
  withoutSecond,
} from './tracker-keywords.ts';

/** Everything that can be tracked, by name. */
export type Tracked = {
  readonly scripts: ReadonlyMap<string, TrackerDefaults>;
  readonly processes: ReadonlyMap<string, TrackerDefaults>;
  readonly files: ReadonlyMap<string, TrackerDefaults>;
  readonly bfd: ReadonlyMap<string, TrackerDefaults>;
  /** Interfaces may come later: `dynamic_interfaces`. */
  readonly interfacesMayBeAbsent: boolean;
};

export type Tracking = Pick<
  InstanceConfiguration,
  'trackInterfaces' | 'trackScripts' | 'trackProcesses' | 'trackFiles' | 'trackBfd'
>;

export function trackingOf(draft: TrackingDraft, tracked: Tracked, scope: Scope): Tracking {
  return {
    trackInterfaces: withoutSecond(draft.trackInterfaces, 'interface', scope).map((reference) =>
      trackedInterface(reference, tracked, scope),
    ),
    trackScripts: resolveReferences(draft.trackScripts, 'script', tracked.scripts, scope),
    trackProcesses: resolveReferences(draft.trackProcesses, 'process', tracked.processes, scope),
    trackFiles: resolveReferences(draft.trackFiles, 'file', tracked.files, scope),
    trackBfd: resolveReferences(draft.trackBfd, 'bfd', tracked.bfd, scope),
  };
}

/** An interface that is not there stays tracked, as down: it may yet come. */
function trackedInterface(reference: ReferenceDraft, tracked: Tracked, scope: Scope): TrackedInterface {
  if (scope.surroundings.interfaces?.has(reference.name) === false && !tracked.interfacesMayBeAbsent) {
    scope.findings.error(reference.place, `${scope.subject}tracked interface ${reference.name} doesn't exist`);
  }
  return { name: reference.name, weight: reference.weight ?? 0, reverse: reference.reverse ?? false };
}
