// Validation of a whole document: what an administrator should be told before the cluster acts on it.
import type { Diagnostic } from '../../kit/index.ts';
import type { XmlElement } from '../xml/element.ts';
import { xmlIndexOf } from '../xml/navigation.ts';
import { Findings } from './findings.ts';
import { checkLoops } from './loops.ts';
import { checkOptions } from './options.ts';
import { checkReferences } from './references.ts';
import { checkStructure } from './structure.ts';

/**
 * Everything found wrong with the document, in its order, each finding with line and path: errors are what makes a
 * document unacceptable (as a schema would), warnings what the cluster accepts but would not do as meant. The document
 * is expected in the current form (see `upgradeCib`); constructs of the 3.x schemas are let pass.
 */
export function validateCib(cib: XmlElement): Diagnostic[] {
  const index = xmlIndexOf(cib);
  const findings = new Findings(index);
  checkStructure(cib, findings);
  checkReferences(cib, index, findings);
  checkLoops(cib, findings);
  checkOptions(cib, findings);
  return findings.all();
}
