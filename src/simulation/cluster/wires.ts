// What the faults of the network do to one way between two nodes, and which nodes a fault concerns.
import type { Fault } from './schedule.ts';

export type WireFault = Extract<Fault, { kind: WireFaultKind }>;
type WireFaultKind = (typeof wireFaultKinds)[number];

const wireFaultKinds = ['partition', 'one-way', 'partial', 'loss', 'duplication', 'delay'] as const;

export function isOfNetwork(fault: Fault): fault is WireFault {
  return wireFaultKinds.some((kind) => kind === fault.kind);
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
