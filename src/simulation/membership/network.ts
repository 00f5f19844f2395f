// The wires: when, how often and whether at all a datagram arrives, given the faults of the moment.
import type { Random } from '../../kit/index.ts';
import type { Fault } from './schedule.ts';

const hopPartMin = 0.1;
/** Of `hopMs`, the longest that a datagram is under way where nothing hinders it. */
export const hopPartMax = 0.4;
const hopPartSpread = hopPartMax - hopPartMin;

export type Arrival = { readonly afterMs: number; readonly state: 'intact' | 'corrupt' };

/** The faults that bear on the network at `nowMs`. */
export function activeFaults(faults: readonly Fault[], nowMs: number): Fault[] {
  return faults.filter((fault) => fault.fromMs <= nowMs && nowMs < fault.untilMs);
}

/** A way for datagrams: between two nodes, on one of the links. */
export type Way = { readonly from: number; readonly to: number; readonly link: number };

/** The copies of one datagram that arrive; an unhindered one is under way for at most `hopPartMax * hopMs`. */
export function arrivals(random: Random, active: readonly Fault[], way: Way, hopMs: number): Arrival[] {
  const copies: Arrival[] = [];
  let count = 1;
  let extraMsMax = 0;
  let state: Arrival['state'] = 'intact';
  for (const fault of active) {
    if (cuts(fault, way)) return copies;
    if ('link' in fault && fault.link !== undefined && fault.link !== way.link) continue;
    if (fault.kind === 'loss' && random.chance(fault.probability)) count = 0;
    if (fault.kind === 'duplication' && random.chance(fault.probability)) count++;
    if (fault.kind === 'delay') extraMsMax += fault.extraMsMax;
    if (fault.kind === 'corruption' && random.chance(fault.probability)) state = 'corrupt';
  }
  for (; count > 0; count--) {
    const extraMs = extraMsMax === 0 ? 0 : random.fraction() * extraMsMax;
    copies.push({ afterMs: hopMs * (hopPartMin + random.fraction() * hopPartSpread) + extraMs, state });
  }
  return copies;
}

/** Nothing goes from one to the other. */
export function cuts(fault: Fault, { from, to, link }: Way): boolean {
  if (from === to || ('link' in fault && fault.link !== undefined && fault.link !== link)) return false;
  switch (fault.kind) {
    case 'partition':
      return (
        fault.sides.findIndex((side) => side.includes(from)) !== fault.sides.findIndex((side) => side.includes(to))
      );
    case 'one-way':
      return fault.from.includes(from) && fault.to.includes(to);
    case 'partial':
      return fault.pairs.some(([one, other]) => (one === from && other === to) || (one === to && other === from));
    case 'carrier':
      return fault.node === from || fault.node === to;
    default:
      return false;
  }
}
