// What global_defs says, complete with its defaults, while it is read.
import type { FifoConfiguration, GlobalOptions, ScriptUser } from '../configuration.ts';

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** Settings that instances take when they say nothing themselves. */
export type InstanceDefaults = {
  skipCheckAdvAddr: boolean;
  checkUnicastSource: boolean;
  downTimerAdverts: number;
  lowerPrioNoAdvert: boolean | undefined;
  higherPrioSendAdvert: boolean;
  ownerIgnoreAdverts: boolean;
  v3ChecksumAsV2: boolean;
  noVirtualAddress: boolean;
  garpMasterDelayMs: number;
  garpMasterRepeat: number;
  garpMasterRefreshMs: number;
  garpMasterRefreshRepeat: number;
  /** undefined: as after MASTER. */
  garpLowerPrioDelayMs: number | undefined;
  garpLowerPrioRepeat: number | undefined;
  garpIntervalMs: number;
  gnaIntervalMs: number;
  garpExtra: { readonly periodMs: number; readonly all: boolean };
  notifyPriorityChanges: boolean;
  smtpAlert: boolean | undefined;
  smtpAlertVrrp: boolean | undefined;
};

/** What global_defs says, complete with defaults, while it is read. */
export type GlobalDraft = {
  readonly options: Writable<Omit<GlobalOptions, 'mail' | 'process'>>;
  readonly mail: Writable<GlobalOptions['mail']> & { recipients: string[] };
  readonly process: Writable<GlobalOptions['process']>;
  readonly instances: InstanceDefaults;
  fifo: Fifo;
  vrrpFifo: Fifo;
};

export type Fifo = { path?: string; user?: ScriptUser | undefined; reader?: FifoConfiguration['reader'] };

export function defaultGlobals(): GlobalDraft {
  return {
    options: defaultOptions(),
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
    instances: defaultsOfInstances(),
    fifo: {},
    vrrpFifo: {},
  };
}

function defaultOptions(): GlobalDraft['options'] {
  return {
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
    umask: 0o177,
    stateDumpFile: '/tmp/keepalived.data',
    statsDumpFile: '/tmp/keepalived.stats',
    jsonDumpFile: '/tmp/keepalived.json',
    jsonVersion: 1,
  };
}

function defaultsOfInstances(): InstanceDefaults {
  return {
    skipCheckAdvAddr: false,
    checkUnicastSource: false,
    downTimerAdverts: 3,
    lowerPrioNoAdvert: undefined,
    higherPrioSendAdvert: false,
    ownerIgnoreAdverts: false,
    v3ChecksumAsV2: false,
    noVirtualAddress: false,
    garpMasterDelayMs: 5000,
    garpMasterRepeat: 5,
    garpMasterRefreshMs: 0,
    garpMasterRefreshRepeat: 1,
    garpLowerPrioDelayMs: undefined,
    garpLowerPrioRepeat: undefined,
    garpIntervalMs: 0,
    gnaIntervalMs: 0,
    garpExtra: { periodMs: 0, all: false },
    notifyPriorityChanges: false,
    smtpAlert: undefined,
    smtpAlertVrrp: undefined,
  };
}
