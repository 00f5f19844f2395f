// Assigning a clone: scores from promotion and dependents first, then instance by instance.

import { thisWithOf, withThisOf } from '../colocation/lists.ts';
import { incorporateDependent } from '../colocation/preferences.ts';
import type { Clone } from '../model/index.ts';
import { sortInPlace } from '../model/ordering.ts';
import { distribute } from './distribution.ts';
import { compareInstances } from './instance-order.ts';
import { chooseRoles } from './promotion.ts';
import { addPromotionScores } from './promotion-score.ts';
import type { AssignmentRequest, Run } from './run.ts';

export function assignClone(run: Run, clone: Clone, request: AssignmentRequest): undefined {
  if (clone.decided || clone.deciding) return undefined;
  clone.deciding = true;
  if (clone.promotable) addPromotionScores(run, clone);
  for (const { primary } of thisWithOf(clone)) run.assign(run, primary, request);
  for (const colocation of withThisOf(clone)) incorporateDependent(run, clone, colocation);
  run.listing.addTables(clone);
  sortInPlace(clone.instances, (a, b) => compareInstances(run, a, b));
  distribute(run, clone, clone.instances, { totalMax: clone.cloneMax, perNodeMax: clone.cloneNodeMax });
  if (clone.promotable) chooseRoles(run, clone);
  clone.decided = true;
  clone.deciding = false;
  return undefined;
}
