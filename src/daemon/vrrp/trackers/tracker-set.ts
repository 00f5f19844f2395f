// Everything that the instances of a configuration track and the VRRP thread does not see itself: scripts, processes,
// files and BFD sessions. Interfaces are followed where the adverts are sent.
import { differenceOf, type TrackerReference, type VrrpConfiguration } from '../../../vrrp/index.ts';
import type { TrackerNews } from '../message.ts';
import { BfdSessions } from './bfd.ts';
import { FileWatcher } from './files.ts';
import type { RunningTracker, TrackerListener } from './listener.ts';
import { ProcessCensus } from './processes.ts';
import { trackScript } from './scripts.ts';

export class TrackerSet {
  readonly #listener: TrackerListener;
  readonly #scripts = new Map<string, RunningTracker>();
  #configuration: VrrpConfiguration;
  #processes: ProcessCensus;
  #files: FileWatcher;
  #bfd: BfdSessions;

  /** Starts to watch at once; processes and files are known when this returns, and told to the listener. */
  constructor(configuration: VrrpConfiguration, listener: TrackerListener) {
    this.#listener = listener;
    this.#configuration = usedBy(configuration);
    const { scripts, processes, files, bfdSessions, global } = this.#configuration;
    for (const script of scripts) this.#scripts.set(script.name, trackScript(script, global.scriptUser, listener));
    this.#processes = new ProcessCensus(processes, listener);
    this.#files = new FileWatcher(files, listener);
    this.#bfd = new BfdSessions(bfdSessions, listener);
  }

  /** What is known now. */
  reports(): readonly TrackerNews[] {
    const scripts = [...this.#scripts].map(
      ([name, running]): TrackerNews => ({ tracker: 'script', name, report: running.report() }),
    );
    return [...scripts, ...this.#processes.reports(), ...this.#files.reports(), ...this.#bfd.reports()];
  }

  /** What is unchanged goes on undisturbed: a script keeps its beat, a BFD session stays up. */
  reconfigure(configuration: VrrpConfiguration): void {
    const after = usedBy(configuration);
    const difference = differenceOf(this.#configuration, after);
    this.#configuration = after;
    const { scripts } = difference;
    for (const { name } of [...scripts.removed, ...scripts.changed.map((change) => change.before)]) {
      this.#scripts.get(name)?.close();
      this.#scripts.delete(name);
    }
    for (const script of [...scripts.added, ...scripts.changed.map((change) => change.after)]) {
      this.#scripts.set(script.name, trackScript(script, after.global.scriptUser, this.#listener));
    }
    if (hasChanged(difference.processes)) {
      this.#processes.close();
      this.#processes = new ProcessCensus(after.processes, this.#listener);
    }
    if (hasChanged(difference.files)) {
      this.#files.close();
      this.#files = new FileWatcher(after.files, this.#listener);
    }
    if (hasChanged(difference.bfdSessions)) {
      this.#bfd.close();
      this.#bfd = new BfdSessions(after.bfdSessions, this.#listener);
    }
  }

  close(): void {
    for (const running of this.#scripts.values()) running.close();
    this.#scripts.clear();
    this.#processes.close();
    this.#files.close();
    this.#bfd.close();
  }
}

function hasChanged(part: {
  added: readonly unknown[];
  removed: readonly unknown[];
  changed: readonly unknown[];
}): boolean {
  return part.added.length + part.removed.length + part.changed.length > 0;
}

/** A tracker that no instance and no group names is not run, keepalived.conf(5). */
function usedBy(configuration: VrrpConfiguration): VrrpConfiguration {
  const trackers = [...configuration.instances, ...configuration.syncGroups];
  const names = (references: readonly (readonly TrackerReference[])[]): ReadonlySet<string> =>
    new Set(references.flat().map(({ name }) => name));
  const scripts = names(trackers.map((one) => one.trackScripts));
  const processes = names(trackers.map((one) => one.trackProcesses));
  const files = names(trackers.map((one) => one.trackFiles));
  const bfd = names(trackers.map((one) => one.trackBfd));
  return {
    ...configuration,
    scripts: configuration.scripts.filter(({ name }) => scripts.has(name)),
    processes: configuration.processes.filter(({ name }) => processes.has(name)),
    files: configuration.files.filter(({ name }) => files.has(name)),
    bfdSessions: configuration.bfdSessions.filter(({ name }) => bfd.has(name)),
  };
}
