// What is wrong with a configuration, in the order it was found: one finding a fault, at the line that caused it.
import type { Diagnostic, Place, Severity } from '../../kit/index.ts';

/** Where a statement stands. */
export type LinePlace = { readonly file: string; readonly line: number };

/**
 * One thing to say. `error`: something written cannot be honoured. `warning`: it is honoured with an adjustment.
 * `info`: a plain statement that the peer would not make; it does not count in the verdict.
 */
export type Finding = Diagnostic & { readonly kind: 'configuration' | 'script-security' | 'missing-parameter' };

export type Explanation = { readonly why?: string; readonly fix?: string };

/** Collects findings; more than the maximum would only hide the first ones. */
export class Findings {
  static readonly findingsMax = 1000;
  readonly #items: Finding[] = [];

  get items(): readonly Finding[] {
    return this.#items;
  }

  error(place: Place, what: string, explanation: Explanation = {}): void {
    this.#add('error', place, what, explanation);
  }

  warning(place: Place, what: string, explanation: Explanation = {}): void {
    this.#add('warning', place, what, explanation);
  }

  info(place: Place, what: string, explanation: Explanation = {}): void {
    this.#add('info', place, what, explanation);
  }

  /** A keyword at the end of a line without its value: such a line has an exit code of its own. */
  missingParameter(place: Place, subject: string, words: readonly string[]): void {
    if (this.#items.length >= Findings.findingsMax) return;
    const after = words.at(-1) ?? '';
    const what = `${subject}line starting '${words[0] ?? ''}' is missing a parameter after keyword '${after}'`;
    const fix = `Write a value after '${after}', or remove it`;
    this.#items.push({ severity: 'error', place, what, fix, kind: 'missing-parameter' });
  }

  /** Scripts that run as root without script security: the other message that has an exit code of its own. */
  scriptSecurity(place: Place, what: string, explanation: Explanation = {}): void {
    if (this.#items.length >= Findings.findingsMax) return;
    this.#items.push({ severity: 'warning', place, what, ...explanation, kind: 'script-security' });
  }

  #add(severity: Severity, place: Place, what: string, explanation: Explanation): void {
    if (this.#items.length >= Findings.findingsMax) return;
    this.#items.push({ severity, place, what, ...explanation, kind: 'configuration' });
  }
}

/** `(FILE: Line N) message`, the form that scripts around `keepalived -t` look for. */
export function formatFinding(finding: Finding): string {
  const { file, line } = finding.place;
  const place = file === undefined ? '' : line === undefined ? `(${file}) ` : `(${file}: Line ${line}) `;
  const why = finding.why === undefined ? '' : `: ${finding.why}`;
  const fix = finding.fix === undefined ? '' : `. ${finding.fix}`;
  return `${place}${finding.what}${why}${fix}`;
}

/**
 * Exit code of `keepalived -t`: 0 nothing to say, 2 a parameter is missing, 6 scripts run as root without script security,
 * else 5.
 */
export function verdictOf(findings: readonly Finding[]): 0 | 2 | 5 | 6 {
  if (findings.some((finding) => finding.kind === 'missing-parameter')) return 2;
  if (findings.some((finding) => finding.kind === 'script-security')) return 6;
  return findings.some((finding) => finding.severity !== 'info') ? 5 : 0;
}
