// Collects what validation finds, each with the line and the path of its element, up to a limit.
import type { Diagnostic, Severity } from '../../kit/index.ts';
import type { XmlElement } from '../xml/element.ts';
import type { XmlIndex } from '../xml/navigation.ts';

/** Beyond so many a document is simply not a cluster's; the rest is counted. */
export const findingsMax = 1000;

export type Finding = { readonly what: string; readonly why?: string; readonly fix?: string };

export class Findings {
  readonly #index: XmlIndex;
  readonly #diagnostics: Diagnostic[] = [];
  #suppressed = 0;

  constructor(index: XmlIndex) {
    this.#index = index;
  }

  add(severity: Severity, element: XmlElement, finding: Finding): void {
    if (this.#diagnostics.length >= findingsMax) {
      this.#suppressed++;
      return;
    }
    const line = element.line === 0 ? {} : { line: element.line, column: element.column };
    this.#diagnostics.push({ severity, place: { ...line, path: this.#index.pathOf(element) }, ...finding });
  }

  /** In document order. */
  all(): Diagnostic[] {
    const ordered = [...this.#diagnostics].sort((left, right) => (left.place.line ?? 0) - (right.place.line ?? 0));
    if (this.#suppressed === 0) return ordered;
    return [...ordered, { severity: 'info', place: {}, what: `and ${this.#suppressed} more findings` }];
  }
}
