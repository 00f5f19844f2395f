// The keywords of global_defs: settings of the daemon, and defaults of the instances.
import { canonicalAddress } from '../address.ts';
import type { FifoConfiguration, GlobalOptions } from '../configuration.ts';
import { blockOf, type Reader, type Scope, type Table } from './block.ts';
import type { Fifo, GlobalDraft } from './global-draft.ts';
import { extraInterfaces, garpSecondsMax, repeatMax } from './instance-keywords.ts';
import { scriptOf, userOf } from './script-command.ts';
import type { Statement } from './statement.ts';
import {
  alreadySo,
  alwaysOn,
  flag,
  integer,
  integerOf,
  notDone,
  onlyWord,
  seconds,
  secondsOf,
  toggle,
  wholeSeconds,
  word,
} from './values.ts';

export function globalOptionsOf(draft: GlobalDraft): GlobalOptions {
  return {
    ...draft.options,
    notifyFifo: fifoOf(draft.fifo),
    vrrpNotifyFifo: fifoOf(draft.vrrpFifo),
    mail: { ...draft.mail, alertVrrp: draft.instances.smtpAlertVrrp ?? draft.instances.smtpAlert ?? false },
    process: draft.process,
  };
}

const pacingBounds = { min: 0.000001, max: 4294.967295 };

const protocolKeywords: Table<GlobalDraft> = {
  router_id: (draft, statement, scope) => {
    const name = statement.words[0]?.text;
    if (name !== undefined) draft.options.routerId = name;
    else scope.findings.error(statement.place, 'routerid name missing - ignoring');
  },
  vrrp_version: integer({ min: 2, max: 3 }, ({ options }, value) => {
    options.vrrpVersion = value === 2 ? 2 : 3;
  }),
  vrrp_strict: alwaysOn(({ options }) => {
    options.strict = true;
  }),
  vrrp_mcast_group4: group('ipv4', ({ options }, value) => {
    options.multicastGroup4 = value;
  }),
  vrrp_mcast_group6: group('ipv6', ({ options }, value) => {
    options.multicastGroup6 = value;
  }),
  vrrp_skip_check_adv_addr: alwaysOn(({ instances }) => {
    instances.skipCheckAdvAddr = true;
  }),
  vrrp_check_unicast_src: alwaysOn(({ instances }) => {
    instances.checkUnicastSource = true;
  }),
  vrrp_down_timer_adverts: integer({ min: 1, max: 100 }, ({ instances }, value) => {
    instances.downTimerAdverts = value;
  }),
  vrrp_lower_prio_no_advert: toggle(({ instances }, value) => {
    instances.lowerPrioNoAdvert = value;
  }),
  vrrp_higher_prio_send_advert: toggle(({ instances }, value) => {
    instances.higherPrioSendAdvert = value;
  }),
  vrrp_owner_ignore_adverts: toggle(({ instances }, value) => {
    instances.ownerIgnoreAdverts = value;
  }),
  v3_checksum_as_v2: toggle(({ instances }, value) => {
    instances.v3ChecksumAsV2 = value;
  }),
  no_virtual_ipaddress: toggle(({ instances }, value) => {
    instances.noVirtualAddress = value;
  }),
  vrrp_startup_delay: seconds({ min: 0, max: repeatMax }, ({ options }, value) => {
    options.startupDelayMs = value;
  }),
  vrrp_delay_after_boot: notDone('instances start at once: vrrp_startup_delay holds them back'),
  // A machine that woke late listens first, whether this is set or not.
  timer_expired_backup: alreadySo(),
  thread_timer_expired: alreadySo(),
  log_unknown_vrids: flag(({ options }) => {
    options.logUnknownVrids = true;
  }),
};

