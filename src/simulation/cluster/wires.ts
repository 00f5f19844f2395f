// What the faults of the network do to one way between two nodes, and which nodes a fault concerns.
import type { Fault } from './schedule.ts';

export function cuts(fault: Fault, from: number, to: number): boolean {
  switch (fault.kind) {
    case 'partition':
      return (
        fault.sides.findIndex((side) => side.includes(from)) !== fault.sides.findIndex((side) => side.includes(to))
      );
    case 'one-way':
      return fault.from.includes(from) && fault.to.includes(to);
    case 'partial':
      return fault.pairs.some(([one, other]) => (one === from && other === to) || (one === to && other === from));
    default:
      return false;
  }
}

export function isOfNetwork({ kind }: Fault): boolean {
  return kind === 'partition' || kind === 'one-way' || kind === 'partial';
}

/** Whether a node may rightly be thought lost, or broken, because of this fault. */
export function concerns(fault: Fault, nodeId: number): boolean {
  switch (fault.kind) {
    case 'crash':
    case 'pause':
    case 'disk':
      return fault.node === nodeId;
    case 'power-failure':
      return true;
    default:
      return isOfNetwork(fault);
  }
}
