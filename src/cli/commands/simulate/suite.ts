// Runs a folder of recorded cases in one process, and writes what two runs of crm_simulate per case would have printed.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandFailure } from '../../../kit/index.ts';
import {
  execute,
  formatDot,
  formatGraph,
  type Schedule,
  schedule,
  scoreListing,
  simulationSummary,
  transitionErrors,
} from '../../../scheduler/index.ts';
import { readDocument, timeOfRun } from './document.ts';

export type SuiteRequest = {
  /** Holds `cases.json` and `xml/NAME.xml`. */
  readonly folder: string;
  /** Gets `summary/`, `scores/`, `exp/`, `dot/` and `stderr/`. */
  readonly output: string;
  /** Only cases whose name contains this. */
  readonly only: string | undefined;
};

type Case = { readonly name: string; readonly args: readonly string[] };

const kinds = ['summary', 'scores', 'exp', 'dot', 'stderr'] as const;
type Kind = (typeof kinds)[number];
type Files = Readonly<Record<Kind, string>>;

/** The number of cases that could not be run. */
export function runSuite({ folder, output, only }: SuiteRequest): number {
  for (const kind of kinds) mkdirSync(join(output, kind), { recursive: true });
  let failed = 0;
  for (const each of readCases(folder)) {
    if (only !== undefined && !each.name.includes(only)) continue;
    try {
      write(output, each.name, runCase(join(folder, 'xml', `${each.name}.xml`), each));
    } catch (thrown) {
      failed += 1;
      const detail = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
      process.stderr.write(`${each.name}: ${detail}\n`);
    }
  }
  return failed;
}

function readCases(folder: string): Case[] {
  const file = join(folder, 'cases.json');
  try {
    const listed: { name: string; args?: string[] }[] = JSON.parse(readFileSync(file, 'utf8'));
    return listed.map(({ name, args }) => ({ name, args: args ?? [] }));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return everyDocumentOf(folder);
    throw new CommandFailure({ kind: 'config', what: `cannot read ${file}`, why: String(cause) });
  }
}

/** Without a list, every document is a case. */
function everyDocumentOf(folder: string): Case[] {
  const names = readdirSync(join(folder, 'xml')).filter((name) => name.endsWith('.xml'));
  return names.sort().map((name) => ({ name: name.slice(0, -'.xml'.length), args: [] }));
}

function write(output: string, name: string, files: Files): void {
  for (const kind of kinds) {
    if (kind === 'stderr' && files.stderr === '') continue;
    writeFileSync(join(output, kind, `${name}.${kind}`), files[kind]);
  }
}

function runCase(file: string, { args }: Case): Files {
  const asked = args[0] === '-t' ? args[1] : undefined;
  const document = readDocument(file);
  const time = timeOfRun(document.cib, asked);
  const run = { cib: document.cib, now: time.now, clock: time.clock, reasons: false };
  const scheduled: Schedule = schedule(run);
  return {
    summary: `${document.complaints}${time.note === '' ? '' : `${time.note}\n`}${simulationSummary(run, time.note)}`,
    scores: sortedLines(scoreListing(scheduled)),
    exp: blanked(formatGraph(scheduled)),
    dot: normalisedDot(formatDot(scheduled)),
    stderr: [document.complaints, ...transitionErrors(execute(scheduled.graph)).map((line) => `${line}\n`)].join(''),
  };
}

function sortedLines(text: string): string {
  return `${text.trimEnd().split('\n').sort(bytewise).join('\n')}\n`;
}

function bytewise(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Recorded graphs leave out what changes from release to release. */
function blanked(text: string): string {
  return text.replaceAll(/crm_feature_set="[^"]*"|batch-limit="[0-9]*"/g, '');
}

/** First and last line stay; those between are a set. */
function normalisedDot(text: string): string {
  const lines = text.trimEnd().split('\n');
  const inner = [...new Set(lines.slice(1, -1))].sort(bytewise);
  return `${[lines[0], ...inner, lines.at(-1)].join('\n')}\n`;
}
