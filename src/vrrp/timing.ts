// The intervals of the protocol (RFC 9568 §6.1, RFC 3768 §6.1).
import type { InstanceConfiguration } from './configuration.ts';

/**
 * Skew_Time: the higher the priority, the sooner. Version 2 counts in seconds whatever the interval, version 3 in the
 * master's interval.
 */
export function skewMs(version: 2 | 3, priority: number, masterIntervalMs: number): number {
  return ((256 - priority) * (version === 2 ? 1000 : masterIntervalMs)) / 256;
}

/** Master_Down_Interval; `downTimerAdverts` is the 3 of the RFCs. */
export function masterDownMs(
  configuration: Pick<InstanceConfiguration, 'version' | 'downTimerAdverts'>,
  priority: number,
  masterIntervalMs: number,
): number {
  return configuration.downTimerAdverts * masterIntervalMs + skewMs(configuration.version, priority, masterIntervalMs);
}
