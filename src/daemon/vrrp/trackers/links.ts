// The interfaces as trackers: what the kernel says of a link, held back as interface_up_down_delays ask.
import { monotonicMs } from '../../../linux/index.ts';
import {
  type InterfaceDelay,
  type LinkTracker,
  linkTracker,
  nextLinkDeadline,
  stepLink,
  type TrackerReport,
} from '../../../vrrp/index.ts';
import { Alarm } from './alarm.ts';

type Followed = { tracker: LinkTracker; readonly alarm: Alarm };

const noDelays = { downDelayMs: 0, upDelayMs: 0 };

export class LinkTrackers {
  readonly #onReport: (name: string, report: TrackerReport) => void;
  readonly #links = new Map<string, Followed>();
  #delays: readonly InterfaceDelay[];

  constructor(delays: readonly InterfaceDelay[], onReport: (name: string, report: TrackerReport) => void) {
    this.#delays = delays;
    this.#onReport = onReport;
  }

  /** Delays of changes from now on; one that is already held back keeps its time. */
  setDelays(delays: readonly InterfaceDelay[]): void {
    this.#delays = delays;
    for (const [name, followed] of this.#links)
      followed.tracker = { ...followed.tracker, delays: this.#delaysOf(name) };
  }

  /** The link as it is now. The first observation is reported at once, a change when it has lasted. */
  observe(name: string, up: boolean): void {
    const followed = this.#links.get(name) ?? this.#follow(name);
    this.#report(name, followed, stepLink(followed.tracker, { kind: 'link', nowMs: monotonicMs(), up }));
  }

  /** What was reported last. */
  report(name: string): TrackerReport {
    return this.#links.get(name)?.tracker.report ?? { kind: 'unknown' };
  }

  close(): void {
    for (const { alarm } of this.#links.values()) alarm.close();
  }

  #follow(name: string): Followed {
    const alarm = new Alarm(() => {
      this.#report(name, followed, stepLink(followed.tracker, { kind: 'deadline', nowMs: monotonicMs() }));
    });
    const followed: Followed = { tracker: linkTracker(name, this.#delaysOf(name)), alarm };
    this.#links.set(name, followed);
    return followed;
  }

  #report(name: string, { tracker, alarm }: Followed, effects: ReturnType<typeof stepLink>): void {
    alarm.set(nextLinkDeadline(tracker));
    for (const { report } of effects) this.#onReport(name, report);
  }

  #delaysOf(name: string): { readonly downDelayMs: number; readonly upDelayMs: number } {
    return this.#delays.find((delay) => delay.interface === name) ?? noDelays;
  }
}
