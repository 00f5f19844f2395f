// VRRP: RFC 9568 (version 3), RFC 3768 (version 2), and what Keepalived adds to them.
export type { AddressFamily } from './address.ts';
export { canonicalAddress, compareAddresses, familyOf, formatAddress, isLinkLocal, parseAddress } from './address.ts';
export type * from './configuration.ts';
export type { Changed, ConfigurationDifference, NamedDifference } from './difference.ts';
export { differenceOf, isEmptyDifference } from './difference.ts';
export type { HostOptions } from './driver/surroundings.ts';
export { hostSurroundings } from './driver/surroundings.ts';
export type { Finding, ParsedConfiguration, Surroundings } from './keepalived-conf/index.ts';
export { formatFinding, parseConfiguration, textSurroundings, verdictOf } from './keepalived-conf/index.ts';
export type * from './notification.ts';
export { fifoLine, scriptsFor } from './notification.ts';
export type * from './tracker.ts';
export { contributionOf, effectivePriority } from './tracker.ts';
