// Older documents, brought to the current form series by series: 1 → 2 → 3 → 4. Within a series every schema only added
// to the one before, so nothing has to be done there.
import { type Diagnostic, err, ok, type Result } from '../../kit/index.ts';
import type { XmlElement } from '../xml/element.ts';
import { upgradeFrom1 } from './from-1.ts';
import { upgradeFrom2 } from './from-2.ts';
import { upgradeFrom3 } from './from-3.ts';
import { UpgradeNotes } from './notes.ts';
import { currentSchema, formatSchemaVersion, parseSchemaVersion } from './schema-version.ts';

export type Upgraded = {
  /** The same tree when nothing but the schema's name had to change, apart from that attribute. */
  readonly root: XmlElement;
  /** What was changed in meaning or place, in document order of each step. */
  readonly notes: readonly Diagnostic[];
};

const steps = [
  { below: 2, upgrade: upgradeFrom1 },
  { below: 3, upgrade: upgradeFrom2 },
  { below: 4, upgrade: upgradeFrom3 },
];

/**
 * The document in the form of the current schema, `validate-with` set to it. A document with `none`, or none named, is
 * returned as it is (it opted out of schemas); one whose schema is unknown is refused.
 */
export function upgradeCib(root: XmlElement): Result<Upgraded, Diagnostic> {
  const written = root.get('validate-with');
  const version = written === undefined ? 'none' : parseSchemaVersion(written);
  if (version === undefined) {
    const place = { line: root.line, column: root.column, path: '/cib' };
    const what = `validate-with="${written}" names no schema`;
    const fix = `The newest one known here is ${formatSchemaVersion(currentSchema)}`;
    return err({ severity: 'error', place, what, fix });
  }
  if (version === 'none') return ok({ root, notes: [] });
  const notes = new UpgradeNotes();
  let upgraded = root;
  for (const { below, upgrade } of steps) if (version.major < below) upgraded = upgrade(upgraded, notes);
  const current = formatSchemaVersion(currentSchema);
  const named = written === current ? upgraded : upgraded.with({ 'validate-with': current });
  return ok({ root: named, notes: notes.diagnostics });
}
