// What an operation came to.
import { ocfCodes } from '../cib/index.ts';

export type OcfCode = keyof typeof ocfCodes;

/** How the operation ended; the names are the operation statuses that the cluster document records. */
export type OperationStatus =
  | 'done'
  | 'error'
  | 'timeout'
  | 'cancelled'
  | 'not-installed'
  | 'not-supported'
  /** Given up because this node lost the right to it; recorded as an error, and no fault of the resource. */
  | 'revoked';

export type Outcome = {
  readonly status: OperationStatus;
  readonly code: OcfCode;
  /** What the agent wrote after `ocf-exit-reason:`, or why it could not be run. */
  readonly reason: string;
  /** The last part of what it printed, bounded. */
  readonly output: string;
  readonly durationMs: number;
};

/** An exit code outside the OCF range counts as a generic error (OCF 1.1, 4.1). */
export function ocfCodeOf(exitCode: number): OcfCode {
  return exitCode in ocfCodes && exitCode !== 189 && exitCode !== 193 ? (exitCode as OcfCode) : 1;
}

/** LSB `status` (LSB 5.0, 22.2): 0 running, 1 and 2 dead with leftovers, 3 stopped, 4 unknown. */
export function ocfCodeOfLsb(action: string, exitCode: number): OcfCode {
  if (action === 'status' || action === 'monitor') {
    if (exitCode === 3) return 7;
    if (exitCode === 1 || exitCode === 2) return 1;
    if (exitCode === 4) return 4;
    if (exitCode === 150) return 5;
    return exitCode === 0 ? 0 : 1;
  }
  // For the other actions codes 1 to 7 mean what the OCF ones mean, since OCF took them over from LSB. Stopping what is
  // stopped is a success by the standard.
  if (action === 'stop' && exitCode === 7) return 0;
  return exitCode <= 7 ? ocfCodeOf(exitCode) : 1;
}

/** Fence agents answer 0, 1, and 2 for "the plug is off" when asked its status (fence agent API). */
export function ocfCodeOfFence(action: string, exitCode: number): OcfCode {
  if (exitCode === 0) return 0;
  return exitCode === 2 && (action === 'status' || action === 'monitor') ? 7 : 1;
}

/** A reason travels with the result and stands in the document: more than a few lines belongs into the agent's own log. */
export const reasonCharsMax = 1000;

const reasonPrefix = 'ocf-exit-reason:';

/** The last exit reason in what the agent wrote to standard error, bounded. */
export function exitReasonOf(standardError: string): string {
  const lines = standardError.split('\n').filter((line) => line.startsWith(reasonPrefix));
  const reason = (lines.at(-1) ?? '').slice(reasonPrefix.length).trim();
  return reason.length <= reasonCharsMax ? reason : `${reason.slice(0, reasonCharsMax)} …`;
}

/**
 * Why a fence agent failed: the first error that it logged (`2026-01-02 03:04:05,678 ERROR: Failed: …`; hints at its usage
 * follow), bounded; else its last line.
 */
export function fenceReasonOf(standardError: string): string {
  const lines = standardError.split('\n').flatMap((line) => line.trim() || []);
  const logged = lines.flatMap((line) => /\bERROR: (.*)$/.exec(line)?.[1] ?? []);
  return (logged[0] ?? lines.at(-1) ?? '').slice(0, reasonCharsMax);
}

/** What an agent without a process of its own answers. */
export function answer(code: OcfCode, reason = '', durationMs = 0): Outcome {
  return { status: 'done', code, reason, output: '', durationMs };
}
