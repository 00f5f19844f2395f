// What a node says of the cluster when it is asked.
import { type ClusterStatus, documentView } from '../../api/index.ts';
import type { ReplicaState } from '../../controller/index.ts';
import type { ClusterConfiguration } from './configuration.ts';
import { pendingOperations, wallClock } from './reading.ts';
import { watchdogWarnings } from './watchdog-warnings.ts';

export type Standing = {
  readonly replica: ReplicaState;
  readonly configuration: Pick<ClusterConfiguration, 'nodes' | 'watchdog'>;
  /** Undefined before the ring runs. */
  readonly quorum: ClusterStatus['quorum'] | undefined;
  /** Why the disk takes nothing; undefined when it does. */
  readonly trouble: string | undefined;
};

export const noQuorumYet: ClusterStatus['quorum'] = { quorate: false, votes: 0, expectedVotes: 0, votesNeeded: 0 };

export function statusOf({ replica, configuration, quorum, trouble }: Standing): ClusterStatus {
  const { self, cib, phase, coordinator } = replica;
  const { nodes, watchdog } = configuration;
  const leader = nodes.find(({ id }) => id === coordinator)?.name ?? coordinator?.toString();
  const view = documentView(cib, wallClock());
  const own = trouble === undefined ? [] : [`${self.name} cannot store changes of the configuration: ${trouble}`];
  return {
    ...view,
    cluster: self.cluster,
    version: self.version,
    node: self.name,
    phase: phase === 'together' || phase === 'apart' ? phase : 'joining',
    coordinator: leader,
    quorum: quorum ?? noQuorumYet,
    nodes: view.nodes.map((node) => ({ ...node, coordinator: node.name === leader, self: node.name === self.name })),
    activity: pendingOperations(cib),
    warnings: [...own, ...watchdogWarnings(cib, self.name, watchdog), ...view.warnings],
  };
}
