// Watches the files of all track_file blocks: their directories, because a file may be made anew or renamed over.
import { closeSync, existsSync, openSync, readSync, writeFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { formatFailure } from '../../../kit/index.ts';
import { type FileEvent, type FileWatch, kernelFailure, watchFiles } from '../../../linux/index.ts';
import { type FileTracker, fileTracker, readTrackedFile, type TrackedFile } from '../../../vrrp/index.ts';
import type { TrackerNews } from '../message.ts';
import { logLevelOf, type TrackerListener } from './listener.ts';

/** A number, a sign and white space fit many times. */
const contentBytesMax = 256;
/** How often a directory that is not there is looked for. */
const retryMs = 500;

export class FileWatcher {
  readonly #listener: TrackerListener;
  readonly #trackers: readonly FileTracker[];
  readonly #watch: FileWatch | undefined;
  readonly #unwatched = new Set<string>();
  #retry: NodeJS.Timeout | undefined;

  constructor(files: readonly TrackedFile[], listener: TrackerListener) {
    this.#listener = listener;
    this.#trackers = files.map(fileTracker);
    if (files.length === 0) return;
    const watch = watchFiles({
      onEvent: (event) => this.#hear(event),
      onError: (error) => listener.log('error', formatFailure(kernelFailure(error))),
    });
    if (watch.ok) this.#watch = watch.value;
    else listener.log('error', formatFailure(kernelFailure(watch.error)));
    for (const file of files) this.#initialise(file);
    for (const folder of new Set(files.map(({ path }) => dirname(resolve(path))))) this.#watchFolder(folder);
    for (const tracker of this.#trackers) this.#read(tracker);
  }

  reports(): readonly TrackerNews[] {
    return this.#trackers.map(({ file, value }) => ({
      tracker: 'file',
      name: file.name,
      report: value === undefined ? { kind: 'unknown' } : { kind: 'value', value },
    }));
  }

  close(): void {
    clearTimeout(this.#retry);
    this.#watch?.close();
  }

  #initialise({ name, path, initialise }: TrackedFile): void {
    if (initialise === undefined || (existsSync(path) && !initialise.overwrite)) return;
    try {
      writeFileSync(path, `${initialise.value}\n`);
    } catch (error) {
      this.#listener.log(
        'warning',
        `Track file ${name}: cannot write ${path}: ${error instanceof Error ? error.message : error}`,
      );
    }
  }

  /** `create` is a file that is still empty, except for a link to one with content. */
  #watchFolder(folder: string): void {
    const added = this.#watch?.add(folder, [
      'close-write',
      'create',
      'delete',
      'moved-from',
      'moved-to',
      'delete-self',
    ]);
    if (added === undefined || added.ok) return;
    if (this.#unwatched.size === 0) this.#retry = setTimeout(() => this.#tryAgain(), retryMs);
    if (!this.#unwatched.has(folder)) this.#listener.log('warning', formatFailure(kernelFailure(added.error)));
    this.#unwatched.add(folder);
  }

  #tryAgain(): void {
    const folders = [...this.#unwatched].filter((folder) => existsSync(folder));
    for (const folder of folders) {
      this.#unwatched.delete(folder);
      this.#watchFolder(folder);
      for (const tracker of this.#inFolder(folder)) this.#read(tracker);
    }
    if (this.#unwatched.size > 0) this.#retry = setTimeout(() => this.#tryAgain(), retryMs);
  }

  #hear({ path, changes, entry }: FileEvent): void {
    if (changes.includes('lost')) {
      for (const tracker of this.#trackers) this.#read(tracker);
      return;
    }
    if (changes.includes('ended')) this.#watchFolder(path);
    for (const tracker of this.#inFolder(path)) {
      const concerned = entry === undefined || entry === basename(tracker.file.path);
      if (concerned && !(changes.includes('create') && contentOf(tracker.file.path) === '')) this.#read(tracker);
    }
  }

  #inFolder(folder: string): readonly FileTracker[] {
    return this.#trackers.filter(({ file }) => dirname(resolve(file.path)) === folder);
  }

  #read(tracker: FileTracker): void {
    for (const effect of readTrackedFile(tracker, contentOf(tracker.file.path))) {
      if (effect.kind === 'log') this.#listener.log(logLevelOf(effect.level), effect.message);
      else this.#listener.onNews({ tracker: 'file', name: tracker.file.name, report: effect.report });
    }
  }
}

function contentOf(path: string): string | undefined {
  try {
    const fd = openSync(path, 'r');
    try {
      const buffer = Buffer.alloc(contentBytesMax);
      return buffer.toString('latin1', 0, readSync(fd, buffer));
    } finally {
      closeSync(fd);
    }
  } catch {
    // Missing or unreadable: it counts as 0, and the tracker says so.
    return undefined;
  }
}