const announcementKeywords: Table<GlobalDraft> = {
  vrrp_garp_master_delay: wholeSeconds({ min: 0, max: garpSecondsMax }, ({ instances }, value) => {
    instances.garpMasterDelayMs = value;
  }),
  vrrp_garp_delay: wholeSeconds({ min: 0, max: garpSecondsMax }, ({ instances }, value) => {
    instances.garpMasterDelayMs = value;
  }),
  vrrp_garp_master_repeat: integer({ min: 0, max: repeatMax }, ({ instances }, value) => {
    instances.garpMasterRepeat = Math.max(1, value);
  }),
  vrrp_garp_master_refresh: wholeSeconds({ min: 0, max: garpSecondsMax }, ({ instances }, value) => {
    instances.garpMasterRefreshMs = value;
  }),
  vrrp_garp_master_refresh_repeat: integer({ min: 0, max: repeatMax }, ({ instances }, value) => {
    instances.garpMasterRefreshRepeat = Math.max(1, value);
  }),
  vrrp_garp_lower_prio_delay: wholeSeconds({ min: 0, max: garpSecondsMax }, ({ instances }, value) => {
    instances.garpLowerPrioDelayMs = value;
  }),
  vrrp_garp_lower_prio_repeat: integer({ min: 0, max: repeatMax }, ({ instances }, value) => {
    instances.garpLowerPrioRepeat = value;
  }),
  vrrp_garp_interval: seconds(pacingBounds, ({ instances }, value) => {
    instances.garpIntervalMs = value;
  }),
  vrrp_gna_interval: seconds(pacingBounds, ({ instances }, value) => {
    instances.gnaIntervalMs = value;
  }),
  vrrp_min_garp: toggle(({ instances }, value) => {
    if (!value) return;
    instances.garpMasterDelayMs = 0;
    instances.garpMasterRepeat = 1;
    instances.garpLowerPrioDelayMs = 0;
    instances.garpLowerPrioRepeat = 1;
  }),
  vrrp_garp_extra_if: extraInterfaces(({ instances }, value) => {
    instances.garpExtra = value;
  }),
  vrrp_vmac_garp_intvl: extraInterfaces(({ instances }, value) => {
    instances.garpExtra = value;
  }),
};

const otherFilter: Reader<GlobalDraft> = notDone('what no_accept refuses is dropped by nftables alone');

const interfaceKeywords: Table<GlobalDraft> = {
  default_interface: word(({ options }, value) => {
    options.defaultInterface = value;
  }),
  dynamic_interfaces: ({ options }, statement) => {
    options.dynamicInterfaces = statement.words[0]?.text === 'allow_if_changes' ? 'allow-if-changes' : 'yes';
  },
  disable_local_igmp: notDone('the IGMP reports of the kernel are left as they are'),
  vmac_prefix: word(({ options }, value) => {
    options.vmacPrefix = value;
  }),
  vmac_addr_prefix: word(({ options }, value) => {
    options.vmacAddressPrefix = value;
  }),
  vrrp_iptables: otherFilter,
  vrrp_ipsets: otherFilter,
  namespace_with_ipsets: otherFilter,
  nftables: ({ options }, statement, scope) => {
    const table = statement.words[0]?.text;
    if (table === undefined || /^[A-Za-z_][\w/.\\]*$/.test(table))
      options.packetFilter = { ...options.packetFilter, table };
    else scope.findings.error(statement.place, `nftables: '${table}' is no name of a table - ignoring`);
  },
  nftables_priority: integer({ min: -0x8000_0000, max: 0x7fff_ffff }, ({ options }, priority) => {
    options.packetFilter = { ...options.packetFilter, priority };
  }),
  nftables_counters: flag(({ options }) => {
    options.packetFilter = { ...options.packetFilter, counters: true };
  }),
  nftables_ifindex: notDone('rules name interfaces, which may be made anew'),
  vrrp_rx_bufs_policy: notDone('receive buffers keep the size that the system gives them'),
  vrrp_rx_bufs_multiplier: notDone('receive buffers keep the size that the system gives them'),
};

