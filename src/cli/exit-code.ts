// Exit codes by kind of failure: sysexits(3) where it has one, Pacemaker's crm_exit codes (100 and up) elsewhere.
import type { FailureKind } from '../kit/index.ts';

const exitCodes: Readonly<Record<FailureKind, number>> = {
  failed: 1,
  usage: 64,
  unavailable: 69,
  permission: 77,
  config: 78,
  'not-found': 105,
  'no-quorum': 106,
  unsafe: 107,
  exists: 108,
  timeout: 124,
};

export function exitCodeOf(kind: FailureKind): number {
  return exitCodes[kind];
}
