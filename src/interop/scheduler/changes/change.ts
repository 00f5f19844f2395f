// Random changes to a CIB, as administrators and failures make them. A change is a function of the document and a seed,
// so that a trial can be repeated with some of its changes left out.
import type { XmlElement } from '../../../cib/index.ts';
import type { Random } from '../../../kit/index.ts';
import { configurationChanges } from './configuration.ts';
import { constraintChanges } from './constraints.ts';
import type { Change, Changed } from './editing.ts';
import { historyChanges } from './history.ts';
import { oddities } from './oddities.ts';
import { statusChanges } from './status.ts';
import { structureChanges } from './structure.ts';

const families: readonly (readonly Change[])[] = [
  constraintChanges,
  configurationChanges,
  statusChanges,
  historyChanges,
  oddities,
];

/** One random change; the document itself, and an empty text, when the kind that was drawn does not apply. */
export function randomChange(cib: XmlElement, random: Random): Changed {
  const family = random.pick(families) ?? [];
  return random.pick(family)?.(cib, random) ?? { cib, what: '' };
}

/** As `randomChange`, with damage that makes documents wrong rather than different. */
export function randomDamage(cib: XmlElement, random: Random): Changed {
  return random.pick(structureChanges)?.(cib, random) ?? { cib, what: '' };
}
