// The track_file tracker: the number at the beginning of a file (keepalived.conf(5) "Track files"). What it does to the
// priority is in tracker.ts.
import type { TrackedFile, TrackerReport } from '../tracker.ts';

export type FileTracker = { readonly file: TrackedFile; value: number | undefined };

export type FileEffect =
  | { readonly kind: 'report'; readonly report: TrackerReport }
  | { readonly kind: 'log'; readonly level: 'info' | 'detail'; readonly message: string };

/** A value is a C int to the peer. */
const valueMax = 2_147_483_647;

export function fileTracker(file: TrackedFile): FileTracker {
  return { file, value: undefined };
}

/** The content as it is now; undefined: there is no such file. */
export function readTrackedFile(tracker: FileTracker, content: string | undefined): readonly FileEffect[] {
  const value = trackedValue(content);
  if (value === tracker.value) return [];
  const first = tracker.value === undefined;
  tracker.value = value;
  const effects: FileEffect[] = [{ kind: 'report', report: { kind: 'value', value } }];
  if (first && content !== undefined) return effects;
  const what = content === undefined ? 'is not there: it counts as 0' : `now has the value ${value}`;
  return [
    { kind: 'log', level: 'detail', message: `Track file ${tracker.file.name} (${tracker.file.path}) ${what}` },
    ...effects,
  ];
}

/** Like strtol: white space, a sign, digits; anything else, or nothing, is 0. */
export function trackedValue(content: string | undefined): number {
  const [, digits = '0'] = /^\s*([+-]?\d+)/.exec(content ?? '') ?? [];
  const value = Math.max(-valueMax, Math.min(valueMax, Number(digits)));
  return value === 0 ? 0 : value;
}
