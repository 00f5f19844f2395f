// A vrrp_instance as it will run: the draft with the defaults of global_defs, and the checks that need all of it.
import { type AddressFamily, isLinkLocal, parseAddress } from '../address.ts';
import type {
  AnnouncementOptions,
  Authentication,
  InstanceConfiguration,
  InstanceTransport,
  VirtualAddress,
  VirtualMacOptions,
} from '../configuration.ts';
import type { Scope } from './block.ts';
import type { GlobalDraft } from './global-draft.ts';
import type { InstanceDraft } from './instance-keywords.ts';
import { notifyOf } from './notify-keywords.ts';
import { strictFindings } from './strict.ts';
import type { ReferenceDraft } from './tracker-keywords.ts';
import { type Tracked, trackingOf } from './tracking.ts';

const defaultInterface = 'eth0';
const defaultPriority = 100;
export const ownerPriority = 255;
/** 12 bits of centiseconds, RFC 9568 §5.2.7. */
const v3AdvertMsMax = 40_950;
/** The count of addresses is one byte in both versions. */
const addressesMax = 255;

/** Nothing, with a message, when the instance cannot run at all: no VRID or no interface. */
export function instanceOf(
  draft: InstanceDraft,
  globals: GlobalDraft,
  tracked: Tracked,
  scope: Scope,
): InstanceConfiguration | undefined {
  const interfaceName = interfaceOf(draft, globals, scope);
  const virtualRouterId = draft.virtualRouterId?.value;
  if (virtualRouterId === undefined) {
    scope.findings.error(draft.place, `${scope.subject}the virtual router id must be set`, {
      fix: 'Write virtual_router_id NUMBER, the same on every router of the group',
    });
  }
  if (interfaceName === undefined || virtualRouterId === undefined) return undefined;
  const family = draft.family ?? 'ipv4';
  const version = versionOf(draft, family, globals, scope);
  const strictMode = draft.strictMode ?? globals.options.strict;
  const priority = draft.priority ?? defaultPriority;
  const instance: InstanceConfiguration = {
    name: draft.name,
    place: draft.place,
    interface: interfaceName,
    version,
    family,
    virtualRouterId,
    priority,
    strictMode,
    wantedState: wantedStateOf(draft, version, scope),
    advertIntervalMs: advertIntervalOf(draft, version, scope),
    ...preemptionOf(draft, scope),
    downTimerAdverts: draft.downTimerAdverts ?? globals.instances.downTimerAdverts,
    ...addressesOf(draft, globals, scope),
    virtualRoutes: draft.routes,
    virtualRules: draft.rules,
    virtualMac: virtualMacOf(draft, scope),
    addressMacs: [],
    transport: transportOf(draft, family, globals, scope),
    authentication: authenticationOf(draft, version, scope),
    announcement: announcementOf(draft, globals),
    ...switchesOf(draft, globals, { strictMode, priority }),
    ...trackingOf({ ...draft, trackInterfaces: otherInterfaces(draft, interfaceName, scope) }, tracked, scope),
    notify: notifyOf(draft.notify, {
      priorityChanges: globals.instances.notifyPriorityChanges,
      smtpAlert: globals.instances.smtpAlertVrrp ?? globals.instances.smtpAlert ?? false,
    }),
    kernelReceiveBufferBytes: draft.kernelReceiveBufferBytes,
  };
  return strictMode ? strictFindings(instance, draft, scope) : linkLocalFirst(instance, scope);
}

/** The interface of the instance is tracked, without a weight, unless dont_track_primary says that it is not. */
function otherInterfaces(draft: InstanceDraft, own: string, scope: Scope): ReferenceDraft[] {
  return draft.trackInterfaces.filter(({ name, place }) => {
    if (name !== own) return true;
    scope.findings.warning(place, `${scope.subject}Ignoring track_interface ${name} since own interface`);
    return false;
  });
}

function interfaceOf(draft: InstanceDraft, globals: GlobalDraft, scope: Scope): string | undefined {
  if (draft.interface === undefined) {
    if (draft.unicastPeers !== undefined || draft.unicastSource !== undefined) {
      return globals.options.defaultInterface ?? defaultInterface;
    }
    scope.findings.error(draft.place, `${scope.subject}Unknown interface!`, {
      why: 'the instance names none to send its adverts on',
      fix: 'Write interface NAME',
    });
    return undefined;
  }
  const { name, place } = draft.interface;
  const absent = scope.surroundings.interfaces?.has(name) === false;
  if (absent) {
    const what = `WARNING - interface ${name} for vrrp_instance ${draft.name} doesn't exist`;
    if (globals.options.dynamicInterfaces === 'no') {
      scope.findings.error(place, what, {
        fix: 'Create it, correct the name, or set dynamic_interfaces in global_defs',
      });
    } else scope.findings.info(place, what, { why: 'dynamic_interfaces is set: the instance waits for it' });
  }
  return name;
}

