// An instance as the tests want it: Keepalived's defaults, and what the test changes.

import { familyOf } from '../address.ts';
import type { InstanceConfiguration, VirtualAddress } from '../configuration.ts';
import type { NotifyConfiguration } from '../notification.ts';

export const noNotify: NotifyConfiguration = {
  any: undefined,
  master: undefined,
  backup: undefined,
  fault: undefined,
  stop: undefined,
  masterRxLowerPri: undefined,
  deleted: false,
  deletedScript: undefined,
  priorityChanges: false,
  smtpAlert: false,
};

export function virtualAddress(address: string, prefixLength = 24): VirtualAddress {
  return {
    address,
    prefixLength,
    family: familyOf(address),
    interface: undefined,
    broadcast: undefined,
    label: undefined,
    scope: undefined,
    peer: undefined,
    home: false,
    noDad: false,
    mngTmpAddr: false,
    noPrefixRoute: false,
    preferredLifetimeMs: undefined,
    noTrack: false,
    useVmac: false,
  };
}

export function instanceOf(changes: Partial<InstanceConfiguration> = {}): InstanceConfiguration {
  return {
    name: 'VI_1',
    wantedState: 'BACKUP',
    interface: 'eth0',
    version: 2,
    family: 'ipv4',
    virtualRouterId: 51,
    priority: 244,
    advertIntervalMs: 1000,
    preempt: true,
    preemptDelayMs: 0,
    downTimerAdverts: 3,
    strictMode: false,
    accept: true,
    promoteSecondaries: false,
    virtualAddresses: [virtualAddress('192.168.122.200'), virtualAddress('192.168.122.201')],
    excludedAddresses: [],
    virtualRoutes: [],
    virtualRules: [],
    virtualMac: undefined,
    addressMacs: [],
    transport: { kind: 'multicast', group: '224.0.0.18', source: undefined },
    authentication: { kind: 'none' },
    skipCheckAdvAddr: false,
    announcement: {
      masterDelayMs: 5000,
      masterRepeat: 5,
      masterRefreshMs: 0,
      masterRefreshRepeat: 1,
      lowerPrioDelayMs: 5000,
      lowerPrioRepeat: 5,
      extraInterfaceMs: 0,
      extraInterfaceAll: false,
      garpIntervalMs: 0,
      gnaIntervalMs: 0,
    },
    lowerPrioNoAdvert: false,
    higherPrioSendAdvert: false,
    ownerIgnoreAdverts: false,
    v3ChecksumAsV2: false,
    trackSource: false,
    dontTrackPrimary: false,
    trackInterfaces: [],
    trackScripts: [],
    trackProcesses: [],
    trackFiles: [],
    trackBfd: [],
    notify: noNotify,
    kernelReceiveBufferBytes: undefined,
    place: { file: 'test.conf', line: 1 },
    ...changes,
  };
}
