// What a keepalived.conf means, as typed data: filled by keepalived-conf/, read by the state machine and its drivers.
// Names are keepalived.conf(5)'s. All durations are milliseconds, all addresses canonical text (address.ts), all global
// defaults already applied to the instances, so that nobody below asks "and if it was not written?".
import type { AddressFamily } from './address.ts';
import type { NotifyConfiguration } from './notification.ts';
import type {
  BfdConfiguration,
  TrackedFile,
  TrackedInterface,
  TrackedProcess,
  TrackedScript,
  TrackerReference,
} from './tracker.ts';

export type VrrpConfiguration = {
  readonly global: GlobalOptions;
  readonly instances: readonly InstanceConfiguration[];
  readonly syncGroups: readonly SyncGroupConfiguration[];
  readonly scripts: readonly TrackedScript[];
  readonly processes: readonly TrackedProcess[];
  readonly files: readonly TrackedFile[];
  readonly bfdSessions: readonly BfdConfiguration[];
  /** `static_ipaddress`, `static_routes`, `static_rules`: set at start, removed at stop, whatever the VRRP state. */
  readonly staticAddresses: readonly VirtualAddress[];
  readonly staticRoutes: readonly VirtualRoute[];
  readonly staticRules: readonly VirtualRule[];
  readonly garpGroups: readonly GarpGroupConfiguration[];
  /** `interface_up_down_delays`: debounce of link events. */
  readonly interfaceDelays: readonly InterfaceDelay[];
  /** Names of `virtual_server` and `virtual_server_group` blocks: read over, and reported as not served. */
  readonly virtualServers: readonly string[];
};

export type InstanceConfiguration = {
  readonly name: string;
  /** The wish at start. Both start as BACKUP; MASTER with priority 255 takes the address at once. */
  readonly wantedState: 'MASTER' | 'BACKUP';
  /** Carries the adverts, and the addresses that name no other. */
  readonly interface: string;
  readonly version: 2 | 3;
  readonly family: AddressFamily;
  /** VRID, 1..255. */
  readonly virtualRouterId: number;
  /** Configured priority, 1..255; 255 is the address owner. */
  readonly priority: number;
  /** v2: whole seconds; v3: 10..40950 ms in steps of 10. */
  readonly advertIntervalMs: number;
  readonly preempt: boolean;
  readonly preemptDelayMs: number;
  /** `down_timer_adverts`: adverts missed before the master counts as down; 3 in both RFCs. */
  readonly downTimerAdverts: number;
  readonly strictMode: boolean;
  readonly accept: boolean;
  readonly promoteSecondaries: boolean;
  readonly virtualAddresses: readonly VirtualAddress[];
  readonly excludedAddresses: readonly VirtualAddress[];
  readonly virtualRoutes: readonly VirtualRoute[];
  readonly virtualRules: readonly VirtualRule[];
  readonly virtualMac: VirtualMacOptions | undefined;
  /** Macvlans for addresses that the instance's own interface does not carry (`use_vmac_addr`). */
  readonly addressMacs: readonly AddressMac[];
  readonly transport: InstanceTransport;
  readonly authentication: Authentication;
  readonly skipCheckAdvAddr: boolean;
  readonly announcement: AnnouncementOptions;
  /** As master, stay silent towards a lower advert (RFC 9568 §6.4.3) rather than answer it at once. */
  readonly lowerPrioNoAdvert: boolean;
  /** As master, answer a higher advert with one of ours before giving way. */
  readonly higherPrioSendAdvert: boolean;
  /** `owner_ignore_adverts`: with priority 255, others' adverts change nothing. */
  readonly ownerIgnoreAdverts: boolean;
  /** `v3_checksum_as_v2`: IPv4 v3 checksum without the pseudo-header. */
  readonly v3ChecksumAsV2: boolean;
  /** `track_src_ip`: a configured source address that its interface does not have is a fault. */
  readonly trackSource: boolean;
  /** `dont_track_primary`: faults of `interface` are ignored. */
  readonly dontTrackPrimary: boolean;
  readonly trackInterfaces: readonly TrackedInterface[];
  readonly trackScripts: readonly TrackerReference[];
  readonly trackProcesses: readonly TrackerReference[];
  readonly trackFiles: readonly TrackerReference[];
  readonly trackBfd: readonly TrackerReference[];
  readonly notify: NotifyConfiguration;
  readonly kernelReceiveBufferBytes: number | undefined;
  /** Line of the block in its file, for messages of later checks. */
  readonly place: { readonly file: string; readonly line: number };
};

