// The two programs, asked the same question: what would you do, and where would that leave the cluster?
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseXml, serialiseXml, upgradeCib, type XmlElement } from '../../cib/index.ts';
import { CommandFailure, formatDiagnostic } from '../../kit/index.ts';
import {
  formatDot,
  formatGraph,
  instantOfRun,
  schedule,
  scoreListing,
  simulationSummary,
} from '../../scheduler/index.ts';
import type { Answer } from './answer.ts';
import { exactDot, exactGraph, exactScores } from './exact-text.ts';
import { spellings, wordings } from './generations.ts';
import { graphText } from './graph-text.ts';

const program = '/usr/sbin/crm_simulate';
export const peerAvailable = existsSync(program);

/** The time of documents that name none; seconds. */
const executionDate = '1700000000';

/** The document with a time of its own, so that a trial gives the same on every day. */
export function dated(cib: XmlElement): XmlElement {
  return cib.has('execution-date') ? cib : cib.with({ 'execution-date': executionDate });
}

/**
 * The answer of `crm_simulate`; undefined when it refuses the document.
 * `path` is overwritten with the document in the older spelling, `path.graph` with the graph.
 */
export function peerAnswer(text: string, path: string): Answer | undefined {
  const older = spellings.reduce((sum, { newer, older: name }) => sum.replace(newer, name), text);
  writeFileSync(path, older);
  const env = { ...process.env, TZ: 'UTC', LC_ALL: 'C' };
  const run = (...options: readonly string[]) =>
    spawnSync(program, ['-x', path, ...options], { encoding: 'utf8', timeout: 60_000, env });
  const done = run('-S', '-G', `${path}.graph`, '-D', `${path}.dot`);
  const isStuck = done.status === 1 && done.stderr.includes(stuckLine);
  if (done.status !== 0 && !isStuck) return undefined;
  const graph = readFileSync(`${path}.graph`, 'utf8');
  return {
    summary: normalised(isStuck ? `${done.stdout}\n${stuckLine}` : done.stdout),
    graph: graphText(graph) ?? '',
    get scores() {
      return exactScores(run('-s', '-Q', '-R').stdout);
    },
    exact: exactGraph(graph),
    dot: exactDot(readFileSync(`${path}.dot`, 'utf8')),
  };
}

/** The same of Haven. Throws `CommandFailure` for a document that it refuses. */
export function havenAnswer(text: string): Answer {
  const parsed = parseXml(text);
  if (!parsed.ok) throw new CommandFailure({ kind: 'config', what: formatDiagnostic(parsed.error) });
  const upgraded = upgradeCib(parsed.value);
  if (!upgraded.ok) throw new CommandFailure({ kind: 'config', what: formatDiagnostic(upgraded.error) });
  const cib = upgraded.value.root;
  const now = instantOfRun(cib, { epochSeconds: Number(executionDate), offsetSeconds: 0 });
  const request = { cib, now, clock: now, reasons: false };
  const scheduled = schedule(request);
  const graph = formatGraph(scheduled);
  return {
    summary: normalised(simulationSummary(request, '')),
    graph: graphText(graph) ?? '',
    scores: exactScores(scoreListing(scheduled)),
    exact: exactGraph(graph),
    dot: exactDot(formatDot(scheduled)),
  };
}

export function textOf(cib: XmlElement): string {
  return serialiseXml(cib);
}

/** What is said where actions wait for each other, by one program in between, by the other on standard error. */
const stuckLine = 'An invalid transition was produced';

/** As the suite compares: blanks and blank lines do not count. The note on the time is a note on the options given. */
function normalised(text: string): string {
  const worded = wordings.reduce((sum, { newer, older }) => sum.replace(newer, older), text);
  const lines = worded
    .split('\n')
    .map((line) => line.trim().replace(/\s+/g, ' '))
    .filter((line) => line !== '' && !line.startsWith('Using the original execution date'));
  const done = lines.filter((line) => line !== stuckLine && line !== 'Transition failed: terminated');
  return (lines.includes(stuckLine) ? [...done, stuckLine] : done).join('\n');
}