const scriptKeywords: Table<GlobalDraft> = {
  script_user: ({ options }, statement, scope) => {
    const name = onlyWord(statement, scope);
    if (name === undefined) return;
    const user = userOf(name, statement.words[1]?.text, scope);
    if (typeof user !== 'string') options.scriptUser = user;
    else scope.findings.error(statement.place, `Error setting global script uid/gid: ${user}`);
  },
  enable_script_security: flag(({ options }) => {
    options.scriptSecurity = true;
  }),
  startup_script: (draft, statement, scope) => readTimedScript(draft, 'startupScript', statement, scope),
  startup_script_timeout: (draft, statement, scope) => readScriptTimeout(draft, 'startupScript', statement, scope),
  shutdown_script: (draft, statement, scope) => readTimedScript(draft, 'shutdownScript', statement, scope),
  shutdown_script_timeout: (draft, statement, scope) => readScriptTimeout(draft, 'shutdownScript', statement, scope),
  notify_fifo: fifo((draft) => draft.fifo),
  notify_fifo_script: fifoReader((draft) => draft.fifo),
  vrrp_notify_fifo: fifo((draft) => draft.vrrpFifo),
  vrrp_notify_fifo_script: fifoReader((draft) => draft.vrrpFifo),
  fifo_write_vrrp_states_on_reload: flag(({ options }) => {
    options.fifoWriteVrrpStatesOnReload = true;
  }),
  vrrp_notify_priority_changes: toggle(({ instances }, value) => {
    instances.notifyPriorityChanges = value;
  }),
};

const mailKeywords: Table<GlobalDraft> = {
  notification_email: ({ mail }, statement, scope) => {
    for (const item of blockOf(statement, scope)) mail.recipients.push(item.keyword);
  },
  notification_email_from: word(({ mail }, value) => {
    mail.sender = value;
  }),
  smtp_server: ({ mail }, statement, scope) => {
    const host = onlyWord(statement, scope);
    const portWord = statement.words[1]?.text ?? '25';
    const port = integerOf(portWord, statement, { min: 1, max: 65_535 }, scope);
    if (host !== undefined && port !== undefined) mail.server = { host, port };
  },
  smtp_helo_name: word(({ mail }, value) => {
    mail.heloName = value;
  }),
  smtp_connect_timeout: seconds({ min: 0.000001, max: 3600 }, ({ mail }, value) => {
    mail.connectTimeoutMs = value;
  }),
  smtp_alert: toggle(({ instances }, value) => {
    instances.smtpAlert = value;
  }),
  smtp_alert_vrrp: toggle(({ instances }, value) => {
    instances.smtpAlertVrrp = value;
  }),
  smtp_alert_checker: alreadySo(),
  no_email_faults: flag(({ mail }) => {
    mail.mailFaults = false;
  }),
};

const realTimeLimit: Reader<GlobalDraft> = integer({ min: 2, max: 0xffff_ffff }, ({ process: draft }, value) => {
  draft.realTimeLimitUs = value;
});
const autoPriority: Reader<GlobalDraft> = notDone('the VRRP thread has real-time priority from its start');

const processKeywords: Table<GlobalDraft> = {
  vrrp_priority: integer({ min: -20, max: 19 }, ({ process: draft }, value) => {
    draft.niceness = value;
  }),
  vrrp_rt_priority: integer({ min: 1, max: 99 }, ({ process: draft }, value) => {
    draft.realTimePriority = value;
  }),
  vrrp_rlimit_rttime: realTimeLimit,
  vrrp_rlimit_rtime: realTimeLimit,
  vrrp_cpu_affinity: notDone('the scheduler of the kernel chooses the CPU'),
  vrrp_no_swap: notDone('memory is not locked: give the machine enough of it'),
  // One process where Keepalived has two: what names its VRRP process goes before what names the parent.
  vrrp_process_name: word(({ process: draft }, value) => {
    draft.name = value;
  }),
  process_name: word(({ process: draft }, value) => {
    draft.name ??= value;
  }),
  process_names: flag(({ process: draft }) => {
    draft.name = 'keepalived_vrrp';
  }),
  max_auto_priority: autoPriority,
  min_auto_priority_delay: autoPriority,
  child_wait_time: wholeSeconds({ min: 0, max: repeatMax }, ({ process: draft }, value) => {
    draft.childWaitMs = value;
  }),
};

