// What proves that a member is not cut off from the majority, and for how long it counts.
import type { Member } from './member.ts';

/** `ageMs`: how long ago the majority was surely there. */
export type QuorumProof = { readonly by: 'token' | 'joins'; readonly ageMs: number };

/** A proof by joins counts for so much less than one by a token. */
const joinsAgeMs = 250;

/**
 * To be asked after every datagram; `seenTokenSeq` is the number of the last token that was asked about.
 *
 * A new token while we are quorate: the whole membership stood one rotation ago. While a new ring is being agreed there is
 * no token, but the joins of a majority that say what we say are a proof for a moment: whoever cannot hear us has us in its
 * failed list as soon as its consensus time is over.
 */
export function quorumProof(member: Member, seenTokenSeq: number): QuorumProof | undefined {
  const { ring } = member;
  if (ring.phase === 'gather')
    return hasQuorum(member, ring.consensus) ? { by: 'joins', ageMs: joinsAgeMs } : undefined;
  if (ring.lastTokenSeq === seenTokenSeq) return undefined;
  const members =
    ring.phase === 'operational' ? ring.members : ring.procList.filter((nodeId) => !ring.failedList.includes(nodeId));
  return hasQuorum(member, members) ? { by: 'token', ageMs: 0 } : undefined;
}

function hasQuorum({ stack: { quorum } }: Member, nodeIds: Iterable<number>): boolean {
  if (quorum === undefined) return true;
  if (quorum.waitingForAll) return false;
  let votes = 0;
  for (const nodeId of nodeIds) votes += quorum.nodes.get(nodeId)?.votes ?? 1;
  return votes >= quorum.quorum;
}
