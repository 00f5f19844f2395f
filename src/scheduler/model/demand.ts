// Reading the status and the constraints already asks for some actions, in an order that fixes their ids. The reader has no
// business building actions, so it writes down what it asks for; the action phases carry the list out, in order, first.

import type { XmlElement } from '../../cib/index.ts';
import type { Colocation } from './constraint.ts';
import type { HistoryEntry } from './history.ts';
import type { ClusterNode } from './node.ts';
import type { Primitive, Resource } from './resource.ts';

/** Whether the node could be asked when the demand was made: what is read after it may say more about the node. */
export type Reach = 'reached' | 'unreached';

export type Demand =
  /** Fence, optional until the fencing phase; the first reason stays. */
  | { readonly kind: 'fence'; readonly node: ClusterNode; readonly reason: string; readonly priorityDelay: boolean }
  | {
      readonly kind: 'clear-failcount';
      readonly resource: Primitive;
      readonly node: ClusterNode;
      readonly reason: string;
      readonly reach: Reach;
      /** The clearing has to wait for the fencing of this remote node. */
      readonly afterFencing: ClusterNode | undefined;
    }
  /** Remove the recorded history of a resource on a node (`lrm_delete`). */
  | {
      readonly kind: 'delete-history';
      readonly resource: Primitive;
      readonly node: ClusterNode;
    }
  /** A required stop or demote. */
  | { readonly kind: 'stop' | 'demote'; readonly resource: Resource; readonly node: ClusterNode; readonly reach: Reach }
  /** Whatever stops of the resource on the node exist by now become optional again. */
  | { readonly kind: 'stop-not-needed'; readonly resource: Primitive; readonly node: ClusterNode }
  /** A recurring operation that history shows as active: an optional action. */
  | {
      readonly kind: 'recurring';
      readonly resource: Primitive;
      readonly node: ClusterNode;
      readonly entry: HistoryEntry;
    }
  /** What may never share a node, so that one has to leave before the other comes. */
  | { readonly kind: 'keep-apart'; readonly colocation: Colocation }
  /** A `rsc_order`, tags and templates expanded to sets, at its place among the constraints. */
  | { readonly kind: 'ordering'; readonly xml: XmlElement };