/** How adverts travel. Multicast groups default to 224.0.0.18 and ff02::12. */
export type InstanceTransport =
  | {
      readonly kind: 'multicast';
      readonly group: string;
      /** `mcast_src_ip`; undefined: the first address of the interface (IPv6: link-local). */
      readonly source: string | undefined;
    }
  | {
      readonly kind: 'unicast';
      readonly source: string | undefined;
      readonly peers: readonly UnicastPeer[];
      readonly ttl: number;
      /** `check_unicast_src`: accept only from configured peers. */
      readonly checkSource: boolean;
      /** `unicast_fault_no_peer` with an empty list. */
      readonly faultWithoutPeers: boolean;
    };

export type UnicastPeer = {
  readonly address: string;
  readonly ttlMin: number | undefined;
  readonly ttlMax: number | undefined;
};

/** v2 only (RFC 2338 types, kept by Keepalived). The secret is 1..8 bytes. */
export type Authentication =
  | { readonly kind: 'none' }
  | { readonly kind: 'pass'; readonly secret: string }
  | { readonly kind: 'ah'; readonly secret: string };

/** `use_vmac [NAME] [MAC]` and `vmac_xmit_base`. */
/** One macvlan on `base` for the virtual addresses of one family there. */
export type AddressMac = {
  readonly name: string;
  readonly mac: string;
  readonly base: string;
  readonly family: AddressFamily;
};

export type VirtualMacOptions = {
  /** Interface name; undefined: `vrrp.VRID` (with the global prefix). */
  readonly name: string | undefined;
  /** undefined: 00:00:5e:00:01:VRID (IPv4) or 00:00:5e:00:02:VRID (IPv6). */
  readonly mac: string | undefined;
  /** Adverts leave by the parent interface. */
  readonly transmitOnBase: boolean;
};

/** Gratuitous ARP and unsolicited NA: the `garp_*` options. */
export type AnnouncementOptions = {
  /** Until the second burst after MASTER; 0: no second burst. */
  readonly masterDelayMs: number;
  /** Frames per address in a burst. */
  readonly masterRepeat: number;
  /** Period of the refresh while MASTER; 0: none. */
  readonly masterRefreshMs: number;
  readonly masterRefreshRepeat: number;
  /** Until the second burst after a lower advert was heard as MASTER; 0: none. */
  readonly lowerPrioDelayMs: number;
  readonly lowerPrioRepeat: number;
  /** `garp_extra_if`: period of the refresh on the other interfaces; 0: none. */
  readonly extraInterfaceMs: number;
  readonly extraInterfaceAll: boolean;
  /** Spacing of frames on the instance's interface (`garp_interval`, `gna_interval`); 0: back to back. */
  readonly garpIntervalMs: number;
  readonly gnaIntervalMs: number;
};

/** One line of `virtual_ipaddress`, `virtual_ipaddress_excluded` or `static_ipaddress`. */
export type VirtualAddress = {
  readonly address: string;
  readonly prefixLength: number;
  readonly family: AddressFamily;
  readonly interface: string | undefined;
  readonly broadcast: string | undefined;
  readonly label: string | undefined;
  /** Numeric, as rtnetlink has it: 0 universe, 200 site, 253 link, 254 host. */
  readonly scope: number | undefined;
  readonly peer: string | undefined;
  readonly home: boolean;
  readonly noDad: boolean;
  readonly mngTmpAddr: boolean;
  readonly noPrefixRoute: boolean;
  readonly preferredLifetimeMs: number | undefined;
  readonly noTrack: boolean;
  readonly useVmac: boolean;
};

/** `ip route` words as data. Tables, protocols, scopes and types are numbers of rtnetlink(7). */
export type VirtualRoute = {
  readonly family: AddressFamily;
  /** Destination; `default` is 0.0.0.0/0 or ::/0. */
  readonly destination: string;
  readonly prefixLength: number;
  readonly kind:
    | 'unicast'
    | 'blackhole'
    | 'unreachable'
    | 'prohibit'
    | 'throw'
    | 'nat'
    | 'local'
    | 'broadcast'
    | 'multicast';
  readonly gateway: string | undefined;
  readonly interface: string | undefined;
  readonly preferredSource: string | undefined;
  readonly table: number | undefined;
  readonly metric: number | undefined;
  readonly scope: number | undefined;
  readonly protocol: number | undefined;
  readonly tos: number | undefined;
  readonly mtu: number | undefined;
  readonly onLink: boolean;
  readonly nexthops: readonly Nexthop[];
  readonly noTrack: boolean;
  /** Words of `ip route` that are understood but not given to the kernel; each was reported when read. */
  readonly notApplied: readonly string[];
  /** As written, for messages and dumps. */
  readonly text: string;
};

export type Nexthop = {
  readonly gateway: string | undefined;
  readonly interface: string | undefined;
  readonly weight: number;
  readonly onLink: boolean;
};

