// Reading the cluster's document, and deciding at which time it is looked at.
import {
  formatInstant,
  type Instant,
  parseInstant,
  upgradeCib,
  validateCib,
  type XmlElement,
} from '../../../cib/index.ts';
import { CommandFailure, type Diagnostic, formatDiagnostic } from '../../../kit/index.ts';
import { instantOfRun } from '../../../scheduler/index.ts';
import { readXmlFile } from '../../xml-file.ts';

export type Document = {
  readonly cib: XmlElement;
  /** What is said about the document before anything else, for those who watch standard error. */
  readonly complaints: string;
};

const unvalidated =
  'Schema validation of configuration is disabled (support for validate-with set to "none" is deprecated and will be removed in a future release)';

/** The CIB in a file (`-` is standard input), in the current form. @throws CommandFailure with the place in the file */
export function readDocument(file: string): Document {
  const root = readXmlFile(file);
  const { name, line, column } = root;
  if (name !== 'cib') {
    const what = `this is no cluster document: it begins with <${name}>, not with <cib>`;
    throw refused({ severity: 'error', place: { line, column }, what }, file);
  }
  const upgraded = upgradeCib(root);
  if (!upgraded.ok) throw refused(upgraded.error, file);
  const isUnvalidated = root.get('validate-with') === 'none';
  return { cib: upgraded.value.root, complaints: isUnvalidated ? `${unvalidated}\n` : '' };
}

/**
 * Has no cluster decide on a document that no cluster would take. One that names no schema, or `none`, is let pass.
 * @throws CommandFailure with the place of each mistake
 */
export function requireValid(cib: XmlElement, file: string): void {
  const schema = cib.get('validate-with');
  if (schema === undefined || schema === 'none') return;
  const errors = validateCib(cib).filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return;
  const told = errors.slice(0, errorsToldMax).map((each) => formatDiagnostic(inFile(each, file)));
  const more = errors.length > errorsToldMax ? [`and ${errors.length - errorsToldMax} more errors`] : [];
  throw new CommandFailure({ kind: 'config', what: [...told, ...more].join('\n') });
}

const errorsToldMax = 20;

function refused(diagnostic: Diagnostic, file: string): CommandFailure {
  return new CommandFailure({ kind: 'config', what: formatDiagnostic(inFile(diagnostic, file)) });
}

/** What validation and the scheduler find wrong with a document, each thing once, with its place in the file. */
export function complaintsOf(cib: XmlElement, found: readonly Diagnostic[], file: string): Diagnostic[] {
  const findings = validateCib(cib);
  const paths = new Set(findings.map(({ place }) => place.path));
  const others = found.filter(({ place }) => place.path === undefined || !paths.has(place.path));
  return [...findings, ...others].map((each) => inFile(each, file));
}

function inFile(diagnostic: Diagnostic, file: string): Diagnostic {
  return { ...diagnostic, place: { file, ...diagnostic.place } };
}

export type RunTime = {
  readonly now: Instant;
  readonly clock: Instant;
  /** Said to the reader when the time is not the clock's; empty otherwise. */
  readonly note: string;
};

/** The time asked for, else the document's own, else the clock's. */
export function timeOfRun(cib: XmlElement, asked: string | undefined): RunTime {
  const clock = localInstant(Math.floor(Date.now() / 1000));
  if (asked !== undefined) {
    const written = parseInstant(asked, clock);
    if (written === undefined) {
      const fix = 'Write it as in ISO 8601: 2026-07-01, "2026-07-01 12:30:00" or 2026-182T12:30Z';
      throw new CommandFailure({ kind: 'usage', what: `'${asked}' is no date`, fix });
    }
    return {
      now: { ...written, localOffsetSeconds: clock.offsetSeconds },
      clock,
      note: `Setting effective cluster time: ${asked}`,
    };
  }
  const recorded = instantOfRun(cib, clock);
  if (recorded === clock) return { now: clock, clock, note: '' };
  const { epochSeconds } = recorded;
  return {
    // Summer time is as it was then, but what is written without an offset is read in that of today.
    now: { ...localInstant(epochSeconds), localOffsetSeconds: clock.offsetSeconds },
    clock,
    note: `Using the original execution date of: ${formatInstant({ epochSeconds, offsetSeconds: 0 })}`,
  };
}

function localInstant(epochSeconds: number): Instant {
  return { epochSeconds, offsetSeconds: localOffset(epochSeconds) };
}

/** Of the machine's time zone, at that moment. */
export function localOffset(epochSeconds: number): number {
  return -new Date(epochSeconds * 1000).getTimezoneOffset() * 60;
}
