// Why, for one resource: where it goes, and what is done with it.
import { CommandFailure } from '../../kit/index.ts';
import {
  type ActionReasons,
  actionReasons,
  type Cluster,
  formatActionReasons,
  formatPlacementReasons,
  type PlacementReasons,
  placementReasons,
  type Resource,
  type Simulation,
} from '../../scheduler/index.ts';
import { unknownName } from './unknown-name.ts';

export type Reasons = {
  readonly resource: string;
  readonly placement: readonly PlacementReasons[];
  readonly actions: readonly ActionReasons[];
};

/** Of a simulation with reasons; only what concerns `node`, if that is given. @throws CommandFailure `not-found` */
export function reasonsFor({ cluster, plan, graph }: Simulation, name: string, node?: string): Reasons {
  const resource = resourceNamed(cluster, name);
  const isMeant = (each: { readonly node: string | undefined }) => node === undefined || each.node === node;
  const placement = placementReasons(cluster, resource).map((each) => ({ ...each, nodes: each.nodes.filter(isMeant) }));
  return { resource: name, placement, actions: actionReasons(plan, graph, resource).filter(isMeant) };
}

/** The same as lines of text. */
export function explanation(simulation: Simulation, name: string, node?: string): string {
  const { placement, actions } = reasonsFor(simulation, name, node);
  const placements = placement.map((reasons) => formatPlacementReasons(reasons).join('\n'));
  return `${placements.join('\n')}\nActions:\n${formatActionReasons(actions)}`;
}

function resourceNamed(cluster: Cluster, name: string): Resource {
  const exact = cluster.resourcesById.get(name) ?? cluster.resourcesByHistoryId.get(name)?.[0];
  if (exact !== undefined) return exact;
  throw new CommandFailure(unknownName(`there is no resource '${name}'`, name, [...cluster.resourcesById.keys()]));
}
