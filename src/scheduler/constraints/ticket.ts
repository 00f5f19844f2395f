// `rsc_ticket`: what may run here only while this site holds a ticket.

import type { XmlElement } from '../../cib/index.ts';
import { INFINITY_SCORE } from '../../kit/index.ts';
import { noteMistake } from '../configuration/cluster.ts';
import { addScoreEverywhere } from '../configuration/node-score.ts';
import { visitPrimitives } from '../configuration/tree.ts';
import {
  type Cluster,
  type LossPolicy,
  type Primitive,
  parseRole,
  type Resource,
  type Role,
  roles,
  type Ticket,
  type TicketDependency,
} from '../model/index.ts';
import { fenceNode } from '../status/fencing.ts';
import { expandConstraint, membersOfSet, requiredResource, setsOf } from './expansion.ts';

export function readTicket(cluster: Cluster, written: XmlElement): void {
  const element = expandConstraint(cluster, written, [{ attribute: 'rsc', moved: { 'rsc-role': 'role' } }]);
  const id = element?.get('ticket');
  if (element === undefined || id === undefined) return;
  const ticket = ticketNamed(cluster, id);
  const sets = setsOf(cluster, element);
  for (const set of sets) {
    for (const resource of membersOfSet(cluster, element, set)) {
      depend(cluster, element, { ticket, resource, role: set.get('role') });
    }
  }
  if (sets.length > 0) return;
  const resource = requiredResource(cluster, element, element.get('rsc'));
  if (resource !== undefined) depend(cluster, element, { ticket, resource, role: element.get('rsc-role') });
}

function ticketNamed(cluster: Cluster, id: string): Ticket {
  const known = cluster.tickets.get(id);
  if (known !== undefined) return known;
  const ticket = { id, granted: false, standby: false, lastGranted: undefined, attributes: new Map() };
  cluster.tickets.set(id, ticket);
  return ticket;
}

function depend(
  cluster: Cluster,
  element: XmlElement,
  {
    ticket,
    resource,
    role,
  }: { readonly ticket: Ticket; readonly resource: Resource; readonly role: string | undefined },
): void {
  const known = parseRole(role);
  if (known === undefined) {
    noteMistake(
      cluster,
      element,
      `the ticket constraint '${element.id}' is for the role '${role}', which does not exist`,
    );
    return;
  }
  const lossPolicy = lossPolicyOf(cluster, element.get('loss-policy')?.toLowerCase(), known);
  // Whatever runs is started at least: that is every role.
  const anyOrOne = known === roles.started ? roles.unknown : known;
  const dependency = { id: element.id ?? '', ticket, resource, role: anyOrOne, lossPolicy };
  resource.tickets.push(dependency);
  cluster.ticketDependencies.push(dependency);
  if (ticket.granted && !ticket.standby) return;
  visitPrimitives(resource, (primitive) => withhold(cluster, primitive, dependency));
}

function lossPolicyOf(cluster: Cluster, text: string | undefined, role: Role): LossPolicy {
  switch (text) {
    case 'fence':
      return cluster.options.fencingEnabled ? 'fence' : 'stop';
    case 'freeze':
    case 'demote':
    case 'stop':
      return text;
    default:
      return role === roles.promoted ? 'demote' : 'stop';
  }
}

/** What a ticket that is not granted, or in standby, does to one primitive. */
function withhold(cluster: Cluster, primitive: Primitive, { ticket, role, lossPolicy }: TicketDependency): void {
  const ban = () =>
    addScoreEverywhere(cluster, primitive, {
      score: -INFINITY_SCORE,
      cause: { kind: 'ticket', id: ticket.id, state: ticket.granted ? 'standby' : 'not granted' },
    });
  if (ticket.granted || primitive.activeNodes.length === 0) {
    if (role !== roles.promoted || lossPolicy === 'stop') ban();
    return;
  }
  const isConcerned = role === roles.unknown || role === primitive.currentRole;
  switch (lossPolicy) {
    case 'stop':
      ban();
      return;
    case 'demote':
      if (role !== roles.promoted) ban();
      return;
    case 'fence':
      if (!isConcerned) return;
      ban();
      for (const node of primitive.activeNodes) fenceNode(cluster, node, 'deadman ticket was lost');
      return;
    case 'freeze':
      if (!isConcerned) return;
      primitive.managed = false;
      primitive.blocked = true;
      return;
  }
}
