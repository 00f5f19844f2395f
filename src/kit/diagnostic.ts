// Diagnostics are the user's mistakes in a file or document: collected, not thrown, each with its place, what is wrong,
// why, and how to fix it.

export type Severity = 'error' | 'warning' | 'info';

/** Where in the user's material: a line (1-based) of a file, or an element path of a document, or both. */
export type Place = {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly path?: string;
};

export type Diagnostic = {
  readonly severity: Severity;
  readonly place: Place;
  readonly what: string;
  readonly why?: string;
  readonly fix?: string;
};

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === 'error');
}

/** `file:line:column: error: what: why. fix` */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const why = diagnostic.why === undefined ? '' : `: ${diagnostic.why}`;
  const fix = diagnostic.fix === undefined ? '' : `. ${diagnostic.fix}`;
  const place = formatPlace(diagnostic.place);
  return `${place === '' ? '' : `${place}: `}${diagnostic.severity}: ${diagnostic.what}${why}${fix}`;
}

export function formatPlace(place: Place): string {
  const position = [place.file, place.line, place.column].filter((part) => part !== undefined).join(':');
  return [position, place.path].filter((part) => part !== undefined && part !== '').join(' ');
}
