// The document as it stood at the latest changes. What the coordinator decided on is one of them, so that every member can
// keep it with the decision, and nobody has to send it.
import { cibVersionOf, formatCibVersion, type XmlElement } from '../../cib/index.ts';

/** Versions share all that did not change between them. */
const documentsMax = 16;

/** `0.42.7` */
export function versionOf(cib: XmlElement): string {
  return formatCibVersion(cibVersionOf(cib));
}

export class RecentDocuments {
  readonly #byVersion = new Map<string, XmlElement>();

  note(cib: XmlElement): void {
    const version = versionOf(cib);
    this.#byVersion.delete(version);
    this.#byVersion.set(version, cib);
    for (const oldest of this.#byVersion.keys()) {
      if (this.#byVersion.size <= documentsMax) return;
      this.#byVersion.delete(oldest);
    }
  }

  of(version: string): XmlElement | undefined {
    return this.#byVersion.get(version);
  }
}