function versionOf(draft: InstanceDraft, family: AddressFamily, globals: GlobalDraft, scope: Scope): 2 | 3 {
  if (family === 'ipv4') return draft.version ?? globals.options.vrrpVersion;
  if (draft.version === 2) {
    scope.findings.warning(draft.place, `${scope.subject}version 2 does not carry IPv6 addresses - using version 3`);
  }
  return 3;
}

/** AH counts its packets: a router that starts as master would begin again below what its peers have seen. */
function wantedStateOf(draft: InstanceDraft, version: 2 | 3, scope: Scope): 'MASTER' | 'BACKUP' {
  if (draft.wantedState !== 'MASTER' || version === 3 || draft.authType?.value !== 'ah') {
    return draft.wantedState ?? 'BACKUP';
  }
  const what = `${scope.subject}Initial state master is incompatible with AH authentication - clearing`;
  scope.findings.warning(draft.authType.place, what, { fix: 'Write state BACKUP' });
  return 'BACKUP';
}

function advertIntervalOf(draft: InstanceDraft, version: 2 | 3, scope: Scope): number {
  const { valueMs = 1000, place = draft.place } = draft.advertInterval ?? {};
  const secondsText = (valueMs / 1000).toFixed(2);
  if (version === 2) {
    const rounded = Math.max(1000, Math.round(valueMs / 1000) * 1000);
    if (rounded !== valueMs) {
      scope.findings.warning(
        place,
        `${scope.subject}VRRPv2 advertisement interval ${secondsText}s must be an integer. rounding to ${rounded / 1000}s`,
        { fix: 'version 3 has centiseconds' },
      );
    }
    return rounded;
  }
  if (valueMs > v3AdvertMsMax) {
    const what = `${scope.subject}VRRPv3 advertisement interval ${secondsText}s is out of range. Must be less than 40.96s. Setting to 40.95s`;
    scope.findings.warning(place, what);
    return v3AdvertMsMax;
  }
  const rounded = Math.max(10, Math.round(valueMs / 10) * 10);
  if (rounded !== valueMs) {
    const what = `${scope.subject}VRRPv3 advertisement interval ${valueMs / 1000}s is not in whole centiseconds, rounding to ${rounded / 1000}s`;
    scope.findings.warning(place, what);
  }
  return rounded;
}

function preemptionOf(draft: InstanceDraft, scope: Scope): { preempt: boolean; preemptDelayMs: number } {
  const wantsMaster = draft.wantedState === 'MASTER';
  const nopreempt = draft.preempt?.value === false;
  const preemptDelayMs = draft.preemptDelay?.valueMs ?? 0;
  if (nopreempt && wantsMaster) {
    scope.findings.warning(
      draft.preempt?.place ?? draft.place,
      `${scope.subject}Warning - nopreempt will not work with initial state MASTER - clearing`,
      { fix: 'Write state BACKUP on every router' },
    );
    return { preempt: true, preemptDelayMs };
  }
  if (nopreempt && draft.priority === ownerPriority) {
    const what = `${scope.subject}nopreempt is incompatible with priority 255. resetting nopreempt`;
    scope.findings.warning(draft.preempt?.place ?? draft.place, what, { why: 'the address owner always takes over' });
    return { preempt: true, preemptDelayMs };
  }
  if (preemptDelayMs > 0 && wantsMaster) {
    const what = `${scope.subject}Warning - preempt delay will not work with initial state MASTER - clearing`;
    scope.findings.warning(draft.preemptDelay?.place ?? draft.place, what, { fix: 'Write state BACKUP' });
    return { preempt: true, preemptDelayMs: 0 };
  }
  if (preemptDelayMs > 0 && nopreempt) {
    const what = `${scope.subject}Warning - preempt_delay is not used: nopreempt is set`;
    scope.findings.warning(draft.preemptDelay?.place ?? draft.place, what);
    return { preempt: false, preemptDelayMs: 0 };
  }
  return { preempt: !nopreempt, preemptDelayMs };
}

