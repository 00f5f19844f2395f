// The machines (and what stands for one: remote, guest and bundle nodes) that resources can be placed on.

import type { ProbeMode } from './node-table.ts';
import type { Primitive } from './resource.ts';

export type ClusterNode = {
  /** Dense index, in order of creation: the column of this node in every `NodeTable`. */
  readonly index: number;
  readonly id: string;
  readonly name: string;
  /** `remote` covers remote nodes, guest nodes (their connection has a launcher) and bundle nodes. */
  readonly kind: 'cluster' | 'remote';
  /** The ocf:pacemaker:remote resource that connects a remote-type node. */
  connection: Primitive | undefined;
  /** Copied as the initial score into each table entry made for this node. */
  baseScore: number;
  /** Probe mode of entries made for this node; bundle nodes are `never`. */
  probeMode: ProbeMode;
  /** Permanent and transient attributes, and the special ones that start with `#`. */
  readonly attributes: Map<string, string>;
  /** Whole capacity by utilization attribute, as configured. */
  readonly capacity: Map<string, number>;
  /** What is left of `capacity` while resources are assigned. */
  readonly remaining: Map<string, number>;

  online: boolean;
  unclean: boolean;
  /** Its node_state was seen, so a fencing decided from history stays; cleared where a reconnection may revoke it. */
  seen: boolean;
  pending: boolean;
  standby: boolean;
  /** Standby because an operation with on-fail=standby failed there. */
  standbyByFailure: boolean;
  maintenance: boolean;
  shuttingDown: boolean;
  expectedUp: boolean;
  probesAllowed: boolean;
  /** Remote-type node: its connection has to be made anew. */
  remoteReset: boolean;
  remoteFenced: boolean;
  remoteMaintenance: boolean;
  isDc: boolean;

  /** Summed priority of what runs here, for priority-fencing-delay. */
  priority: number;
  /** Primitives believed active here, in order of discovery. */
  readonly running: Primitive[];
  /** Primitives assigned here. */
  readonly assigned: Primitive[];
};

/** Can run resources: online, staying, trusted, neither standby nor in maintenance. */
export function isAvailable(node: ClusterNode): boolean {
  return node.online && !node.shuttingDown && !node.unclean && !node.standby && !node.maintenance;
}

export function isRemoteType(node: ClusterNode): boolean {
  return node.kind === 'remote';
}

/** A remote-type node whose connection is not launched by another resource. */
export function isRemoteNode(node: ClusterNode): boolean {
  return node.kind === 'remote' && node.connection?.launcher === undefined;
}

/** A remote-type node that lives inside a resource: a guest node or a bundle node. */
export function isGuestOrBundleNode(node: ClusterNode): boolean {
  return node.kind === 'remote' && node.connection?.launcher !== undefined;
}

/** A guest node that is one replica of a bundle. */
export function isBundleNode(node: ClusterNode): boolean {
  return isGuestOrBundleNode(node) && node.connection?.parent?.variant === 'bundle';
}
