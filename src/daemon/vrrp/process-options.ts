// What global_defs say of the process itself: its name, its niceness, and how long its real-time thread may compute.
import { formatFailure, type Logger } from '../../kit/index.ts';
import { kernelFailure, limitRealTime, setNiceness, setThreadName } from '../../linux/index.ts';
import type { ProcessOptions } from '../../vrrp/index.ts';

/** Called on the main thread before the VRRP thread starts; the returned function ends the watch over its time. */
export function applyProcessOptions(options: ProcessOptions, logger: Logger): () => void {
  const { name, niceness, realTimeLimitUs } = options;
  if (name !== undefined) setThreadName(name);
  const nice = niceness === undefined ? undefined : setNiceness(niceness);
  if (nice?.ok === false) logger.warning(formatFailure(kernelFailure(nice.error)));
  return realTimeLimitUs === undefined ? () => {} : watchRealTime(realTimeLimitUs, logger);
}

/**
 * The kernel's signal would end the process, and with it a master that a collection of garbage held for a moment: it is
 * logged, and a thread that goes on and on is the guardian's business.
 */
function watchRealTime(limitUs: number, logger: Logger): () => void {
  const limit = () => {
    const limited = limitRealTime(limitUs);
    if (!limited.ok) logger.warning(formatFailure(kernelFailure(limited.error)));
  };
  const exceeded = () => {
    logger.warning(`The VRRP thread computed for ${limitUs} us without a pause (vrrp_rlimit_rttime)`);
    // With each signal the kernel moves the limit a second away.
    limit();
  };
  process.on('SIGXCPU', exceeded);
  limit();
  return () => process.off('SIGXCPU', exceeded);
}
