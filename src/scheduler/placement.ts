// From a document to a placement: the first half of a scheduler run. Each phase may rely on those before it.

import type { XmlElement } from '../cib/index.ts';
import { assignResources } from './assignment/assignment.ts';
import type { ScoreListing } from './assignment/listing.ts';
import { openCluster, type RunSettings } from './configuration/cluster.ts';
import { readNodes } from './configuration/nodes.ts';
import { readResources, readTags } from './configuration/resources.ts';
import { readConstraints } from './constraints/constraints.ts';
import { addImplicitConstraints } from './constraints/implicit.ts';
import { applyCriteria } from './criteria/criteria.ts';
import { addHealthLocations } from './criteria/health.ts';
import type { Cluster } from './model/index.ts';
import { readStatus } from './status/status.ts';

/** Reads the document: what is configured, and what is known to be the case. */
export function readCluster(cib: XmlElement, settings: RunSettings): Cluster {
  const cluster = openCluster(cib, settings);
  readNodes(cluster);
  readResources(cluster);
  readTags(cluster);
  readStatus(cluster);
  return cluster;
}

/** Everything that bears on placement is in tables and lists after this. */
export function prepareAssignment(cluster: Cluster): void {
  addHealthLocations(cluster);
  readConstraints(cluster);
  applyCriteria(cluster);
  addImplicitConstraints(cluster);
}

/** A document read and its resources placed. */
export function placeResources(cib: XmlElement, settings: RunSettings): { cluster: Cluster; listing: ScoreListing } {
  const cluster = readCluster(cib, settings);
  prepareAssignment(cluster);
  return { cluster, listing: assignResources(cluster) };
}
