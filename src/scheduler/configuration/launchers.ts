// Which resource runs inside which, and which resource connects which remote-type node.

import type { Cluster, Primitive } from '../model/index.ts';
import { nodeNamed } from './nodes.ts';
import { findResource, visitPrimitives } from './tree.ts';

export function linkLaunchers(cluster: Cluster): void {
  for (const resource of cluster.resources) visitPrimitives(resource, (each) => linkLauncher(cluster, each));
}

/** Finds the resource that `container` names, of whatever variant. */
export function linkLauncher(cluster: Cluster, resource: Primitive): void {
  const name = resource.meta.get('container');
  if (name === undefined || name === resource.id || resource.launcher !== undefined) return;
  const launcher = findResource(cluster, name);
  if (launcher === undefined) return;
  resource.launcher = launcher;
  launcher.launched.push(resource);
}

export function linkConnections(cluster: Cluster): void {
  for (const resource of cluster.resources) visitPrimitives(resource, (each) => linkConnection(cluster, each));
}

/** Makes a connection resource and its node know each other. */
export function linkConnection(cluster: Cluster, resource: Primitive): void {
  if (resource.connectionKind === 'none') return;
  const node = nodeNamed(cluster, resource.id);
  if (node === undefined) return;
  node.connection = resource;
  if (resource.launcher !== undefined) node.attributes.set('#kind', 'container');
  else if (cluster.options.startupFencing) node.unclean = true;
}
