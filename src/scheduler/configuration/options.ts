// Cluster options: every `cluster_property_set` gathered, each option resolved by name, then by its legacy name, then by default.

import {
  parseBoolean,
  parseInteger,
  parseIntervalMs,
  parseScore,
  type XmlElement,
  xmlIndexOf,
} from '../../cib/index.ts';
import { INFINITY_SCORE } from '../../kit/index.ts';
import type { ClusterOptions, HealthStrategy, PlacementStrategy, QuorumPolicy } from '../model/index.ts';
import { type ValueContext, valuesOf } from './nvset.ts';

/** What the quorum policy also depends on. */
export type QuorumFacts = { readonly quorate: boolean; readonly quorumPanic: number };

export function readOptions(cib: XmlElement, context: ValueContext, quorum: QuorumFacts): ClusterOptions {
  const section = xmlIndexOf(cib).only('crm_config');
  const configured = valuesOf(section, 'cluster_property_set', context, 'cib-bootstrap-options');
  const option = optionReader(configured);
  const fencingEnabled = option.flag('fencing-enabled', true, 'stonith-enabled');
  const symmetric = option.flag('symmetric-cluster', true);
  return {
    quorumPolicy: quorumPolicyOf(option.text('no-quorum-policy')?.toLowerCase(), fencingEnabled, quorum),
    symmetric,
    maintenanceMode: option.flag('maintenance-mode', false),
    startupProbes: option.flag('enable-startup-probes', true),
    shutdownLock: option.flag('shutdown-lock', false),
    shutdownLockLimitMs: option.durationMs('shutdown-lock-limit', 0),
    fencingEnabled,
    fencingAction: fencingActionOf(option.text('fencing-action', 'stonith-action')),
    fencingTimeoutMs: option.durationMs('fencing-timeout', 60_000, 'stonith-timeout'),
    haveWatchdog: option.flag('have-watchdog', false),
    concurrentFencing: option.flag('concurrent-fencing', true),
    startupFencing: fencingEnabled && option.flag('startup-fencing', true),
    priorityFencingDelayMs: option.durationMs('priority-fencing-delay', 0),
    nodePendingTimeoutMs: option.durationMs('node-pending-timeout', 0),
    fenceRemoteWithoutQuorum: option.flag('fence-remote-without-quorum', false),
    clusterDelayMs: option.durationMs('cluster-delay', 60_000),
    batchLimit: option.integer('batch-limit', 0),
    migrationLimit: option.integer('migration-limit', -1),
    stopAllResources: option.flag('stop-all-resources', false),
    stopRemovedResources: option.flag('stop-removed-resources', true, 'stop-orphan-resources'),
    cancelRemovedActions: option.flag('cancel-removed-actions', true, 'stop-orphan-actions'),
    healthStrategy: oneOf(healthStrategies, option.text('node-health-strategy'), 'none'),
    healthBase: option.score('node-health-base', 0),
    healthGreen: option.score('node-health-green', 0),
    healthYellow: option.score('node-health-yellow', 0),
    healthRed: option.score('node-health-red', -INFINITY_SCORE),
    placementStrategy: oneOf(placementStrategies, option.text('placement-strategy'), 'default'),
    clusterName: configured.get('cluster-name'),
    configured,
  };
}

const healthStrategies: readonly HealthStrategy[] = ['none', 'custom', 'only-green', 'progressive', 'migrate-on-red'];
const placementStrategies: readonly PlacementStrategy[] = ['default', 'utilization', 'minimal', 'balanced'];

function oneOf<T extends string>(known: readonly T[], text: string | undefined, fallback: T): T {
  const word = text?.toLowerCase();
  return known.find((each) => each === word) ?? fallback;
}

function fencingActionOf(text: string | undefined): 'reboot' | 'off' {
  return text === 'off' || text === 'poweroff' ? 'off' : 'reboot';
}

/** A node that never had quorum is not fenced for lacking it: `fence` then means `stop`. */
function quorumPolicyOf(text: string | undefined, fencingEnabled: boolean, quorum: QuorumFacts): QuorumPolicy {
  switch (text) {
    case 'ignore':
    case 'freeze':
    case 'demote':
      return text;
    case 'fence':
    case 'suicide':
      return fencingEnabled && (quorum.quorate || quorum.quorumPanic !== 0) ? 'fence' : 'stop';
    default:
      return 'stop';
  }
}

/** Reads options by name and legacy name; an unreadable value counts as not given. */
function optionReader(configured: ReadonlyMap<string, string>) {
  const text = (name: string, legacyName?: string) =>
    configured.get(name) ?? (legacyName === undefined ? undefined : configured.get(legacyName));
  return {
    text,
    flag: (name: string, fallback: boolean, legacyName?: string) => parseBoolean(text(name, legacyName)) ?? fallback,
    durationMs: (name: string, fallback: number, legacyName?: string) =>
      parseIntervalMs(text(name, legacyName) ?? '') ?? fallback,
    integer: (name: string, fallback: number) => parseInteger(text(name)) ?? fallback,
    score: (name: string, fallback: number) => parseScore(text(name)) ?? fallback,
  };
}
