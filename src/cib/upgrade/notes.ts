// What an upgrade changed, told to the administrator: one diagnostic a change, at the place of the old text.
import type { Diagnostic, Severity } from '../../kit/index.ts';
import type { XmlElement } from '../xml/element.ts';

export class UpgradeNotes {
  readonly diagnostics: Diagnostic[] = [];

  add(severity: Severity, element: XmlElement, what: string, why?: string): void {
    const id = element.id === undefined ? '' : `[@id='${element.id}']`;
    const line = element.line === 0 ? {} : { line: element.line, column: element.column };
    const place = { ...line, path: `//${element.name}${id}` };
    this.diagnostics.push({ severity, place, what, ...(why === undefined ? {} : { why }) });
  }
}
