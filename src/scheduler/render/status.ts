// The state of a cluster as text: nodes, then resources.

import { primitivesOf } from '../actions/family.ts';
import type { Cluster } from '../model/index.ts';
import { roles } from '../model/index.ts';
import { renderNodes } from './nodes.ts';
import { Outline } from './outline.ts';
import type { PendingDisplay } from './primitive.ts';
import { renderResources } from './resources.ts';

/** `TITLE:` with the node list and the resource list below it. */
export function renderStatus(cluster: Cluster, title: string, pending: PendingDisplay): string {
  const out = new Outline();
  out.heading(0, title);
  renderNodes(cluster, out);
  if (cluster.nodes.length > 0) out.blank();
  renderResources(cluster, out, pending);
  return out.toString();
}

/** What an administrator should know before looking: management is off, or resources are disabled or blocked. */
export function renderNotices(cluster: Cluster): string {
  const out = new Outline();
  if (cluster.options.maintenanceMode) {
    out.blank();
    out.item(0, '              *** Resource management is DISABLED ***');
    out.item(0, '  The cluster will not attempt to start, stop or recover services');
  }
  const counts = countInstances(cluster);
  if (counts.disabled > 0 || counts.blocked > 0) {
    if (cluster.options.maintenanceMode) out.blank();
    out.item(
      0,
      `${counts.disabled} of ${counts.all} resource instances DISABLED and ${counts.blocked} BLOCKED from further action due to failure`,
    );
  }
  return out.toString();
}

function countInstances(cluster: Cluster): { all: number; disabled: number; blocked: number } {
  const counts = { all: 0, disabled: 0, blocked: 0 };
  for (const resource of cluster.resources) {
    for (const primitive of primitivesOf(resource)) {
      if (primitive.removed && primitive.currentRole <= roles.stopped) continue;
      counts.all += 1;
      if (primitive.disabled) counts.disabled += 1;
      if (primitive.blocked) counts.blocked += 1;
    }
  }
  return counts;
}
