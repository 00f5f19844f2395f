// The line that shows one primitive.

import { parseBoolean } from '../../cib/index.ts';
import { outermostOf, topOf } from '../configuration/tree.ts';
import { type Cluster, type ClusterNode, formatRole, type Primitive, type Role, roles } from '../model/index.ts';
import { isMaskedProbe } from '../status/remap.ts';

export type PendingDisplay = 'show-pending' | 'hide-pending';

export type PrimitiveDisplay = {
  readonly name: string;
  readonly node: ClusterNode | undefined;
  readonly pending: PendingDisplay;
};

/** The instance id where instances differ, else the configured id. */
export function displayName(resource: Primitive): string {
  return resource.unique ? resource.id : (resource.xml.id ?? resource.id);
}

/** `NAME (CLASS:PROVIDER:TYPE): STATE NODE (FLAGS) [ NODES ]` */
export function primitiveLine(cluster: Cluster, resource: Primitive, display: PrimitiveDisplay): string {
  const { standard, provider, type } = resource.agent;
  const agent = provider === undefined ? `${standard}:${type}` : `${standard}:${provider}:${type}`;
  const node = shownNode(resource, display);
  const parts = [`${display.name}\t(${agent}):\t`];
  if (resource.removed) parts.push('ORPHANED');
  parts.push(stateText(resource, display.pending));
  if (node !== undefined) parts.push(node.name);
  const role = displayRole(resource);
  const probe = role === roles.stopped ? maskedProbeText(cluster, resource, node) : undefined;
  if (probe !== undefined) parts.push(`(${probe})`);
  const flags = flagsOf(resource, node, display.pending);
  if (flags.length > 0) parts.push(`(${flags.join(', ')})`);
  if (resource.activeNodes.length > 1) {
    const description = resource.xml.get('description');
    if (description !== undefined) parts.push(`(${description})`);
    parts.push(`[ ${resource.activeNodes.map(({ name }) => name).join(' ')} ]`);
  }
  return parts.join(' ');
}

/** Where it is, else where something is under way, else where it is locked to; none when it is in several places. */
function shownNode(resource: Primitive, { node }: PrimitiveDisplay): ClusterNode | undefined {
  if (resource.activeNodes.length > 1) return undefined;
  if (node !== undefined) return node;
  if (resource.pendingTask !== undefined) return resource.pendingNode;
  return resource.lock?.node;
}

/** Started means Unpromoted where the resource could be promoted. */
export function displayRole(resource: Primitive): Role {
  const { currentRole } = resource;
  return currentRole === roles.started && topOf(resource).promotable ? roles.unpromoted : currentRole;
}

const pendingStates: Readonly<Record<string, string>> = {
  start: 'Starting',
  stop: 'Stopping',
  migrate_to: 'Migrating',
  migrate_from: 'Migrating',
  promote: 'Promoting',
  demote: 'Demoting',
};

function stateText(resource: Primitive, pending: PendingDisplay): string {
  const role = displayRole(resource);
  if (resource.failed) return role > roles.unpromoted ? `FAILED ${formatRole(role)}` : 'FAILED';
  const state = pending === 'show-pending' ? pendingStates[resource.pendingTask ?? ''] : undefined;
  return state ?? formatRole(role);
}

function flagsOf(resource: Primitive, node: ClusterNode | undefined, pending: PendingDisplay): string[] {
  const flags: string[] = [];
  if (node !== undefined && !node.online && node.unclean) flags.push('UNCLEAN');
  if (node !== undefined && resource.lock?.node === node) flags.push('LOCKED');
  if (pending === 'show-pending' && resource.pendingTask === 'monitor') flags.push('Monitoring');
  const disabled = disabledText(resource);
  if (disabled !== undefined) flags.push(disabled);
  if (resource.blocked) flags.push('blocked');
  else if (resource.maintenance) flags.push('maintenance');
  else if (!resource.managed) flags.push('unmanaged');
  if (resource.ignoreFailure) flags.push('failure ignored');
  return flags;
}

/** What target-role forbids. */
function disabledText(resource: Primitive): string | undefined {
  const target = resource.meta.get('target-role');
  switch (target?.toLowerCase()) {
    case 'stopped':
      return 'disabled';
    case 'unpromoted':
    case 'slave':
      return topOf(resource).promotable ? `target-role:${target}` : undefined;
    default:
      return undefined;
  }
}

const exitTexts: readonly string[] = [
  'OK',
  'Error occurred',
  'Invalid parameter',
  'Unimplemented',
  'Insufficient privileges',
  'Not installed',
  'Not configured',
  'Not running',
  'Promoted',
  'Failed in promoted role',
];

/** Beside those of the OCF resource agent API. */
function exitTextOf(code: number): string {
  if (code === 190) return 'Service is active but might fail soon';
  if (code === 191) return 'Service is promoted but might fail soon';
  if (code === 193) return 'No exit status available';
  return exitTexts[code] ?? (code > 128 && code < 255 ? 'Interrupted by signal' : 'Unknown exit status');
}

/**
 * What a probe found that could not tell whether the resource runs: that the agent is missing, for example. It counts
 * where it says itself that it was run, and under the name that its key has: in a clone that of what is cloned.
 */
export function maskedProbeText(
  cluster: Cluster,
  resource: Primitive,
  node: ClusterNode | undefined,
): string | undefined {
  const top = topOf(resource);
  const name = top.variant === 'clone' ? (top.clonedXml.id ?? '') : resource.id;
  const failed = cluster.failedOperations.find((entry) => {
    const where = entry.xml.get('on_node')?.toLowerCase();
    const isHere = where !== undefined && (node === undefined || where === node.name.toLowerCase());
    return isHere && entry.key === `${name}_monitor_0` && isMaskedProbe(entry);
  });
  return failed === undefined ? undefined : exitTextOf(failed.exitCode);
}

/** Implicit parts of bundles and guests are not shown on their own. */
export function isInternal(resource: Primitive): boolean {
  return parseBoolean(resource.meta.get('internal_rsc')) === true && outermostOf(resource) === resource;
}
