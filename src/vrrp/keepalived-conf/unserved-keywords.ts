// The keywords of global_defs about what is not part of this program: SNMP, D-Bus, other processes, the LVS side.
import type { Reader, Table } from './block.ts';
import type { GlobalDraft } from './global-draft.ts';
import { anyInteger, anyWord, notDone, orIgnored } from './values.ts';

const snmp: Reader<GlobalDraft> = notDone('SNMP is not served: haven vrrp status --json tells the same');
const dbus: Reader<GlobalDraft> = notDone('D-Bus is not served: haven vrrp status --json tells the same');
const bfdProcess = 'BFD sessions run in the process of VRRP, with its priority';
const checking = 'virtual servers and their checkers are not served';
const checkers: Reader<GlobalDraft> = notDone(checking);

export const unservedKeywords: Table<GlobalDraft> = {
  snmp_socket: orIgnored(snmp),
  enable_snmp_keepalived: snmp,
  enable_snmp_vrrp: snmp,
  enable_snmp_checker: snmp,
  enable_snmp_rfc: snmp,
  enable_snmp_rfcv2: snmp,
  enable_snmp_rfcv3: snmp,
  enable_traps: snmp,
  enable_dbus: dbus,
  dbus_service_name: orIgnored(dbus),
  dbus_no_interface_name: dbus,
  ...ofOtherProcess('bfd', bfdProcess),
  ...ofOtherProcess('checker', checking),
  checker_log_all_failures: checkers,
  lvs_sync_daemon: orIgnored(checkers),
  lvs_timeouts: orIgnored(checkers),
  lvs_flush: checkers,
  lvs_flush_onstop: checkers,
  lvs_flush_on_stop: checkers,
  lvs_notify_fifo: orIgnored(checkers),
  lvs_notify_fifo_script: orIgnored(checkers),
  lvs_netlink_cmd_rcv_bufs: orIgnored(checkers),
  lvs_netlink_cmd_rcv_bufs_force: checkers,
  lvs_netlink_monitor_rcv_bufs: orIgnored(checkers),
  lvs_netlink_monitor_rcv_bufs_force: checkers,
  rs_init_notifies: checkers,
  no_checker_emails: checkers,
  net_namespace_ipvs: checkers,
  nftables_ipvs: checkers,
  nftables_ipvs_priority: notDone(checking, anyInteger({ min: -0x8000_0000, max: 0x7fff_ffff })),
  nftables_ipvs_start_fwmark: notDone(checking, anyInteger({ min: 1, max: 0xffff_ffff })),
};

/** `PREFIX_priority`, `PREFIX_process_name` and so on, of a process that is not there. */
function ofOtherProcess(prefix: string, what: string): Table<GlobalDraft> {
  const limit = notDone(what, anyInteger<GlobalDraft>({ min: 1, max: 0xffff_ffff }));
  return {
    [`${prefix}_priority`]: orIgnored(notDone(what, anyInteger({ min: -20, max: 19 }))),
    [`${prefix}_rt_priority`]: orIgnored(notDone(what, anyInteger({ min: 1, max: 99 }))),
    [`${prefix}_rlimit_rttime`]: limit,
    [`${prefix}_rlimit_rtime`]: limit,
    [`${prefix}_cpu_affinity`]: orIgnored(notDone(what)),
    [`${prefix}_no_swap`]: notDone(what),
    [`${prefix}_process_name`]: notDone(what, anyWord()),
  };
}
