// Constraints as the phases after unpacking see them: sets, tags, templates and rules are already resolved.

import type { ClusterNode } from './node.ts';
import type { ProbeMode } from './node-table.ts';
import type { Resource } from './resource.ts';
import type { Role } from './role.ts';

/** Scores for one resource on some nodes, from one `rsc_location`, a rule, node health, … */
export type Location = {
  readonly id: string;
  readonly resource: Resource;
  /** Applies only when the resource's next role is this one; Unknown applies always. */
  readonly roleFilter: Role;
  readonly probeMode: ProbeMode;
  readonly entries: readonly LocationEntry[];
  readonly origin: 'location' | 'rule' | 'health';
};

export type LocationEntry = { readonly node: ClusterNode; readonly score: number };

/** `dependent` is placed relative to `primary`. */
export type Colocation = {
  readonly id: string;
  readonly dependent: Resource;
  readonly primary: Resource;
  /** Unknown means any role. */
  readonly dependentRole: Role;
  readonly primaryRole: Role;
  readonly score: number;
  /** `#uname` unless nodes are grouped by another attribute. */
  readonly nodeAttribute: string;
  /** The dependent may pull a primary that is already active. */
  readonly influence: boolean;
  /** Written by the administrator, rather than implied by a group, a launcher or a bundle. */
  readonly explicit: boolean;
};

export type LossPolicy = 'fence' | 'freeze' | 'demote' | 'stop';

export type Ticket = {
  readonly id: string;
  readonly granted: boolean;
  readonly standby: boolean;
  /** Seconds since the epoch. */
  readonly lastGranted: number | undefined;
  readonly attributes: ReadonlyMap<string, string>;
};

export type TicketDependency = {
  readonly id: string;
  readonly ticket: Ticket;
  readonly resource: Resource;
  readonly role: Role;
  readonly lossPolicy: LossPolicy;
};
