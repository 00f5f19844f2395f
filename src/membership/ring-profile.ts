// The two kinds of ring a member can be of: Haven's own, and one shared with real Corosync members.

import { sealOverheadBytes } from './seal/index.ts';
import { mcastHeaderBytes } from './totem/codec.ts';
import { havenTiming, type RingConfig, type TotemTiming } from './totem/index.ts';

const frameBytes = 1500;
const ipAndUdpBytes = 28;
/** Corosync's netmtu 1500 less twice the mcast header (it does not subtract IP and UDP). */
const corosyncNetMtu = frameBytes - 2 * mcastHeaderBytes;
/** A sealed packet fits a frame even when recovery wraps it once more: nothing depends on IP fragments. */
const sealedNetMtu = frameBytes - ipAndUdpBytes - sealOverheadBytes - 2 * mcastHeaderBytes;
/** A stored ring number lasts for this many, so that hardly any change of membership waits for the disk. */
const ringSeqReserve = 256;

export type RingProfile = Omit<RingConfig, 'onOrdered'>;

/** Sealed datagrams, Haven's detection times unless others are given. */
export function havenRing(nodeId: number, timing: TotemTiming = havenTiming): RingProfile {
  return {
    nodeId,
    timing,
    netMtu: sealedNetMtu,
    ringSeqReserve,
    cancelTokenHoldOnRetransmit: 'no',
    tokenKeeper: 'in-turn',
  };
}

/** Plain datagrams, and what corosync.conf says; ring numbers on disk as Corosync keeps them. */
export function corosyncRing(nodeId: number, timing: TotemTiming): RingProfile {
  return {
    nodeId,
    timing,
    netMtu: corosyncNetMtu,
    ringSeqReserve: 0,
    cancelTokenHoldOnRetransmit: 'no',
    tokenKeeper: 'representative',
  };
}
