// A whole configuration around the instances a test or a simulation wants: Keepalived's defaults everywhere else.
import type {
  GlobalOptions,
  InstanceConfiguration,
  SyncGroupConfiguration,
  VrrpConfiguration,
} from '../configuration.ts';
import { noNotify } from './instance.ts';

export const globalDefaults: GlobalOptions = {
  routerId: undefined,
  vrrpVersion: 2,
  strict: false,
  multicastGroup4: '224.0.0.18',
  multicastGroup6: 'ff02::12',
  startupDelayMs: 0,
  dynamicInterfaces: 'no',
  defaultInterface: undefined,
  vmacPrefix: 'vrrp',
  vmacAddressPrefix: undefined,
  packetFilter: { table: undefined, priority: -1, counters: false },
  logUnknownVrids: false,
  scriptSecurity: false,
  scriptUser: undefined,
  startupScript: undefined,
  shutdownScript: undefined,
  notifyFifo: undefined,
  vrrpNotifyFifo: undefined,
  fifoWriteVrrpStatesOnReload: false,
  mail: {
    recipients: [],
    sender: undefined,
    server: undefined,
    heloName: undefined,
    connectTimeoutMs: 30_000,
    alertVrrp: false,
    mailFaults: true,
  },
  process: {
    realTimePriority: undefined,
    processors: [],
    childWaitMs: 5000,
    instance: undefined,
    usePidFolder: false,
    name: undefined,
    niceness: undefined,
    realTimeLimitUs: undefined,
  },
  umask: 0o177,
  stateDumpFile: '/tmp/keepalived.data',
  statsDumpFile: '/tmp/keepalived.stats',
  jsonDumpFile: '/tmp/keepalived.json',
  jsonVersion: 1,
};

export function configurationOf(
  instances: readonly InstanceConfiguration[],
  changes: Partial<VrrpConfiguration> = {},
): VrrpConfiguration {
  return {
    global: globalDefaults,
    instances,
    syncGroups: [],
    scripts: [],
    processes: [],
    files: [],
    bfdSessions: [],
    staticAddresses: [],
    staticRoutes: [],
    staticRules: [],
    garpGroups: [],
    interfaceDelays: [],
    virtualServers: [],
    ...changes,
  };
}

export function syncGroupOf(name: string, members: readonly string[]): SyncGroupConfiguration {
  return {
    name,
    members,
    globalTracking: false,
    trackingWeight: false,
    trackInterfaces: [],
    trackScripts: [],
    trackProcesses: [],
    trackFiles: [],
    trackBfd: [],
    notify: noNotify,
  };
}
