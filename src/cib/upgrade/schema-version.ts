// Which schema a document declares in `validate-with`, and the order of schemas.

/** The schemas there have been: the last minor version of each major one. */
const lastMinor: Readonly<Record<number, number>> = { 1: 3, 2: 10, 3: 10, 4: 0 };

export type SchemaVersion = { readonly major: number; readonly minor: number };

/** What this program reads without translation. */
export const currentSchema: SchemaVersion = { major: 4, minor: 0 };

/**
 * `pacemaker-3.7` and its like; 'none' for a document that declines to be checked; undefined for what is no schema.
 * `pacemaker-1.x` and the other `.x` names mean the newest of their series, `pacemaker-0.7` and `transitional-0.6` are the
 * drafts of 1.0 and use its language.
 */
export function parseSchemaVersion(text: string): SchemaVersion | 'none' | undefined {
  if (text === 'none') return 'none';
  if (/^(?:pacemaker-0\.[67]|transitional-0\.6)$/.test(text)) return { major: 1, minor: 0 };
  const match = /^pacemaker-(\d)\.(\d{1,2}|x|next)$/.exec(text);
  if (match === null) return undefined;
  const major = Number(match[1]);
  const last = lastMinor[major];
  if (last === undefined) return undefined;
  const minor = match[2] === 'x' || match[2] === 'next' ? last : Number(match[2]);
  return minor <= last ? { major, minor } : undefined;
}

export function formatSchemaVersion({ major, minor }: SchemaVersion): string {
  return `pacemaker-${major}.${minor}`;
}
