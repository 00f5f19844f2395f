// The constraints section, in document order: some constraints act as soon as they are read.

import { childAt, type XmlElement } from '../../cib/index.ts';
import { noteMistake } from '../configuration/cluster.ts';
import type { Cluster } from '../model/index.ts';
import { readColocation } from './colocation.ts';
import { expandConstraint } from './expansion.ts';
import { readLocation } from './location.ts';
import { readTicket } from './ticket.ts';

export function readConstraints(cluster: Cluster): void {
  for (const element of childAt(cluster.cib, 'configuration', 'constraints')?.children ?? []) {
    if (element.id === undefined) noteMistake(cluster, element, `a ${element.name} needs an id`);
    else readConstraint(cluster, element);
  }
}

function readConstraint(cluster: Cluster, element: XmlElement): void {
  switch (element.name) {
    case 'rsc_location':
      readLocation(cluster, element);
      return;
    case 'rsc_colocation':
      readColocation(cluster, element);
      return;
    case 'rsc_ticket':
      readTicket(cluster, element);
      return;
    case 'rsc_order': {
      const xml = expandConstraint(cluster, element, [
        { attribute: 'first', moved: { 'first-action': 'action' } },
        { attribute: 'then', moved: { 'then-action': 'action' } },
      ]);
      if (xml !== undefined) cluster.demands.push({ kind: 'ordering', xml });
      return;
    }
    default:
      noteMistake(cluster, element, `'${element.name}' is no kind of constraint`);
  }
}
