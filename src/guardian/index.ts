// The guardian: a small process that outlives a dead or stuck daemon and cleans up after it.
export { Guard } from './driver/guard.ts';
export { runGuardian } from './driver/process.ts';
export {
  emptyPledge,
  type FarewellDatagram,
  type FarewellFrame,
  type FarewellPacket,
  type GuardLimits,
  type HeldAddress,
  type Pledge,
} from './protocol.ts';
