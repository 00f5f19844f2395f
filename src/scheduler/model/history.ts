// What nodes reported about operations: `lrm_resource` and `lrm_rsc_op` of the status section, read once.

import type { XmlElement } from '../../cib/index.ts';

/** `op-status` of a recorded operation, by its number. */
export const operationStatuses = {
  pending: -1,
  done: 0,
  cancelled: 1,
  timeout: 2,
  notSupported: 3,
  error: 4,
  hardError: 5,
  fatalError: 6,
  notInstalled: 7,
  notConnected: 8,
  invalid: 9,
  noFenceDevice: 10,
  noSecrets: 11,
} as const;

/** One recorded operation. */
export type HistoryEntry = {
  readonly xml: XmlElement;
  /** XML id of the entry. */
  readonly id: string;
  /** `operation_key`, or the id. */
  readonly key: string;
  readonly task: string;
  readonly intervalMs: number;
  /** -1 while pending. */
  readonly callId: number;
  /** 0 when the entry says none. */
  readonly exitCode: number;
  /** Pending when the entry says none. */
  readonly status: number;
  /** Says enough to be taken into account when a resource's state is worked out. */
  readonly isComplete: boolean;
  /** From `transition-key`; -1 when unknown. */
  readonly expectedExitCode: number;
  /** Epoch seconds; -1 when absent. */
  readonly lastChange: number;
  /** The name of the node that reported it. */
  readonly nodeName: string;
};

/** How a failure of an operation is answered, from the mildest to the strictest. */
export const onFailResponses = {
  ignore: 0,
  demote: 1,
  restart: 2,
  resetRemote: 3,
  restartContainer: 4,
  ban: 5,
  block: 6,
  stop: 7,
  standby: 8,
  fence: 9,
} as const;
export type OnFail = (typeof onFailResponses)[keyof typeof onFailResponses];
