// What must hold of every member after every step. Run in tests and in the simulator.
import { assert } from '../../kit/index.ts';
import { membersMax } from './message.ts';
import { seqAtOrBefore } from './sequence.ts';
import { nextDeadline, type Ring } from './state.ts';

/** Stops with the promise that is broken. */
export function assertInvariants(ring: Ring): void {
  assert(isSet(ring.procList), 'the candidates are a set');
  assert(isSet(ring.failedList), 'the failed are a set');
  assert(ring.procList.length <= membersMax, 'the candidates are bounded');
  assert(
    ring.failedList.every((nodeId) => ring.procList.includes(nodeId)),
    'only candidates fail',
  );
  assert(ring.maxRingSeq >= ring.ringId.seq, 'no ring number in use is above the highest known');
  assert(seqAtOrBefore(ring.aru, ring.highSeq), 'aru runs behind the highest number');
  assert(ring.ownMulticasts.length === 0, 'everything said was heard');
  assertPhase(ring);
}

function assertPhase(ring: Ring): void {
  const { nodeId } = ring.config;
  switch (ring.phase) {
    case 'operational':
      assert(ring.members.includes(nodeId), 'we are a member of our ring');
      assert(ring.saved === undefined, 'an installed ring has no old ring to finish');
      assert(ring.timers.token < Infinity, 'a member waits for the token');
      assert(seqAtOrBefore(ring.highDelivered, ring.aru), 'only the contiguous part is delivered');
      assert(seqAtOrBefore(ring.lastReleased, ring.highDelivered), 'only what was delivered is released');
      return;
    case 'gather':
      assert(ring.procList.includes(nodeId), 'we are a candidate of ourselves');
      assert(ring.discardTokens, 'no token is taken while gathering');
      assert(ring.timers.join < Infinity, 'a gathering node goes on saying so');
      return;
    case 'commit':
    case 'recovery':
      assert(ring.saved !== undefined, 'the old ring is kept until a new one stands');
      assert(ring.newMembers.includes(nodeId), 'we are a member of the ring we form');
      assert(ring.timers.token < Infinity, 'forming a ring is given up in the end');
      return;
    case 'idle':
    case 'stopped':
      assert(nextDeadline(ring) === Infinity, 'a member at rest wants nothing');
  }
}

function isSet(nodeIds: readonly number[]): boolean {
  return nodeIds.every((nodeId, index) => nodeIds.indexOf(nodeId) === index);
}
