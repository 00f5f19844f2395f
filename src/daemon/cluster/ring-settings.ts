// The ring of a cluster, as its configuration describes it.
import { join } from 'node:path';
import { defined } from '../../kit/index.ts';
import {
  type DescribedNode,
  fastTiming,
  havenTiming,
  type RingSettings,
  ringOfDescription,
  sealedBy,
  type TotemTiming,
} from '../../membership/index.ts';
import type { ClusterConfiguration } from './configuration.ts';

/** @throws CommandFailure: no key, or none of the nodes is this machine. */
export function ringSettingsOf(configuration: ClusterConfiguration): RingSettings {
  return ringOfDescription({
    clusterName: configuration.cluster,
    nodes: describedNodes(configuration.nodes),
    port: configuration.port,
    security: sealedBy(configuration.keyFile),
    stateDirectory: join(configuration.stateDirectory, 'ring'),
    timing: timingOf(configuration),
  });
}

export function timingOf({ profile }: ClusterConfiguration): TotemTiming {
  return profile === 'fast' ? fastTiming : havenTiming;
}

export function describedNodes(nodes: ClusterConfiguration['nodes']): DescribedNode[] {
  return nodes.map(({ name, id, addresses }) => ({ name, nodeId: id, addresses }));
}

/** The name of this machine's node. @throws CommandFailure: none of the nodes is this machine. */
export function ownName(configuration: ClusterConfiguration): string {
  const { nodeId } = ringSettingsOf(configuration);
  return defined(
    configuration.nodes.find(({ id }) => id === nodeId),
    'the ring is made of the nodes',
  ).name;
}
