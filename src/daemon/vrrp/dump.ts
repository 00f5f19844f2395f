// The files Keepalived writes on signals, in its words: data (SIGUSR1), statistics (SIGUSR2) and the JSON beside the data.
import type { InstanceConfiguration, VirtualAddress, VrrpConfiguration } from '../../vrrp/index.ts';
import { interfaceOf } from './possession.ts';
import type { InstanceSnapshot, Snapshot } from './snapshot.ts';

type Moment = {
  readonly snapshot: Snapshot;
  readonly configuration: VrrpConfiguration;
  /** The wall clock at the snapshot: dumps show dates. */
  readonly wallMs: number;
};

const stateNumbers = { INIT: 0, BACKUP: 1, MASTER: 2, FAULT: 3 } as const;

/** `keepalived.stats`. */
export function statisticsText({ snapshot }: Pick<Moment, 'snapshot'>): string {
  return snapshot.instances.map(instanceStatistics).join('');
}

/** `keepalived.data`, its VRRP part. */
export function dataText(moment: Moment): string {
  const blocks = pairs(moment).map(([instance, configuration]) => instanceData(instance, configuration, moment));
  const groups = moment.snapshot.groups.map(
    ({ name, state, members }) =>
      ` VRRP Sync Group = ${name}, ${state}\n   VRRP member instances = ${members.length}\n` +
      members.map((member) => `     ${member}\n`).join(''),
  );
  const syncGroups = groups.length === 0 ? '' : `------< VRRP Sync groups >------\n${groups.join('')}`;
  return `------< VRRP Topology >------\n${blocks.join('')}${syncGroups}`;
}

/** `keepalived.json`: an array of `{ data, stats }`, as scripts that read Keepalived's know it. */
export function jsonText(moment: Moment): string {
  const { jsonVersion } = moment.configuration.global;
  const entries = pairs(moment).map(([instance, configuration]) => ({
    data: jsonData(instance, configuration, moment),
    stats: jsonStatistics(instance),
  }));
  return `${JSON.stringify(jsonVersion === 2 ? { vrrp: entries } : entries)}\n`;
}

function pairs({ snapshot, configuration }: Moment): [InstanceSnapshot, InstanceConfiguration][] {
  return snapshot.instances.flatMap((instance) => {
    const configured = configuration.instances.find(({ name }) => name === instance.name);
    return configured === undefined ? [] : [[instance, configured]];
  });
}

function instanceStatistics({ name, statistics }: InstanceSnapshot): string {
  return `VRRP Instance: ${name}
  Advertisements:
    Received: ${statistics.advertReceived}
    Sent: ${statistics.advertSent}
  Became master: ${statistics.becameMaster}
  Released master: ${statistics.releasedMaster}
  Packet Errors:
    Length: ${statistics.lengthErrors}
    TTL: ${statistics.ttlErrors}
    Invalid Type: ${statistics.invalidType}
    Advertisement Interval: ${statistics.intervalErrors}
    Address List: ${statistics.addressListErrors}
  Authentication Errors:
    Invalid Type: ${statistics.invalidAuthenticationType}
    Type Mismatch: ${statistics.authenticationTypeMismatch}
    Failure: ${statistics.authenticationFailure}
  Priority Zero:
    Received: ${statistics.priorityZeroReceived}
    Sent: ${statistics.priorityZeroSent}
`;
}

function instanceData(instance: InstanceSnapshot, configuration: InstanceConfiguration, moment: Moment): string {
  const transitionS = lastTransitionS(instance, moment);
  const { announcement } = configuration;
  const lines = [
    ` VRRP Instance = ${instance.name}`,
    `   VRRP Version = ${instance.version}`,
    `   State = ${instance.state}`,
    `   Wantstate = ${configuration.wantedState}`,
    `   Last transition = ${transitionS.toFixed(6)} (${new Date(transitionS * 1000).toString().slice(0, 24)})`,
    `   Interface = ${instance.interface}`,
    `   Using src_ip = ${instance.source ?? '(none)'}`,
    ...(configuration.transport.kind === 'multicast' ? [`   Multicast address ${configuration.transport.group}`] : []),
    `   Gratuitous ARP delay = ${announcement.masterDelayMs / 1000}`,
    `   Gratuitous ARP repeat = ${announcement.masterRepeat}`,
    `   Gratuitous ARP refresh = ${announcement.masterRefreshMs / 1000}`,
    `   Gratuitous ARP refresh repeat = ${announcement.masterRefreshRepeat}`,
    `   Gratuitous ARP lower priority delay = ${announcement.lowerPrioDelayMs / 1000}`,
    `   Gratuitous ARP lower priority repeat = ${announcement.lowerPrioRepeat}`,
    `   Down timer adverts = ${configuration.downTimerAdverts}`,
    `   Send advert after receive lower priority advert = ${!configuration.lowerPrioNoAdvert}`,
    `   Send advert after receive higher priority advert = ${configuration.higherPrioSendAdvert}`,
    `   Virtual Router ID = ${instance.virtualRouterId}`,
    `   Priority = ${instance.priority}`,
    `   Effective priority = ${instance.effectivePriority}`,
    `   Advert interval = ${intervalText(configuration)}`,
    `   Accept = ${configuration.accept ? 'enabled' : 'disabled'}`,
    `   Preempt = ${configuration.preempt ? 'enabled' : 'disabled'}`,
    `   Authentication type = ${configuration.authentication.kind}`,
    ...addressLines('Virtual IP', configuration, configuration.virtualAddresses, instance),
    ...addressLines('Virtual IP Excluded', configuration, configuration.excludedAddresses, instance),
    ...instance.trackers.map(({ kind, name, state, weight }) => `   Tracked ${kind} ${name} ${state} adds ${weight}`),
  ];
  return `${lines.join('\n')}\n`;
}

