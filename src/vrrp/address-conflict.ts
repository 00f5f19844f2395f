// Another host that answers for an address which this router holds as MASTER: the wrong machine gets part of the traffic.
//
// Whoever speaks for one of our addresses may also be the master before us, or the one after us, whose advert we have not
// read yet. So a claim is only a suspicion, as is becoming MASTER: when that time has passed in which every handover is
// over, the address is probed (RFC 5227 §2.1.1, RFC 4862 §5.4), and who speaks for it then, while we are still MASTER,
// is in conflict with us. It is asked again each minute, until it does not answer any more.
import { type AddressClaim, type AddressConflict, changeTimers, type Instance, logOf, type Turn } from './instance.ts';
import { masterDownMs } from './timing.ts';

const probeAgainMs = 60_000;
const tellAgainMs = 60_000;
const conflictsMax = 64;
const settleMsMin = 1000;

export function hearClaim(instance: Instance, turn: Turn, claim: AddressClaim): void {
  if (instance.status !== 'MASTER') return;
  const known = instance.conflicts.find(
    ({ address, hardwareAddress }) => address === claim.address && hardwareAddress === claim.hardwareAddress,
  );
  if (known !== undefined) {
    confirm(instance, turn, known);
    return;
  }
  const settleMs = settleMsOf(instance);
  const suspectedForMs = turn.nowMs - instance.suspectedAtMs;
  if (suspectedForMs < settleMs) return;
  if (suspectedForMs > 2 * settleMs) {
    changeTimers(instance, suspect(instance, turn));
    return;
  }
  if (instance.conflicts.length >= conflictsMax) instance.conflicts.shift();
  const conflict = { ...claim, firstMs: turn.nowMs, lastMs: turn.nowMs, times: 1, toldMs: turn.nowMs };
  instance.conflicts.push(conflict);
  tell(instance, turn, conflict);
  changeTimers(instance, { probeMs: Math.min(instance.timers.probeMs, turn.nowMs + probeAgainMs) });
}

/** The timer of the probe that is to tell a handover from a conflict. */
export function suspect(instance: Instance, turn: Turn): { readonly probeMs: number } {
  instance.suspectedAtMs = turn.nowMs;
  return { probeMs: turn.nowMs + settleMsOf(instance) };
}

/** Another believes to be master and is told otherwise: again a handover. One that goes on and on is a conflict after all. */
export function suspectHandover(instance: Instance, turn: Turn): void {
  const quietMs = turn.nowMs - instance.lowerHeardAtMs;
  instance.lowerHeardAtMs = turn.nowMs;
  if (quietMs > 2 * settleMsOf(instance)) changeTimers(instance, suspect(instance, turn));
}

/** The probe is due: asks again, and drops the conflicts that the last probe found no more. */
export function expireProbe(instance: Instance, turn: Turn): void {
  const over = instance.conflicts.filter(({ lastMs }) => lastMs < instance.probedAtMs);
  for (const { address, hardwareAddress } of over)
    logOf(instance, turn, 'info', `address ${address} is no longer in use by ${hardwareAddress}`);
  instance.conflicts = instance.conflicts.filter((conflict) => !over.includes(conflict));
  instance.probedAtMs = turn.nowMs;
  const again = instance.conflicts.length > 0;
  changeTimers(instance, { probeMs: again ? turn.nowMs + probeAgainMs : Number.POSITIVE_INFINITY });
  turn.effects.push({ kind: 'probe', instance: instance.configuration.name });
}

function confirm(instance: Instance, turn: Turn, conflict: AddressConflict): void {
  conflict.lastMs = turn.nowMs;
  conflict.times++;
  if (turn.nowMs - conflict.toldMs < tellAgainMs) return;
  conflict.toldMs = turn.nowMs;
  tell(instance, turn, conflict);
}

function tell(instance: Instance, turn: Turn, conflict: AddressConflict): void {
  const { address, interface: link, ownHardwareAddress, hardwareAddress, knownAs, times } = conflict;
  const there = knownAs === undefined ? hardwareAddress : `${hardwareAddress} (${knownAs})`;
  const often = times > 1 ? `, ${times} times so far` : '';
  const sides = `ours is ${ownHardwareAddress} on ${link}, theirs ${there}${often}`;
  logOf(
    instance,
    turn,
    'warning',
    `address ${address} is in use by another host: ${sides}; remove it from one of the two`,
  );
}

/** No handover takes longer: the other router has heard of us, or we would not be MASTER any more. */
function settleMsOf(instance: Instance): number {
  const { configuration, effectivePriority, masterIntervalMs } = instance;
  return Math.max(settleMsMin, masterDownMs(configuration, effectivePriority, masterIntervalMs));
}
