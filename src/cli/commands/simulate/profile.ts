// How long it takes to read a document and to decide; for a folder of documents.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { CommandFailure } from '../../../kit/index.ts';
import { schedule } from '../../../scheduler/index.ts';
import { readDocument, timeOfRun } from './document.ts';

export type ProfileFlags = {
  readonly profile: string;
  readonly repeat?: number;
  readonly setDatetime?: string;
};

/** Prints the seconds that each document took in all its repetitions, sorted by name of file. */
export function profileFolder({ profile, repeat = 1, setDatetime }: ProfileFlags): void {
  process.stdout.write('Timings:\n');
  for (const file of documentsOf(profile)) {
    const began = performance.now();
    for (let turn = 0; turn < repeat; turn++) {
      const { cib } = readDocument(file);
      schedule({ cib, now: timeOfRun(cib, setDatetime).now, reasons: false });
    }
    const seconds = (performance.now() - began) / 1000;
    process.stdout.write(`  * Testing ${file} ... ${seconds.toFixed(2)} secs\n`);
  }
}

function documentsOf(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.xml'));
    return names.sort().map((name) => join(folder, name));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailure({ kind: 'not-found', what: `cannot read the folder ${folder}`, why });
  }
}
