// The interface tracker: a link is up when it is there, set up, and has carrier. interface_up_down_delays hold a change
// back until it has lasted; a link that returns in time has not changed.
import type { TrackerReport } from '../tracker.ts';

export type LinkDelays = { readonly downDelayMs: number; readonly upDelayMs: number };

export type LinkTracker = {
  readonly name: string;
  readonly delays: LinkDelays;
  report: TrackerReport;
  pending: { readonly up: boolean; readonly atMs: number } | undefined;
};

export type LinkEvent = { readonly nowMs: number } & (
  | { readonly kind: 'deadline' }
  | { readonly kind: 'link'; readonly up: boolean }
);

export type LinkEffect = { readonly kind: 'report'; readonly report: TrackerReport };

export function linkTracker(name: string, delays: LinkDelays): LinkTracker {
  return { name, delays, report: { kind: 'unknown' }, pending: undefined };
}

export function stepLink(tracker: LinkTracker, event: LinkEvent): readonly LinkEffect[] {
  if (event.kind === 'deadline') {
    const { pending } = tracker;
    return pending !== undefined && event.nowMs >= pending.atMs ? settle(tracker, pending.up) : [];
  }
  if (tracker.report.kind === 'unknown') return settle(tracker, event.up);
  if ((tracker.report.kind === 'up') === event.up) {
    tracker.pending = undefined;
    return [];
  }
  const delayMs = event.up ? tracker.delays.upDelayMs : tracker.delays.downDelayMs;
  if (delayMs === 0) return settle(tracker, event.up);
  tracker.pending ??= { up: event.up, atMs: event.nowMs + delayMs };
  return [];
}

/** When stepLink wants a `deadline` event. */
export function nextLinkDeadline({ pending }: LinkTracker): number {
  return pending?.atMs ?? Number.POSITIVE_INFINITY;
}

function settle(tracker: LinkTracker, up: boolean): readonly LinkEffect[] {
  tracker.pending = undefined;
  tracker.report = { kind: up ? 'up' : 'down' };
  return [{ kind: 'report', report: tracker.report }];
}
