// Counters of an instance, as Keepalived's statistics dump names them.

export type Statistics = {
  advertReceived: number;
  advertSent: number;
  becameMaster: number;
  releasedMaster: number;
  lengthErrors: number;
  ttlErrors: number;
  invalidType: number;
  intervalErrors: number;
  addressListErrors: number;
  invalidAuthenticationType: number;
  authenticationTypeMismatch: number;
  authenticationFailure: number;
  checksumErrors: number;
  versionErrors: number;
  priorityZeroReceived: number;
  priorityZeroSent: number;
};

export function emptyStatistics(): Statistics {
  return {
    advertReceived: 0,
    advertSent: 0,
    becameMaster: 0,
    releasedMaster: 0,
    lengthErrors: 0,
    ttlErrors: 0,
    invalidType: 0,
    intervalErrors: 0,
    addressListErrors: 0,
    invalidAuthenticationType: 0,
    authenticationTypeMismatch: 0,
    authenticationFailure: 0,
    checksumErrors: 0,
    versionErrors: 0,
    priorityZeroReceived: 0,
    priorityZeroSent: 0,
  };
}
