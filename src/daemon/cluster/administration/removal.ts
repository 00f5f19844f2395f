// When a node may be taken off the list: when it is no member, and cannot go on running what it ran.
import { setTimeout as pause } from 'node:timers/promises';
import type { ClusterStatus } from '../../../api/index.ts';
import { isTrue } from '../../../cib/index.ts';
import type { Failure } from '../../../kit/index.ts';
import { monotonicMs } from '../../../linux/index.ts';

const present: readonly ClusterStatus['nodes'][number]['state'][] = [
  'online',
  'standby',
  'maintenance',
  'joining',
  'stopping',
];

/** How long a node that has just ended may be in the ring still. */
const departureMsMax = 5000;
const pollMs = 20;

/**
 * Resolves when it is out of the ring, or will not go by itself. For a removal with force, as a node that leaves has it asked
 * for: the ring may notice a moment later. Otherwise a member is refused at once.
 */
export async function departure(isMember: () => boolean): Promise<void> {
  const deadlineMs = monotonicMs() + departureMsMax;
  while (isMember() && monotonicMs() < deadlineMs) await pause(pollMs);
}

/** Why not, or undefined. `forced`: the administrator answers for a lost node being off. */
export function removalRefusal(name: string, status: ClusterStatus, how: 'forced' | 'careful'): Failure | undefined {
  const node = status.nodes.find((each) => each.name === name);
  const leave = `On '${name}': haven cluster leave`;
  if (name === status.node) return { kind: 'usage', what: `'${name}' is this node`, fix: leave };
  if (node === undefined) return undefined;
  if (present.includes(node.state)) {
    return { kind: 'unsafe', what: `'${name}' is a member of the cluster now`, fix: leave };
  }
  const { properties } = status;
  const fences = isTrue(properties['fencing-enabled'] ?? properties['stonith-enabled'] ?? 'true');
  if (node.state !== 'lost' || !fences || how === 'forced') return undefined;
  return {
    kind: 'unsafe',
    what: `'${name}' was lost, and is not known to be off`,
    why: 'what it runs may go on running there',
    fix: `Have it fenced, or see that it is off and say so: haven fence confirm ${name}. Or give --force`,
  };
}