const fileKeywords: Table<GlobalDraft> = {
  // Every reload is checked before anything changes.
  reload_check_config: alreadySo(),
  reload_time_file: notDone('reloads are not scheduled: send SIGHUP at the time'),
  reload_repeat: notDone('reloads are not scheduled: send SIGHUP at the time'),
  reload_file: notDone('no marker file is made while the configuration is read'),
  // Minded where the files are read (source.ts).
  include_check: alreadySo(),
  config_save_dir: notDone('no copies of the configuration are kept around reloads'),
  tmp_config_directory: alreadySo(),
  umask: readUmask,
  random_seed: alreadySo(),
  data_use_instance: notDone('dump files have the names that state_dump_file and its neighbours give'),
  use_symlink_paths: alreadySo(),
  state_dump_file: word(({ options }, value) => {
    options.stateDumpFile = value;
  }),
  stats_dump_file: word(({ options }, value) => {
    options.statsDumpFile = value;
  }),
  json_dump_file: word(({ options }, value) => {
    options.jsonDumpFile = value;
  }),
  json_version: integer({ min: 1, max: 2 }, ({ options }, value) => {
    options.jsonVersion = value === 2 ? 2 : 1;
  }),
  iproute_etc_dir: notDone('routing names are read from /etc/iproute2'),
  iproute_usr_dir: notDone('routing names are read from /etc/iproute2'),
  vrrp_netlink_cmd_rcv_bufs: bufferSize(),
  vrrp_netlink_cmd_rcv_bufs_force: bufferSize(),
  vrrp_netlink_monitor_rcv_bufs: bufferSize(),
  vrrp_netlink_monitor_rcv_bufs_force: bufferSize(),
  process_monitor_rcv_bufs: bufferSize(),
  process_monitor_rcv_bufs_force: bufferSize(),
};

const snmp: Reader<GlobalDraft> = notDone('SNMP is not served: haven vrrp status --json tells the same');
const dbus: Reader<GlobalDraft> = notDone('D-Bus is not served: haven vrrp status --json tells the same');
const bfdProcess: Reader<GlobalDraft> = notDone('BFD sessions run in the process of VRRP, with its priority');
const checkers: Reader<GlobalDraft> = notDone('virtual servers and their checkers are not served');

const elsewhereKeywords: Table<GlobalDraft> = {
  snmp_socket: snmp,
  enable_snmp_keepalived: snmp,
  enable_snmp_vrrp: snmp,
  enable_snmp_checker: snmp,
  enable_snmp_rfc: snmp,
  enable_snmp_rfcv2: snmp,
  enable_snmp_rfcv3: snmp,
  enable_traps: snmp,
  enable_dbus: dbus,
  dbus_service_name: dbus,
  dbus_no_interface_name: dbus,
  bfd_priority: bfdProcess,
  bfd_rt_priority: bfdProcess,
  bfd_rlimit_rttime: bfdProcess,
  bfd_rlimit_rtime: bfdProcess,
  bfd_cpu_affinity: bfdProcess,
  bfd_no_swap: bfdProcess,
  bfd_process_name: bfdProcess,
  checker_priority: checkers,
  checker_rt_priority: checkers,
  checker_rlimit_rttime: checkers,
  checker_rlimit_rtime: checkers,
  checker_cpu_affinity: checkers,
  checker_no_swap: checkers,
  checker_process_name: checkers,
  checker_log_all_failures: checkers,
  lvs_sync_daemon: checkers,
  lvs_timeouts: checkers,
  lvs_flush: checkers,
  lvs_flush_onstop: checkers,
  lvs_flush_on_stop: checkers,
  lvs_notify_fifo: checkers,
  lvs_notify_fifo_script: checkers,
  lvs_netlink_cmd_rcv_bufs: checkers,
  lvs_netlink_cmd_rcv_bufs_force: checkers,
  lvs_netlink_monitor_rcv_bufs: checkers,
  lvs_netlink_monitor_rcv_bufs_force: checkers,
  rs_init_notifies: checkers,
  no_checker_emails: checkers,
  net_namespace_ipvs: checkers,
  nftables_ipvs: checkers,
  nftables_ipvs_priority: checkers,
  nftables_ipvs_start_fwmark: checkers,
};

/** Keywords that may stand in global_defs or, of old, at top level. */
export const daemonKeywords: Table<GlobalDraft> = {
  net_namespace: notDone('it runs in the namespace in which it is started: ip netns exec NAME haven vrrp'),
  instance: word(({ process: draft }, value) => {
    draft.instance = value;
  }),
  use_pid_dir: flag(({ process: draft }) => {
    draft.usePidFolder = true;
  }),
  child_wait_time: wholeSeconds({ min: 0, max: repeatMax }, ({ process: draft }, value) => {
    draft.childWaitMs = value;
  }),
};

