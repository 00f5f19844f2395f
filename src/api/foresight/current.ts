// The document as a running cluster has it, for looking at with the scheduler.
import { type Instant, upgradeCib, type XmlElement } from '../../cib/index.ts';
import { CommandFailure, formatDiagnostic } from '../../kit/index.ts';

/** In the form that the scheduler reads. @throws CommandFailure `config` */
export function currentDocument(cib: XmlElement): XmlElement {
  const upgraded = upgradeCib(cib);
  if (upgraded.ok) return upgraded.value.root;
  throw new CommandFailure({ kind: 'config', what: formatDiagnostic(upgraded.error) });
}

/** A running cluster lives now, where this machine is. */
export function clockInstant(): Instant {
  const now = new Date();
  return { epochSeconds: Math.floor(now.getTime() / 1000), offsetSeconds: -now.getTimezoneOffset() * 60 };
}