function addressesOf(
  draft: InstanceDraft,
  globals: GlobalDraft,
  scope: Scope,
): { virtualAddresses: readonly VirtualAddress[]; excludedAddresses: readonly VirtualAddress[] } {
  const virtualAddresses: VirtualAddress[] = [];
  for (const { value, place } of draft.addresses) {
    if (virtualAddresses.length === addressesMax) {
      scope.findings.error(place, `${scope.subject}more than ${addressesMax} addresses - ignoring ${value.address}`, {
        fix: 'Move the others to virtual_ipaddress_excluded',
      });
    } else virtualAddresses.push(value);
  }
  const allowed = draft.noVirtualAddress ?? globals.instances.noVirtualAddress;
  if (virtualAddresses.length === 0 && !allowed) {
    const strict = draft.strictMode ?? globals.options.strict;
    const what = `${scope.subject}No VIP specified; at least one is ${strict ? 'required' : 'sensible'}`;
    scope.findings.warning(draft.place, what, { fix: 'Write virtual_ipaddress { ADDRESS/LENGTH }' });
  }
  const onMacs = (address: VirtualAddress) => (draft.vmacForAddresses ? { ...address, useVmac: true } : address);
  return { virtualAddresses: virtualAddresses.map(onMacs), excludedAddresses: draft.excludedAddresses.map(onMacs) };
}

function virtualMacOf(draft: InstanceDraft, scope: Scope): VirtualMacOptions | undefined {
  const { vmac } = draft;
  if (vmac === undefined && draft.vmacTransmitOnBase) {
    scope.findings.warning(draft.place, `${scope.subject}vmac_xmit_base is only valid with a vmac`, {
      fix: 'Write use_vmac',
    });
  }
  if (vmac === undefined) return undefined;
  return { name: vmac.name, mac: macOf(draft), transmitOnBase: draft.vmacTransmitOnBase ?? false };
}

/** Of five octets the VRID is the sixth. */
function macOf({ vmac, virtualRouterId }: InstanceDraft): string | undefined {
  const octets = vmac?.mac?.split(':');
  if (octets?.length === 5) octets.push((virtualRouterId?.value ?? 0).toString(16));
  return octets?.map((octet) => octet.padStart(2, '0')).join(':');
}

function transportOf(
  draft: InstanceDraft,
  family: AddressFamily,
  globals: GlobalDraft,
  scope: Scope,
): InstanceTransport {
  const peers = draft.unicastPeers ?? [];
  const wantsUnicast =
    draft.unicastPeers !== undefined ||
    draft.unicastSource !== undefined ||
    draft.unicastTtl !== undefined ||
    draft.checkUnicastSource !== undefined;
  const faultWithoutPeers = draft.unicastFaultNoPeer ?? false;
  if (peers.length > 0 || (wantsUnicast && faultWithoutPeers)) {
    return {
      kind: 'unicast',
      source: draft.unicastSource ?? draft.multicastSource,
      peers,
      ttl: draft.unicastTtl ?? 255,
      checkSource: draft.checkUnicastSource ?? (globals.instances.checkUnicastSource || peers.some(hasTtlRange)),
      faultWithoutPeers,
    };
  }
  if (wantsUnicast) {
    scope.findings.warning(
      draft.place,
      `${scope.subject}A unicast keyword has been specified without any unicast peers. Defaulting to multicast`,
      { fix: 'Write unicast_peer { ADDRESS }, or unicast_fault_no_peer to stay in FAULT until there is one' },
    );
  }
  const source = draft.multicastSource ?? draft.unicastSource;
  return { kind: 'multicast', group: multicastGroupOf(draft, family, globals, scope), source };
}

function hasTtlRange(peer: { readonly ttlMin: number | undefined; readonly ttlMax: number | undefined }): boolean {
  return peer.ttlMin !== undefined || peer.ttlMax !== undefined;
}

function multicastGroupOf(draft: InstanceDraft, family: AddressFamily, globals: GlobalDraft, scope: Scope): string {
  const standard = family === 'ipv4' ? globals.options.multicastGroup4 : globals.options.multicastGroup6;
  if (draft.multicastGroup === undefined) return standard;
  const { address, place } = draft.multicastGroup;
  // IPv6: link-local scope only, keepalived.conf(5) mcast_dst_ip.
  const fits = family === 'ipv4' ? /^(22[4-9]|23\d)\.[^:]*$/ : /^ff[0-9a-f]2:/;
  if (fits.test(address)) return address;
  scope.findings.error(
    place,
    `${scope.subject}mcast_dst_ip ${address} is no multicast address of its family - using ${standard}`,
  );
  return standard;
}

