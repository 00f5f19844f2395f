// A token that says nothing new, as nearly all do that a ring ever sees: nobody has spoken since our own last visit, and all
// that was said is everywhere. It is the token that we sent ourselves but for its number and for whom it comes from. So it is
// known by its bytes, and passed on with the next number.
//
// A visit comes to the same (rest.test.ts compares them). But a member at rest is woken for hardly anything else, after its
// code and its data have left the processor's caches: the less of both a wake touches, the less it costs.
import { isSameToken, renumberToken, tokenField } from './codec.ts';
import { nextSeq, seqAtOrBefore } from './sequence.ts';
import { arm, isDrained, type Ring } from './state.ts';
import { handOn, noteIdleness } from './token.ts';

/** Whether `bytes` is such a token, whose visit is over then. */
export function passAtRest(ring: Ring, bytes: Uint8Array): boolean {
  const { lastToken, highSeq } = ring;
  if (lastToken === undefined || !isAtRest(ring) || !isSameToken(bytes, lastToken)) return false;
  if (tokenField(bytes, 'seq') !== highSeq || tokenField(bytes, 'aru') !== highSeq) return false;
  const tokenSeq = tokenField(bytes, 'tokenSeq');
  if (tokenField(bytes, 'aruNodeId') !== 0 || seqAtOrBefore(tokenSeq, ring.lastTokenSeq)) return false;
  const { timing } = ring.config;
  const token = { seq: highSeq, tokenSeq };
  noteIdleness(ring, token);
  ring.lastTokenSeq = tokenSeq;
  arm(ring, 'token', timing.tokenMs);
  arm(ring, 'warning', timing.tokenWarningMs);
  handOn(ring, token, renumberToken(lastToken, nextSeq(tokenSeq)));
  return true;
}

/** Nothing is to be said, received, repeated, delivered or forgotten: a visit would change none of these. */
function isAtRest(ring: Ring): boolean {
  const { highSeq } = ring;
  return (
    ring.phase === 'operational' &&
    ring.installedByAll &&
    !ring.discardTokens &&
    ring.lastSeq === highSeq &&
    ring.aru === highSeq &&
    ring.lastAru === highSeq &&
    ring.stableSeq === highSeq &&
    ring.highDelivered === highSeq &&
    ring.lastReleased === highSeq &&
    ring.aruVisits === 0 &&
    ring.sentLastVisit === 0 &&
    ring.backlogLastVisit === 0 &&
    isDrained(ring)
  );
}
