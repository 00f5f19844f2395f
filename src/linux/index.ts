// The only room that touches the kernel. Every call answers a typed result with a named errno and what was attempted.
export type { Family } from './address.ts';
export {
  addressBytes,
  addressText,
  familyOf,
  hardwareAddressBytes,
  hardwareAddressText,
  isMulticast,
} from './address.ts';
export { bootId, bootMs, monotonicMs } from './clock.ts';
export type { KernelError, KernelResult } from './error.ts';
export { kernelFailure, orFail } from './error.ts';
export type { NamespacePath } from './namespace/enter.ts';
export { inNamespace, namedNamespace, namespaceOfProcess } from './namespace/enter.ts';
export { programPath, startWorker, workerRoleData } from './process/program.ts';
export type { SchedulingClass } from './process/scheduling.ts';
export { schedulingClass, setRealTime } from './process/scheduling.ts';
export type { Watch, WatchMethod } from './readiness/watch.ts';
export { settleWatchMethod, watchReadable } from './readiness/watch.ts';