/** `ip rule` words as data. */
export type VirtualRule = {
  readonly family: AddressFamily;
  readonly not: boolean;
  readonly from: { readonly address: string; readonly prefixLength: number } | undefined;
  readonly to: { readonly address: string; readonly prefixLength: number } | undefined;
  readonly table: number | undefined;
  readonly preference: number | undefined;
  readonly firewallMark: number | undefined;
  readonly firewallMask: number | undefined;
  readonly tos: number | undefined;
  readonly inputInterface: string | undefined;
  readonly outputInterface: string | undefined;
  readonly goto: number | undefined;
  readonly action: 'lookup' | 'blackhole' | 'unreachable' | 'prohibit' | 'goto' | 'nop';
  readonly suppressPrefixLength: number | undefined;
  readonly noTrack: boolean;
  readonly notApplied: readonly string[];
  readonly text: string;
};

/** Instances that change state together. Its trackers count for every member. */
export type SyncGroupConfiguration = {
  readonly name: string;
  readonly members: readonly string[];
  readonly globalTracking: boolean;
  readonly trackingWeight: boolean;
  readonly trackInterfaces: readonly TrackedInterface[];
  readonly trackScripts: readonly TrackerReference[];
  readonly trackProcesses: readonly TrackerReference[];
  readonly trackFiles: readonly TrackerReference[];
  readonly trackBfd: readonly TrackerReference[];
  readonly notify: NotifyConfiguration;
};

export type GarpGroupConfiguration = {
  readonly garpIntervalMs: number | undefined;
  readonly gnaIntervalMs: number | undefined;
  readonly interfaces: readonly string[];
};

export type InterfaceDelay = {
  readonly interface: string;
  readonly downDelayMs: number;
  readonly upDelayMs: number;
};

/** global_defs that act on the daemon rather than on instances. */
export type GlobalOptions = {
  /** Default: the host name. */
  readonly routerId: string | undefined;
  readonly vrrpVersion: 2 | 3;
  readonly strict: boolean;
  readonly multicastGroup4: string;
  readonly multicastGroup6: string;
  readonly startupDelayMs: number;
  readonly dynamicInterfaces: 'no' | 'yes' | 'allow-if-changes';
  readonly defaultInterface: string | undefined;
  readonly vmacPrefix: string;
  /** `vmac_addr_prefix`; undefined: as `vmacPrefix`. */
  readonly vmacAddressPrefix: string | undefined;
  /** `nftables [TABLE]`, `nftables_priority`, `nftables_counters`; without a table name one that names this process. */
  readonly packetFilter: { readonly table: string | undefined; readonly priority: number; readonly counters: boolean };
  readonly logUnknownVrids: boolean;
  readonly scriptSecurity: boolean;
  readonly scriptUser: ScriptUser | undefined;
  readonly startupScript: TimedScript | undefined;
  readonly shutdownScript: TimedScript | undefined;
  /** `notify_fifo` (all events) and `vrrp_notify_fifo`, each with the script that reads it. */
  readonly notifyFifo: FifoConfiguration | undefined;
  readonly vrrpNotifyFifo: FifoConfiguration | undefined;
  readonly fifoWriteVrrpStatesOnReload: boolean;
  readonly mail: MailConfiguration;
  readonly process: ProcessOptions;
  /** Octal file mode mask of what the daemon creates. */
  readonly umask: number;
  readonly stateDumpFile: string;
  readonly statsDumpFile: string;
  readonly jsonDumpFile: string;
  readonly jsonVersion: 1 | 2;
};

export type ScriptUser = { readonly uid: number; readonly gid: number; readonly name: string };

export type TimedScript = {
  readonly command: readonly string[];
  readonly user: ScriptUser | undefined;
  readonly timeoutMs: number;
};

export type FifoConfiguration = {
  readonly path: string;
  readonly user: ScriptUser | undefined;
  readonly reader: { readonly command: readonly string[]; readonly user: ScriptUser | undefined } | undefined;
};

export type MailConfiguration = {
  readonly recipients: readonly string[];
  readonly sender: string | undefined;
  readonly server: { readonly host: string; readonly port: number } | undefined;
  readonly heloName: string | undefined;
  readonly connectTimeoutMs: number;
  readonly alertVrrp: boolean;
  readonly mailFaults: boolean;
};

export type ProcessOptions = {
  readonly realTimePriority: number | undefined;
  /** `vrrp_cpu_affinity`: numbers of processors; empty: all. */
  readonly processors: readonly number[];
  readonly childWaitMs: number;
  /** `instance NAME`: tells several daemons of one namespace apart in pid files, log and status. */
  readonly instance: string | undefined;
  /** `use_pid_dir`: pid files under /run/keepalived. */
  readonly usePidFolder: boolean;
  /** `vrrp_process_name`, `process_name` or `process_names`. */
  readonly name: string | undefined;
  /** `vrrp_priority`. */
  readonly niceness: number | undefined;
  /** `vrrp_rlimit_rttime`. */
  readonly realTimeLimitUs: number | undefined;
};