export const globalKeywords: Table<GlobalDraft> = {
  ...protocolKeywords,
  ...announcementKeywords,
  ...interfaceKeywords,
  ...scriptKeywords,
  ...mailKeywords,
  ...processKeywords,
  ...fileKeywords,
  ...elsewhereKeywords,
  ...daemonKeywords,
  linkbeat_use_polling: notDone('the kernel tells of carrier by netlink, and nothing is polled'),
};

function group(family: 'ipv4' | 'ipv6', assign: (draft: GlobalDraft, value: string) => void): Reader<GlobalDraft> {
  return (draft, statement, scope) => {
    const text = onlyWord(statement, scope);
    if (text === undefined) return;
    const value = canonicalAddress(text);
    const multicast = family === 'ipv4' ? /^(22[4-9]|23\d)\./ : /^ff[0-9a-f]{2}:/;
    if (value !== undefined && multicast.test(value)) assign(draft, value);
    else {
      scope.findings.error(
        statement.place,
        `Configuration error: Cannot parse ${statement.keyword} ${text} - ignoring`,
        {
          why: `it is no multicast address of ${family === 'ipv4' ? 'IPv4' : 'IPv6'}`,
        },
      );
    }
  };
}

const scriptTimeoutMs = 10_000;

function readTimedScript(
  { options }: GlobalDraft,
  name: 'startupScript' | 'shutdownScript',
  statement: Statement,
  scope: Scope,
): void {
  const script = scriptOf(statement, scope);
  if (script !== undefined) options[name] = { ...script, timeoutMs: options[name]?.timeoutMs ?? scriptTimeoutMs };
}

function readScriptTimeout(
  { options }: GlobalDraft,
  name: 'startupScript' | 'shutdownScript',
  statement: Statement,
  scope: Scope,
): void {
  const text = onlyWord(statement, scope);
  const timeoutMs = text === undefined ? undefined : secondsOf(text, statement, { min: 1, max: 1000 }, scope);
  if (timeoutMs === undefined) return;
  options[name] = { command: [], user: undefined, ...options[name], timeoutMs };
}

/** `FIFO [USER [GROUP]]`. */
function fifo(target: (draft: GlobalDraft) => Fifo): Reader<GlobalDraft> {
  return (draft, statement, scope) => {
    const path = onlyWord(statement, scope);
    if (path === undefined) return;
    const [, userWord, groupWord] = statement.words;
    const user = userWord === undefined ? undefined : userOf(userWord.text, groupWord?.text, scope);
    if (typeof user === 'string')
      scope.findings.error(statement.place, `${statement.keyword} ${path}: ${user} - ignoring`);
    else Object.assign(target(draft), { path, user });
  };
}

function fifoReader(target: (draft: GlobalDraft) => Fifo): Reader<GlobalDraft> {
  return (draft, statement, scope) => {
    const reader = scriptOf(statement, scope);
    if (reader !== undefined) target(draft).reader = reader;
  };
}

function fifoOf({ path, user, reader }: Fifo): FifoConfiguration | undefined {
  return path === undefined ? undefined : { path, user, reader };
}

function bufferSize(): Reader<GlobalDraft> {
  return notDone('socket buffers keep the size that the system gives them');
}

const modeBits: ReadonlyMap<string, number> = new Map(
  ['R', 'W', 'X'].flatMap((access, shift) =>
    ['USR', 'GRP', 'OTH'].map((who, level) => [`I${access}${who}`, (4 >> shift) << (6 - 3 * level)] as const),
  ),
);

/** A number (octal with 0, hexadecimal with 0x), or BITS joined by `|`. */
function readUmask({ options }: GlobalDraft, statement: Statement, scope: Scope): void {
  const text = statement.words.map((one) => one.text).join('');
  const number = /^0[0-7]+$/.test(text)
    ? Number.parseInt(text, 8)
    : /^(0x[0-9a-fA-F]+|\d+)$/.test(text)
      ? Number(text)
      : -1;
  const bits = text.split('|').map((name) => modeBits.get(name));
  if (number >= 0 && number <= 0o777) options.umask = number;
  else if (bits.every((bit) => bit !== undefined)) options.umask = bits.reduce((sum, bit) => sum | bit, 0);
  else
    scope.findings.error(statement.place, `Invalid umask '${text}' - ignoring`, {
      fix: 'Write an octal number, such as 022',
    });
}
