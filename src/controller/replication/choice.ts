// The two choices that all members make alike, from the same greetings.
import { defined } from '../../kit/index.ts';
import type { Hello } from '../message.ts';
import type { ReplicaState } from './state.ts';

/**
 * Whose document counts: a trusted one before one that is not, then the latest term, then the longest history. Among equals
 * one that saw who came and went (a daemon that has just begun did not), then the lowest node.
 */
export function chooseSource(hellos: ReadonlyMap<number, Hello>): number {
  const ranked = [...hellos].sort(([leftId, left], [rightId, right]) => {
    if (left.trusted !== right.trusted) return left.trusted ? -1 : 1;
    const later = right.place.term - left.place.term || right.place.index - left.place.index;
    return later || Number(right.known) - Number(left.known) || leftId - rightId;
  });
  return defined(ranked[0], 'a ring has members')[0];
}

/** Who coordinates: whoever did for the document that all have now, if still here; else the source. */
export function chooseCoordinator(state: ReplicaState): number {
  const former = Number(state.cib.get('dc-uuid'));
  return state.ring?.members.includes(former) === true ? former : chooseSource(state.hellos);
}

/** Members whose place this history did not go through. */
export function divergedFrom(state: ReplicaState): number[] {
  const known = new Map(state.chains.map(({ index, chain }) => [index, chain]));
  return [...state.hellos]
    .filter(([, { place }]) => {
      if (place.index === 0) return false;
      const chain = known.get(place.index);
      return place.index > state.place.index || (chain !== undefined && chain !== place.chain);
    })
    .map(([nodeId]) => nodeId);
}
