// Whether the others may count on this node's watchdog, as the document says that they do.
import { intervalMsOf, parseBoolean, type XmlElement } from '../../cib/index.ts';
import { clusterOptionsOf } from '../../controller/index.ts';
import type { WatchdogSettings } from './configuration.ts';
import { wallClock } from './reading.ts';

/** The reset may begin to be waited for as late as the timeout after the node was lost, and takes as long again. */
const timeoutsWaited = 2;

export function watchdogWarnings(cib: XmlElement, node: string, watchdog: WatchdogSettings | undefined): string[] {
  const options = clusterOptionsOf(cib, wallClock());
  const waited = options.get('fencing-watchdog-timeout') ?? options.get('stonith-watchdog-timeout') ?? '';
  const waitedMs = intervalMsOf(waited);
  if (parseBoolean(options.get('have-watchdog')) !== true || waitedMs <= 0) return [];
  if (watchdog === undefined)
    return [
      `the cluster counts on watchdogs (have-watchdog), and ${node} has none: lost, it is taken for off after ${waited} though it may run; write 'watchdog' into its cluster.json`,
    ];
  if (waitedMs >= timeoutsWaited * watchdog.timeoutS * 1000) return [];
  return [
    `stonith-watchdog-timeout is ${waited}, less than twice the ${watchdog.timeoutS} s after which the watchdog of ${node} resets it: services may run twice`,
  ];
}
