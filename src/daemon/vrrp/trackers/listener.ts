// What a running tracker tells its owner.
import type { LogLevel } from '../../../kit/index.ts';
import type { TrackerNews } from '../message.ts';

export type TrackerListener = {
  readonly onNews: (news: TrackerNews) => void;
  readonly log: (level: LogLevel, message: string) => void;
};

/** A tracked thing being watched. */
export type RunningTracker = {
  /** What it said last; undefined: nothing yet. */
  readonly report: () => TrackerNews['report'];
  readonly close: () => void;
};

export function logLevelOf(level: 'info' | 'detail'): LogLevel {
  return level === 'detail' ? 'debug' : 'info';
}
