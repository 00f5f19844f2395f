// The keywords of global_defs: settings of the daemon, and defaults of the instances.
import { canonicalAddress } from '../address.ts';
import type { FifoConfiguration, GlobalOptions } from '../configuration.ts';
import { blockOf, type Reader, type Scope, type Table } from './block.ts';
import type { Fifo, GlobalDraft } from './global-draft.ts';
import { extraInterfaces, garpSecondsMax } from './instance-keywords.ts';
import { scriptOf, userOf } from './script-command.ts';
import { isIncludeCheck } from './source.ts';
import type { Statement } from './statement.ts';
import { unservedKeywords } from './unserved-keywords.ts';
import {
  alreadySo,
  alwaysOn,
  anyInteger,
  anyWord,
  deprecated,
  flag,
  integer,
  integerOf,
  notDone,
  onlyWord,
  orIgnored,
  orNothing,
  repeatMax,
  repetitions,
  seconds,
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

/** CPU_SETSIZE of sched_setaffinity(2) */
const processorMax = 1023;
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
  vrrp_startup_delay: seconds({ min: 0.001, max: 4_294_967.295 }, ({ options }, value) => {
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
  vrrp_garp_master_repeat: repetitions(({ instances }, value) => {
    instances.garpMasterRepeat = value;
  }),
  vrrp_garp_master_refresh: wholeSeconds({ min: 0, max: garpSecondsMax }, ({ instances }, value) => {
    instances.garpMasterRefreshMs = value;
  }),
  vrrp_garp_master_refresh_repeat: repetitions(({ instances }, value) => {
    instances.garpMasterRefreshRepeat = value;
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
  vrrp_garp_extra_if: extraInterfaces(1, ({ instances }, value) => {
    instances.garpExtra = value;
  }),
  vrrp_vmac_garp_intvl: deprecated(
    'vrrp_garp_extra_if',
    extraInterfaces(1, ({ instances }: GlobalDraft, value) => {
      instances.garpExtra = value;
    }),
  ),
};

const otherFilter: Reader<GlobalDraft> = notDone('what no_accept refuses is dropped by nftables alone');

const receiveBuffers = 'receive buffers keep the size that the system gives them';

const interfaceKeywords: Table<GlobalDraft> = {
  default_interface: orIgnored(
    word(({ options }, value) => {
      options.defaultInterface = value;
    }),
  ),
  dynamic_interfaces: ({ options }, statement, scope) => {
    const option = statement.words[0]?.text;
    options.dynamicInterfaces = option === 'allow_if_changes' ? 'allow-if-changes' : 'yes';
    if (option === undefined || option === 'allow_if_changes') return;
    scope.findings.warning(statement.place, `Unknown dynamic_interfaces option '${option}'`, {
      fix: 'Write allow_if_changes, or nothing',
    });
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
    else scope.findings.info(statement.place, `nftables: '${table}' is no name of a table - ignoring`);
  },
  nftables_priority: integer({ min: -0x8000_0000, max: 0x7fff_ffff }, ({ options }, priority) => {
    options.packetFilter = { ...options.packetFilter, priority };
  }),
  nftables_counters: flag(({ options }) => {
    options.packetFilter = { ...options.packetFilter, counters: true };
  }),
  nftables_ifindex: notDone('rules name interfaces, which may be made anew'),
  vrrp_rx_bufs_policy: orIgnored(
    notDone(receiveBuffers, (draft, statement, scope) => {
      if (/^(MTU|ADVERT)$/i.test(statement.words[0]?.text ?? '')) return;
      anyInteger<GlobalDraft>({ min: 0, max: 0xffff_ffff })(draft, statement, scope);
    }),
  ),
  vrrp_rx_bufs_multiplier: orIgnored(notDone(receiveBuffers, anyInteger({ min: 1, max: 0xffff_ffff }))),
};

const scriptKeywords: Table<GlobalDraft> = {
  script_user: orIgnored(({ options }, statement, scope) => {
    const user = userOf(onlyWord(statement, scope) ?? '', statement.words[1]?.text, scope);
    if (typeof user !== 'string') options.scriptUser = user;
    else scope.findings.error(statement.place, `Error setting global script uid/gid: ${user}`);
  }),
  enable_script_security: flag(({ options }) => {
    options.scriptSecurity = true;
  }),
  startup_script: timedScript('startupScript'),
  startup_script_timeout: scriptTimeout('startupScript'),
  shutdown_script: timedScript('shutdownScript'),
  shutdown_script_timeout: scriptTimeout('shutdownScript'),
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
  notification_email_from: orIgnored(
    word(({ mail }, value) => {
      mail.sender = value;
    }),
  ),
  smtp_server: ({ mail }, statement, scope) => {
    const host = onlyWord(statement, scope);
    const portWord = statement.words[1]?.text ?? '25';
    const port = integerOf(portWord, statement, { min: 1, max: 65_535 }, scope);
    if (host !== undefined && port !== undefined) mail.server = { host, port };
  },
  smtp_helo_name: orNothing(
    word(({ mail }, value) => {
      mail.heloName = value;
    }),
  ),
  smtp_connect_timeout: wholeSeconds({ min: 0, max: 4294 }, ({ mail }, value) => {
    mail.connectTimeoutMs = value;
  }),
  smtp_alert: toggle(({ instances }, value) => {
    instances.smtpAlert = value;
  }),
  smtp_alert_vrrp: toggle(({ instances }, value) => {
    instances.smtpAlertVrrp = value;
  }),
  smtp_alert_checker: toggle(() => {}),
  no_email_faults: flag(({ mail }) => {
    mail.mailFaults = false;
  }),
};

const realTimeLimit: Reader<GlobalDraft> = integer({ min: 1, max: 0xffff_ffff }, ({ process: draft }, value) => {
  draft.realTimeLimitUs = value;
});
const autoPriority = 'the VRRP thread has real-time priority from its start';

const processKeywords: Table<GlobalDraft> = {
  vrrp_priority: orIgnored(
    integer({ min: -20, max: 19 }, ({ process: draft }, value) => {
      draft.niceness = value;
    }),
  ),
  vrrp_rt_priority: orIgnored(
    integer({ min: 1, max: 99 }, ({ process: draft }, value) => {
      draft.realTimePriority = value;
    }),
  ),
  vrrp_rlimit_rttime: realTimeLimit,
  vrrp_rlimit_rtime: realTimeLimit,
  vrrp_cpu_affinity: orIgnored(({ process: draft }, statement, scope) => {
    const bounds = { min: 0, max: processorMax };
    const numbers = statement.words.flatMap(({ text }) => integerOf(text, statement, bounds, scope) ?? []);
    if (numbers.length === statement.words.length) draft.processors = numbers;
  }),
  // V8 changes the protection of its pages in ways that the kernel refuses for locked ones.
  vrrp_no_swap: notDone(
    'memory is not locked: MemorySwapMax=0 in the unit of the service keeps it out of the swap space',
  ),
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
  max_auto_priority: orNothing(notDone(autoPriority, anyInteger({ min: -1, max: 99 }))),
  min_auto_priority_delay: orIgnored(notDone(autoPriority, anyInteger({ min: 1, max: 10_000_000 }))),
  child_wait_time: wholeSeconds({ min: 0, max: repeatMax }, ({ process: draft }, value) => {
    draft.childWaitMs = value;
  }),
};

const fileKeywords: Table<GlobalDraft> = {
  // Every reload is checked before anything changes.
  reload_check_config: alreadySo(),
  reload_time_file: orIgnored(notDone('reloads are not scheduled: send SIGHUP at the time')),
  reload_repeat: notDone('reloads are not scheduled: send SIGHUP at the time'),
  reload_file: notDone('no marker file is made while the configuration is read'),
  // Minded where the files are read (source.ts).
  include_check: (_, statement, scope) => {
    for (const { text } of statement.words)
      if (!isIncludeCheck(text))
        scope.findings.warning(statement.place, `Unknown include_check type '${text}' - ignoring`);
  },
  config_save_dir: notDone('no copies of the configuration are kept around reloads', anyWord()),
  tmp_config_directory: orIgnored(alreadySo()),
  umask: readUmask,
  random_seed: anyInteger({ min: 0, max: 0xffff_ffff }),
  data_use_instance: notDone(
    'dump files have the names that state_dump_file and its neighbours give',
    toggle(() => {}),
  ),
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
  vrrp_netlink_cmd_rcv_bufs_force: bufferForce(),
  vrrp_netlink_monitor_rcv_bufs: bufferSize(),
  vrrp_netlink_monitor_rcv_bufs_force: bufferForce(),
  process_monitor_rcv_bufs: bufferSize(),
  process_monitor_rcv_bufs_force: bufferForce(),
};

/** Keywords that may stand in global_defs or, of old, at top level. */
export const daemonKeywords: Table<GlobalDraft> = {
  net_namespace: orIgnored(notDone('it runs in the namespace in which it is started: ip netns exec NAME haven vrrp')),
  instance: orIgnored(
    word(({ process: draft }, value) => {
      draft.instance = value;
    }),
  ),
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
  ...unservedKeywords,
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

function timedScript(name: 'startupScript' | 'shutdownScript'): Reader<GlobalDraft> {
  return orIgnored(({ options }, statement, scope) => {
    const script = scriptOf(statement, scope);
    if (script !== undefined) options[name] = { ...script, timeoutMs: options[name]?.timeoutMs ?? scriptTimeoutMs };
  });
}

function scriptTimeout(name: 'startupScript' | 'shutdownScript'): Reader<GlobalDraft> {
  return orIgnored(
    wholeSeconds({ min: 1, max: 1000 }, ({ options }, timeoutMs) => {
      options[name] = { command: [], user: undefined, ...options[name], timeoutMs };
    }),
  );
}

/** `FIFO [USER [GROUP]]`. */
function fifo(target: (draft: GlobalDraft) => Fifo): Reader<GlobalDraft> {
  return orIgnored((draft, statement, scope) => {
    const path = onlyWord(statement, scope) ?? '';
    const [, userWord, groupWord] = statement.words;
    const user = userWord === undefined ? undefined : userOf(userWord.text, groupWord?.text, scope);
    if (typeof user === 'string')
      scope.findings.info(statement.place, `${statement.keyword} ${path}: ${user} - ignoring`);
    else Object.assign(target(draft), { path, user });
  });
}

function fifoReader(target: (draft: GlobalDraft) => Fifo): Reader<GlobalDraft> {
  return orIgnored((draft, statement, scope) => {
    const reader = scriptOf(statement, scope);
    if (reader !== undefined) target(draft).reader = reader;
  });
}

function fifoOf({ path, user, reader }: Fifo): FifoConfiguration | undefined {
  return path === undefined ? undefined : { path, user, reader };
}

function bufferSize(): Reader<GlobalDraft> {
  return orIgnored(
    notDone('socket buffers keep the size that the system gives them', anyInteger({ min: 0, max: 0xffff_ffff })),
  );
}

function bufferForce(): Reader<GlobalDraft> {
  return notDone(
    'socket buffers keep the size that the system gives them',
    toggle(() => {}),
  );
}

const modeBits: ReadonlyMap<string, number> = new Map(
  ['R', 'W', 'X'].flatMap((access, shift) =>
    ['USR', 'GRP', 'OTH'].map((who, level) => [`I${access}${who}`, (4 >> shift) << (6 - 3 * level)] as const),
  ),
);

/** A number (octal with 0, hexadecimal with 0x), or BITS joined by `|`. */
function readUmask({ options }: GlobalDraft, statement: Statement, scope: Scope): void {
  if (onlyWord(statement, scope) === undefined) return;
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