function addressLines(
  title: string,
  configuration: InstanceConfiguration,
  addresses: readonly VirtualAddress[],
  { state }: InstanceSnapshot,
): string[] {
  if (addresses.length === 0) return [];
  const lines = addresses.map((address) => `     ${addressText(configuration, address, state === 'MASTER')}`);
  return [`   ${title} (${addresses.length}):`, ...lines];
}

function addressText(configuration: InstanceConfiguration, address: VirtualAddress, isSet: boolean): string {
  const where = `dev ${interfaceOf(configuration, address)} scope global`;
  return `${address.address}/${address.prefixLength} ${where}${isSet ? ' set' : ''}`;
}

function intervalText({ version, advertIntervalMs }: InstanceConfiguration): string {
  return version === 2 ? `${advertIntervalMs / 1000} sec` : `${advertIntervalMs} milli-sec`;
}

function jsonData(instance: InstanceSnapshot, configuration: InstanceConfiguration, moment: Moment) {
  const { announcement } = configuration;
  const names = (kind: string) => instance.trackers.filter((tracker) => tracker.kind === kind).map(({ name }) => name);
  return {
    iname: instance.name,
    dont_track_primary: Number(configuration.dontTrackPrimary),
    skip_check_adv_addr: Number(configuration.skipCheckAdvAddr),
    strict_mode: Number(configuration.strictMode),
    vmac_ifname: configuration.virtualMac?.name ?? '',
    ifp_ifname: instance.interface,
    master_priority: instance.peers.at(-1)?.priority ?? 0,
    last_transition: lastTransitionS(instance, moment),
    garp_delay: announcement.masterDelayMs / 1000,
    garp_refresh: announcement.masterRefreshMs / 1000,
    garp_rep: announcement.masterRepeat,
    garp_refresh_rep: announcement.masterRefreshRepeat,
    garp_lower_prio_delay: announcement.lowerPrioDelayMs / 1000,
    garp_lower_prio_rep: announcement.lowerPrioRepeat,
    lower_prio_no_advert: Number(configuration.lowerPrioNoAdvert),
    higher_prio_send_advert: Number(configuration.higherPrioSendAdvert),
    vrid: instance.virtualRouterId,
    base_priority: instance.priority,
    effective_priority: instance.effectivePriority,
    vipset: instance.state === 'MASTER',
    promote_secondaries: configuration.promoteSecondaries,
    adver_int: configuration.advertIntervalMs / 1000,
    master_adver_int: instance.masterIntervalMs / 1000,
    accept: Number(configuration.accept),
    nopreempt: !configuration.preempt,
    preempt_delay: configuration.preemptDelayMs / 1000,
    state: stateNumbers[instance.state],
    wantstate: stateNumbers[configuration.wantedState],
    version: instance.version,
    smtp_alert: configuration.notify.smtpAlert,
    notify_deleted: configuration.notify.deleted,
    vips: configuration.virtualAddresses.map((address) =>
      addressText(configuration, address, instance.state === 'MASTER'),
    ),
    track_ifp: names('interface').slice(configuration.dontTrackPrimary ? 0 : 1),
    track_script: names('script'),
    auth_type: configuration.authentication.kind === 'none' ? 0 : configuration.authentication.kind === 'pass' ? 1 : 2,
  };
}

function jsonStatistics({ statistics }: InstanceSnapshot) {
  return {
    advert_rcvd: statistics.advertReceived,
    advert_sent: statistics.advertSent,
    become_master: statistics.becameMaster,
    release_master: statistics.releasedMaster,
    packet_len_err: statistics.lengthErrors,
    advert_interval_err: statistics.intervalErrors,
    ip_ttl_err: statistics.ttlErrors,
    invalid_type_rcvd: statistics.invalidType,
    addr_list_err: statistics.addressListErrors,
    invalid_authtype: statistics.invalidAuthenticationType,
    authtype_mismatch: statistics.authenticationTypeMismatch,
    auth_failure: statistics.authenticationFailure,
    pri_zero_rcvd: statistics.priorityZeroReceived,
    pri_zero_sent: statistics.priorityZeroSent,
  };
}

function lastTransitionS(instance: InstanceSnapshot, { snapshot, wallMs }: Moment): number {
  const last = instance.transitions.at(-1);
  return last === undefined ? 0 : (wallMs - (snapshot.atMs - last.atMs)) / 1000;
}
