// Cluster options, resolved: names, legacy names, defaults and validity are behind us.

export type QuorumPolicy = 'stop' | 'freeze' | 'ignore' | 'demote' | 'fence';
export type HealthStrategy = 'none' | 'custom' | 'only-green' | 'progressive' | 'migrate-on-red';
export type PlacementStrategy = 'default' | 'utilization' | 'minimal' | 'balanced';

export type ClusterOptions = {
  /** What follows from no-quorum-policy here and now; only counts while inquorate. */
  readonly quorumPolicy: QuorumPolicy;
  readonly symmetric: boolean;
  readonly maintenanceMode: boolean;
  readonly startupProbes: boolean;
  readonly shutdownLock: boolean;
  readonly shutdownLockLimitMs: number;
  readonly fencingEnabled: boolean;
  readonly fencingAction: 'reboot' | 'off';
  readonly fencingTimeoutMs: number;
  readonly haveWatchdog: boolean;
  readonly concurrentFencing: boolean;
  readonly startupFencing: boolean;
  readonly priorityFencingDelayMs: number;
  readonly nodePendingTimeoutMs: number;
  readonly fenceRemoteWithoutQuorum: boolean;
  readonly clusterDelayMs: number;
  readonly batchLimit: number;
  readonly migrationLimit: number;
  readonly stopAllResources: boolean;
  readonly stopRemovedResources: boolean;
  readonly cancelRemovedActions: boolean;
  readonly healthStrategy: HealthStrategy;
  readonly healthBase: number;
  readonly healthGreen: number;
  readonly healthYellow: number;
  readonly healthRed: number;
  readonly placementStrategy: PlacementStrategy;
  readonly clusterName: string | undefined;
  /** Every configured option as written, for what needs the text. */
  readonly configured: ReadonlyMap<string, string>;
};
