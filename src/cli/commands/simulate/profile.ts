// How long it takes to read a document and to decide; for a folder of documents.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { serialiseXml, xmlElement } from '../../../cib/index.ts';
import { CommandFailure } from '../../../kit/index.ts';
import { resultXml, schedule } from '../../../scheduler/index.ts';
import { readDocument, timeOfRun } from './document.ts';
import { commandLine } from './output.ts';

export type ProfileFlags = {
  readonly profile: string;
  readonly repeat?: number;
  readonly setDatetime?: string;
  readonly outputAs: 'text' | 'xml';
};

/** Prints the seconds that each document took in all its repetitions, sorted by name of file. */
export function profileFolder(flags: ProfileFlags): void {
  const files = documentsOf(flags.profile);
  if (flags.outputAs === 'text') {
    process.stdout.write('Timings:\n');
    for (const file of files)
      process.stdout.write(`  * Testing ${file} ... ${secondsOf(file, flags).toFixed(2)} secs\n`);
    return;
  }
  const timings = files.map((file) => xmlElement('timing', { file, duration: secondsOf(file, flags).toFixed(6) }));
  process.stdout.write(serialiseXml(resultXml(commandLine(), [xmlElement('timings', {}, timings)], [])));
}

function secondsOf(file: string, { repeat = 1, setDatetime }: ProfileFlags): number {
  const began = performance.now();
  for (let turn = 0; turn < repeat; turn++) {
    const { cib } = readDocument(file);
    schedule({ cib, now: timeOfRun(cib, setDatetime).now, reasons: false });
  }
  return (performance.now() - began) / 1000;
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
