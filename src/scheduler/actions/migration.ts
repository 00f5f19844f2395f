// Live migration: the resource is handed from its current node to its next one without a gap, instead of being stopped
// here and started there. The stop then only tidies up, and the start is a milestone.

import type { ClusterNode, Primitive } from '../model/index.ts';
import { MIGRATABLE, PSEUDO } from './action.ts';
import { does, order } from './ordering.ts';
import type { Plan } from './plan.ts';
import { FIRST_ELSE_THEN, ORDERED, UNMIGRATABLE_THEN_BLOCKS } from './relation.ts';
import { requestAction } from './request.ts';

export function mayMigrate(resource: Primitive, current: ClusterNode, assigned: ClusterNode): boolean {
  const steady = resource.managed && !resource.failed && !resource.startPending;
  return resource.migratable && steady && !current.unclean && !assigned.unclean;
}

/** Migrates from `current` to `assigned`, or continues a migration that is half done. */
export function createMigration(plan: Plan, resource: Primitive, current: ClusterNode, assigned: ClusterNode): void {
  const request = (task: string, node: ClusterNode) => requestAction(plan, { resource, task, node, need: 'optional' });
  const start = request('start', assigned);
  const stop = request('stop', current);
  const to = resource.migration === undefined ? request('migrate_to', current) : undefined;
  const from = request('migrate_from', assigned);
  start.set(MIGRATABLE | PSEUDO);
  stop.set(MIGRATABLE);
  from.set(MIGRATABLE);
  to?.set(MIGRATABLE);
  (to ?? from).needs = start.needs;
  for (const action of to === undefined ? [from] : [to, from]) {
    action.addMeta('migrate_source', current.name);
    action.addMeta('migrate_target', assigned.name);
  }
  if (resource.connectionKind === 'none') to?.addMeta('record-pending', 'true');
  const before = (first: string, next: string, kinds: number) =>
    order(plan, does(resource, first), does(resource, next), kinds);
  before('monitor', to === undefined ? 'migrate_from' : 'migrate_to', ORDERED);
  if (to !== undefined) before('migrate_to', 'migrate_from', ORDERED | UNMIGRATABLE_THEN_BLOCKS);
  before('migrate_from', 'stop', ORDERED | UNMIGRATABLE_THEN_BLOCKS);
  before('migrate_from', 'start', ORDERED | UNMIGRATABLE_THEN_BLOCKS | FIRST_ELSE_THEN);
}
