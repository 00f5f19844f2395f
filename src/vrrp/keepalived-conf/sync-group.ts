// vrrp_sync_group: instances that change state together.
import type { InstanceConfiguration, SyncGroupConfiguration } from '../configuration.ts';
import type { TrackerReference } from '../tracker.ts';
import { list, readBlock, type Scope, type Table } from './block.ts';
import type { LinePlace } from './findings.ts';
import type { InstanceDefaults } from './global-draft.ts';
import { type NotifyDraft, notifyKeywords, notifyOf } from './notify-keywords.ts';
import type { Statement } from './statement.ts';
import { emptyTracking, type TrackingDraft, trackingKeywords } from './tracker-keywords.ts';
import { type Tracked, trackingOf } from './tracking.ts';
import { flag } from './values.ts';

export type SyncGroupDraft = TrackingDraft & {
  readonly name: string;
  readonly place: LinePlace;
  readonly notify: NotifyDraft;
  readonly members: { readonly name: string; readonly place: LinePlace }[];
  globalTracking: boolean;
  trackingWeight: boolean;
};

const keywords: Table<SyncGroupDraft> = {
  ...trackingKeywords,
  ...notifyKeywords,
  group: list((draft, item) => {
    for (const name of [item.keyword, ...item.words.map((word) => word.text)])
      draft.members.push({ name, place: item.place });
  }),
  global_tracking: (draft, statement, scope) => {
    draft.globalTracking = true;
    scope.findings.warning(statement.place, `${scope.subject}global_tracking is deprecated`, {
      fix: 'Write track_interface, track_script and track_file in the group itself',
    });
  },
  sync_group_tracking_weight: flag((draft) => {
    draft.trackingWeight = true;
  }),
};

export function readSyncGroup(name: string, statement: Statement, scope: Scope): SyncGroupDraft {
  const draft: SyncGroupDraft = {
    name,
    place: statement.place,
    notify: {},
    members: [],
    globalTracking: false,
    trackingWeight: false,
    ...emptyTracking(),
  };
  readBlock(draft, statement.block ?? [], keywords, { ...scope, subject: `(${name}) ` });
  return draft;
}

/** A group without any member is dropped, as the peer does; `taken` are instances that already are in a group. */
export function syncGroupOf(
  draft: SyncGroupDraft,
  known: {
    readonly instances: readonly InstanceConfiguration[];
    readonly tracked: Tracked;
    readonly defaults: InstanceDefaults;
    readonly taken: Set<string>;
  },
  scope: Scope,
): SyncGroupConfiguration | undefined {
  const members = membersOf(draft, known.instances, known.taken, scope);
  if (members.length === 0) {
    scope.findings.error(draft.place, `Sync group ${draft.name} has no virtual router(s) - removing`);
    return undefined;
  }
  if (members.length === 1) {
    const what = `Sync group ${draft.name} has only 1 virtual router(s) - this probably isn't what you want`;
    scope.findings.warning(draft.place, what);
  }
  const tracking = trackingOf(draft, known.tracked, { ...scope, subject: `(${draft.name}) ` });
  const { name, globalTracking, trackingWeight } = draft;
  const { notifyPriorityChanges, smtpAlertVrrp, smtpAlert } = known.defaults;
  const smtpDefault = smtpAlertVrrp ?? smtpAlert ?? false;
  const notify = notifyOf(draft.notify, { priorityChanges: notifyPriorityChanges, smtpAlert: smtpDefault });
  return { name, members, globalTracking, trackingWeight, ...tracking, notify };
}

function membersOf(
  draft: SyncGroupDraft,
  instances: readonly InstanceConfiguration[],
  taken: Set<string>,
  scope: Scope,
): readonly string[] {
  const members: string[] = [];
  for (const { name, place } of draft.members) {
    if (!instances.some((instance) => instance.name === name)) {
      scope.findings.error(
        place,
        `Virtual router ${name} specified in sync group ${draft.name} doesn't exist - ignoring`,
      );
    } else if (taken.has(name)) {
      scope.findings.error(
        place,
        `Virtual router ${name} is already member of a sync group - ignoring it in ${draft.name}`,
      );
    } else {
      taken.add(name);
      members.push(name);
    }
  }
  return members;
}

/**
 * Members take the trackers of their group's priority only: a weight of their own would tear the group apart, so it is
 * zeroed (failure is then a fault) unless sync_group_tracking_weight allows it.
 */
export function withoutMemberWeights(
  instances: readonly InstanceConfiguration[],
  groups: readonly SyncGroupConfiguration[],
  scope: Scope,
): readonly InstanceConfiguration[] {
  const strict = new Set(groups.filter((group) => !group.trackingWeight).flatMap((group) => group.members));
  return instances.map((instance) => {
    if (!strict.has(instance.name)) return instance;
    const unweighted = (reference: TrackerReference): TrackerReference => {
      if (reference.weight === 0) return reference;
      const what = `(${instance.name}) ignoring ${reference.name} tracked weight due to SYNC group`;
      scope.findings.warning(instance.place, what, {
        fix: 'Track it in the group, or write sync_group_tracking_weight there',
      });
      return { ...reference, weight: 0 };
    };
    return {
      ...instance,
      trackInterfaces: instance.trackInterfaces.map(unweighted),
      trackScripts: instance.trackScripts.map(unweighted),
      trackProcesses: instance.trackProcesses.map(unweighted),
      trackFiles: instance.trackFiles.map(unweighted),
      trackBfd: instance.trackBfd.map(unweighted),
    };
  });
}
