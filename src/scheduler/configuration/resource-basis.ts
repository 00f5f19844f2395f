// What every resource has, whatever its variant: identity, meta-attributes, and the state that follows from them.

import {
  intervalMsOf,
  isTrue,
  parseBoolean,
  parseScore,
  type ResourceAgent,
  type XmlElement,
} from '../../cib/index.ts';
import { INFINITY_SCORE } from '../../kit/index.ts';
import {
  type Cluster,
  type Collective,
  type MultipleActivePolicy,
  NodeTable,
  type Resource,
  type ResourceCommon,
  roles,
  type Variant,
} from '../model/index.ts';
import { agentOf, readUtilization, resourceMeta } from './meta.ts';
import { topOf } from './tree.ts';

/** Where a resource stands: below whom, and as which instance. */
export type Place = {
  readonly parent: Collective | undefined;
  /** `:N` for what is inside instance N of a clone, else nothing. */
  readonly suffix: string;
  readonly extraMeta: Readonly<Record<string, string>>;
};

export const topLevel: Place = { parent: undefined, suffix: '', extraMeta: {} };

/** Unpacks one element with everything below it; undefined when it is no valid resource. */
export type UnpackResource = (cluster: Cluster, element: XmlElement, place: Place) => Resource | undefined;

/**
 * The part that all variants share. The rest is added to this very object: copies would each get a shape of their own,
 * and the phases behind, which read little else than resources, would be several times slower.
 */
export function commonOf(cluster: Cluster, variant: Variant, xml: XmlElement, place: Place): ResourceCommon {
  const meta = resourceMeta(cluster, { element: xml, parent: place.parent, extra: place.extraMeta });
  const ancestry = ancestryOf(variant, meta, place.parent);
  const management = managementOf(cluster, meta);
  const needs = needsOf(cluster, variant, xml, meta);
  const disabled = isDisabled(meta.get('target-role')?.toLowerCase(), ancestry.topPromotable);
  return {
    index: -1,
    id: `${xml.id ?? ''}${place.suffix}`,
    historyId: undefined,
    xml,
    parent: place.parent,
    meta,
    utilization: readUtilization(cluster, xml),
    priority: parseScore(meta.get('priority')) ?? 0,
    stickiness: parseScore(meta.get('resource-stickiness')) ?? 0,
    migrationThreshold: migrationThresholdOf(meta.get('migration-threshold')),
    failureTimeoutMs: intervalMsOf(meta.get('failure-timeout')),
    reconnectIntervalMs: 0,
    multipleActive: multipleActiveOf(meta.get('multiple-active')?.toLowerCase()),
    managed: management.managed,
    maintenance: management.maintenance,
    blocked: false,
    failed: false,
    stopIfFailed: false,
    critical: parseBoolean(meta.get('critical')) ?? meta.get('critical') === undefined,
    notify: isTrue(meta.get('notify')),
    unique: ancestry.unique,
    promotable: ancestry.promotable,
    removed: false,
    removedLaunched: false,
    exclusiveDiscovery: false,
    needs,
    currentRole: roles.stopped,
    nextRole: targetRoleOf(meta, ancestry.topPromotable),
    disabled,
    allowed: new NodeTable(cluster.nodesByIndex.length),
    activeNodes: [],
    probedOn: new Set(),
    locations: [],
    thisWith: [],
    withThis: [],
    tickets: [],
    launched: [],
    decided: false,
    deciding: false,
    merging: false,
  };
}

function migrationThresholdOf(text: string | undefined): number {
  const value = parseScore(text);
  return value === undefined || value < 0 ? INFINITY_SCORE : value;
}

function multipleActiveOf(text: string | undefined): MultipleActivePolicy {
  return text === 'stop_only' || text === 'block' || text === 'stop_unexpected' ? text : 'stop_start';
}

function managementOf(cluster: Cluster, meta: ReadonlyMap<string, string>): { managed: boolean; maintenance: boolean } {
  const text = meta.get('is-managed');
  const configured =
    text === undefined || text.toLowerCase() === 'default' ? !cluster.options.maintenanceMode : isTrue(text);
  const maintenance = isTrue(meta.get('maintenance')) || cluster.options.maintenanceMode;
  return { managed: configured && !maintenance, maintenance };
}

/** Uniqueness and promotability are the clone's when there is one. */
function ancestryOf(
  variant: Variant,
  meta: ReadonlyMap<string, string>,
  parent: Collective | undefined,
): { unique: boolean; promotable: boolean; topPromotable: boolean } {
  const top = parent === undefined || parent.variant === 'bundle' ? undefined : topOf(parent);
  if ((top?.variant ?? variant) !== 'clone') return { unique: true, promotable: false, topPromotable: false };
  const unique = meta.get('globally-unique');
  const perNode = parseScore(meta.get('clone-node-max')) ?? 1;
  const promotable = isTrue(meta.get('promotable'));
  return {
    unique: unique === undefined ? perNode > 1 : isTrue(unique),
    promotable,
    topPromotable: top?.promotable ?? promotable,
  };
}

function needsOf(
  cluster: Cluster,
  variant: Variant,
  xml: XmlElement,
  meta: ReadonlyMap<string, string>,
): ResourceCommon['needs'] {
  const { fencingEnabled, quorumPolicy } = cluster.options;
  const agent = agentOf(xml);
  const isFenceDevice = variant === 'primitive' && isFenceStandard(agent.class);
  const byDefault = () => {
    if (isFenceDevice || (variant === 'primitive' && isRemoteAgent(agent))) return 'quorum';
    if (cluster.unfencingEnabled) return 'unfencing';
    if (fencingEnabled) return 'fencing';
    return quorumPolicy === 'ignore' ? 'nothing' : 'quorum';
  };
  const configured = meta.get('requires')?.toLowerCase() ?? '';
  const value = ['nothing', 'quorum', 'fencing', 'unfencing'].includes(configured) ? configured : byDefault();
  switch (value) {
    case 'nothing':
      return { quorum: false, fencing: false, unfencing: false };
    case 'fencing':
      return { quorum: false, fencing: true, unfencing: false };
    case 'unfencing':
      if (!isFenceDevice && fencingEnabled) return { quorum: false, fencing: true, unfencing: true };
      break;
  }
  return { quorum: true, fencing: false, unfencing: false };
}

export function isFenceStandard(standard: string | undefined): boolean {
  return standard?.toLowerCase() === 'stonith';
}

export function isRemoteAgent({ class: standard, provider, type }: ResourceAgent): boolean {
  return (
    standard?.toLowerCase() === 'ocf' && provider?.toLowerCase() === 'pacemaker' && type?.toLowerCase() === 'remote'
  );
}

/** The next role that target-role asks for; Unknown where it leaves the choice to assignment. */
export function targetRoleOf(meta: ReadonlyMap<string, string>, promotable: boolean): ResourceCommon['nextRole'] {
  switch (meta.get('target-role')?.toLowerCase()) {
    case 'stopped':
      return roles.stopped;
    case 'unpromoted':
    case 'slave':
      return promotable ? roles.unpromoted : roles.unknown;
    default:
      return roles.unknown;
  }
}

function isDisabled(targetRole: string | undefined, promotable: boolean): boolean {
  return targetRole === 'stopped' || (promotable && (targetRole === 'unpromoted' || targetRole === 'slave'));
}
