// Reading a block: a table says what each keyword does to the draft of the thing that the block describes.
import { nearest } from '../../kit/index.ts';
import type { ScriptUser } from '../configuration.ts';
import type { Findings } from './findings.ts';
import type { Statement } from './statement.ts';
import type { Surroundings } from './surroundings.ts';

/** What every reader is given besides its statement. */
export type Scope = {
  readonly findings: Findings;
  readonly surroundings: Surroundings;
  /** How messages begin: `(VI_1) `, or nothing. */
  readonly subject: string;
  /** How scripts are looked at; undefined while global_defs, which decides it, is being read. */
  readonly scripts: ScriptPolicy | undefined;
};

export type ScriptPolicy = {
  /** `enable_script_security`. */
  readonly security: boolean;
  /** Who runs scripts that name no user; undefined: the user of the daemon. */
  readonly user: ScriptUser | undefined;
  /** Scripts that run as root without script security are told of once. */
  rootScriptReported: boolean;
};

export type Reader<Draft> = (draft: Draft, statement: Statement, scope: Scope) => void;
export type Table<Draft> = Readonly<Record<string, Reader<Draft>>>;

/** Reads the statements of a block into `draft`. An unknown keyword is reported once, with its block skipped. */
export function readBlock<Draft>(
  draft: Draft,
  statements: readonly Statement[],
  table: Table<Draft>,
  scope: Scope,
): void {
  for (const statement of statements) {
    const reader = Object.hasOwn(table, statement.keyword) ? table[statement.keyword] : undefined;
    if (reader === undefined) reportUnknown(statement, Object.keys(table), scope);
    else reader(draft, statement, scope);
  }
}

export function reportUnknown(statement: Statement, known: Iterable<string>, scope: Scope): void {
  if (statement.keyword === '') return;
  const suggestion = nearest(statement.keyword, known);
  scope.findings.error(
    statement.place,
    `${scope.subject}Unknown keyword '${statement.keyword}'`,
    suggestion === undefined ? {} : { fix: `Did you mean '${suggestion}'?` },
  );
}

/** The statements of a keyword that must have a block. */
export function blockOf(statement: Statement, scope: Scope): readonly Statement[] {
  if (statement.block !== undefined) return statement.block;
  scope.findings.error(statement.place, `${scope.subject}Missing '{' after '${statement.keyword}'`, {
    fix: `Write ${statement.keyword} { … }`,
  });
  return [];
}

/** An interface that is named and not there: what the line says of it has no effect. */
export function reportUnknownInterface(name: string, { place }: Statement, scope: Scope): void {
  if (scope.surroundings.interfaces?.has(name) !== false) return;
  scope.findings.error(place, `${scope.subject}unknown interface ${name}`, { fix: 'Create it, or correct the name' });
}

/** All words of a line of a list, such as an address with its options. */
export function wordsOf(statement: Statement): readonly string[] {
  return [statement.keyword, ...statement.words.map((word) => word.text)];
}

/** Reads each line of a list block. */
export function list<Draft>(readItem: (draft: Draft, statement: Statement, scope: Scope) => void): Reader<Draft> {
  return (draft, statement, scope) => {
    for (const item of blockOf(statement, scope)) readItem(draft, item, scope);
  };
}