function authenticationOf(draft: InstanceDraft, version: 2 | 3, scope: Scope): Authentication {
  const place = draft.authenticationPlace ?? draft.place;
  if (draft.authType === undefined && draft.authPass === undefined) return { kind: 'none' };
  if (version === 3) {
    scope.findings.warning(place, `${scope.subject}VRRP version 3 does not support authentication. Ignoring.`, {
      why: 'RFC 9568 §9 removed it',
    });
    return { kind: 'none' };
  }
  if (draft.authType === undefined) return { kind: 'none' };
  if (draft.authPass === undefined || draft.authPass === '') {
    const what = `${scope.subject}Authentication specified but no password given. Ignoring`;
    scope.findings.warning(place, what, { fix: 'Write auth_pass on a line of its own' });
    return { kind: 'none' };
  }
  return { kind: draft.authType.value, secret: draft.authPass };
}

function announcementOf(draft: InstanceDraft, { instances: defaults }: GlobalDraft): AnnouncementOptions {
  const masterDelayMs = draft.garpMasterDelayMs ?? defaults.garpMasterDelayMs;
  const masterRepeat = draft.garpMasterRepeat ?? defaults.garpMasterRepeat;
  const extra = draft.garpExtra ?? defaults.garpExtra;
  return {
    masterDelayMs,
    masterRepeat,
    masterRefreshMs: draft.garpMasterRefreshMs ?? defaults.garpMasterRefreshMs,
    masterRefreshRepeat: draft.garpMasterRefreshRepeat ?? defaults.garpMasterRefreshRepeat,
    lowerPrioDelayMs: draft.garpLowerPrioDelayMs ?? defaults.garpLowerPrioDelayMs ?? masterDelayMs,
    lowerPrioRepeat: draft.garpLowerPrioRepeat ?? defaults.garpLowerPrioRepeat ?? masterRepeat,
    extraInterfaceMs: extra.periodMs,
    extraInterfaceAll: extra.all,
    garpIntervalMs: defaults.garpIntervalMs,
    gnaIntervalMs: defaults.gnaIntervalMs,
  };
}

type Switches = Pick<
  InstanceConfiguration,
  | 'accept'
  | 'promoteSecondaries'
  | 'skipCheckAdvAddr'
  | 'lowerPrioNoAdvert'
  | 'higherPrioSendAdvert'
  | 'ownerIgnoreAdverts'
  | 'v3ChecksumAsV2'
  | 'trackSource'
  | 'dontTrackPrimary'
>;

function switchesOf(
  draft: InstanceDraft,
  { instances: defaults }: GlobalDraft,
  { strictMode, priority }: { readonly strictMode: boolean; readonly priority: number },
): Switches {
  return {
    accept: draft.accept?.value ?? (!strictMode || priority === ownerPriority),
    promoteSecondaries: draft.promoteSecondaries ?? false,
    skipCheckAdvAddr: draft.skipCheckAdvAddr ?? defaults.skipCheckAdvAddr,
    lowerPrioNoAdvert: draft.lowerPrioNoAdvert ?? defaults.lowerPrioNoAdvert ?? strictMode,
    higherPrioSendAdvert: draft.higherPrioSendAdvert ?? defaults.higherPrioSendAdvert,
    ownerIgnoreAdverts: draft.ownerIgnoreAdverts ?? defaults.ownerIgnoreAdverts,
    v3ChecksumAsV2: draft.v3ChecksumAsV2 ?? defaults.v3ChecksumAsV2,
    trackSource: draft.trackSource ?? false,
    dontTrackPrimary: draft.dontTrackPrimary ?? false,
  };
}

/** RFC 9568 §5.2.9 wants the link-local address of the virtual router first; the peer sends it without. */
function linkLocalFirst(instance: InstanceConfiguration, scope: Scope): InstanceConfiguration {
  const first = instance.virtualAddresses[0];
  if (
    instance.family === 'ipv6' &&
    first !== undefined &&
    !isLinkLocal(parseAddress(first.address) ?? new Uint8Array())
  ) {
    scope.findings.info(instance.place, `${scope.subject}the first IPv6 address is not link-local`, {
      why: 'RFC 9568 §5.2.9 wants the link-local address of the virtual router there',
    });
  }
  return instance;
}
