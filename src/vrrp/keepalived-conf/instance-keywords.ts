// The keywords of vrrp_instance, each filling the draft that instance.ts turns into a configuration.
import { type AddressFamily, canonicalAddress, familyOf } from '../address.ts';
import type { UnicastPeer, VirtualAddress, VirtualRoute, VirtualRule } from '../configuration.ts';
import { readAddress } from './addresses.ts';
import { blockOf, list, type Reader, readBlock, type Scope, type Table, wordsOf } from './block.ts';
import type { LinePlace } from './findings.ts';
import { type NotifyDraft, notifyKeywords } from './notify-keywords.ts';
import { readRoute } from './routes.ts';
import { readRule } from './rules.ts';
import { script } from './script-command.ts';
import type { Statement } from './statement.ts';
import { emptyTracking, type TrackingDraft, trackingKeywords } from './tracker-keywords.ts';
import {
  anyInteger,
  anyWord,
  deprecated,
  flag,
  integer,
  integerOf,
  notDone,
  onlyWord,
  orIgnored,
  repeatMax,
  repetitions,
  seconds,
  switchOf,
  toggle,
  wholeSeconds,
  word,
} from './values.ts';

/** What was written; undefined: nothing, so that the global setting or the default counts. */
export type InstanceDraft = TrackingDraft & {
  readonly name: string;
  readonly place: LinePlace;
  readonly notify: NotifyDraft;
  wantedState?: 'MASTER' | 'BACKUP';
  interface?: { readonly name: string; readonly place: LinePlace };
  version?: 2 | 3;
  virtualRouterId?: { readonly value: number; readonly place: LinePlace };
  priority?: number;
  advertInterval?: { readonly valueMs: number; readonly place: LinePlace };
  preempt?: { readonly value: boolean; readonly place: LinePlace };
  preemptDelay?: { readonly valueMs: number; readonly place: LinePlace };
  downTimerAdverts?: number;
  strictMode?: boolean;
  /** Of the first address that is read, or what native_ipv6 says before one: the other family is refused from then on. */
  family?: AddressFamily;
  accept?: { readonly value: boolean; readonly place: LinePlace };
  promoteSecondaries?: boolean;
  readonly addresses: { readonly value: VirtualAddress; readonly place: LinePlace }[];
  readonly excludedAddresses: VirtualAddress[];
  readonly routes: VirtualRoute[];
  readonly rules: VirtualRule[];
  vmac?: { readonly name: string | undefined; readonly mac: string | undefined; readonly place: LinePlace };
  vmacTransmitOnBase?: boolean;
  vmacForAddresses?: boolean;
  unicastPeers?: UnicastPeer[];
  unicastSource?: string;
  multicastSource?: string;
  multicastGroup?: { readonly address: string; readonly place: LinePlace };
  unicastTtl?: number;
  checkUnicastSource?: boolean;
  unicastFaultNoPeer?: boolean;
  authType?: { readonly value: 'pass' | 'ah'; readonly place: LinePlace };
  authPass?: string;
  authenticationPlace?: LinePlace;
  skipCheckAdvAddr?: boolean;
  garpMasterDelayMs?: number;
  garpMasterRepeat?: number;
  garpMasterRefreshMs?: number;
  garpMasterRefreshRepeat?: number;
  garpLowerPrioDelayMs?: number;
  garpLowerPrioRepeat?: number;
  garpExtra?: { readonly periodMs: number; readonly all: boolean };
  lowerPrioNoAdvert?: boolean;
  higherPrioSendAdvert?: boolean;
  ownerIgnoreAdverts?: boolean;
  v3ChecksumAsV2?: boolean;
  noVirtualAddress?: boolean;
  trackSource?: boolean;
  dontTrackPrimary?: boolean;
  kernelReceiveBufferBytes?: number;
};

export function emptyInstance(name: string, place: LinePlace): InstanceDraft {
  return {
    name,
    place,
    notify: {},
    addresses: [],
    excludedAddresses: [],
    routes: [],
    rules: [],
    ...emptyTracking(),
  };
}

/** v2 allows 255 s, v3 40.95 s (12 bits of centiseconds, RFC 9568 §5.2.7): which of the two is known at the end. */
const advertSecondsBounds = { min: 0.01, max: 255 };
/** auth_pass is 8 bytes on the wire (RFC 2338 §5.3.6.1). */
const authPassBytesMax = 8;
export const garpSecondsMax = 86_400;

const identityKeywords: Table<InstanceDraft> = {
  state: (draft, statement, scope) => {
    const state = onlyWord(statement, scope);
    const before = draft.wantedState;
    if (before !== undefined && state !== undefined && state !== before) {
      const what = `${scope.subject}state previously set as ${before} - ignoring ${state}`;
      scope.findings.warning(statement.place, what);
    } else if (state === 'MASTER' || state === 'BACKUP') draft.wantedState = state;
    else if (state !== undefined) {
      const fix = /^(master|backup)$/i.test(state) ? `Write ${state.toUpperCase()}` : 'Write MASTER or BACKUP';
      scope.findings.error(statement.place, `${scope.subject}unknown state '${state}', defaulting to BACKUP`, { fix });
      draft.wantedState = 'BACKUP';
    }
  },
  interface: (draft, statement, scope) => {
    const name = onlyWord(statement, scope);
    if (name !== undefined) draft.interface = { name, place: statement.place };
  },
  virtual_router_id: (draft, statement, scope) => {
    const text = onlyWord(statement, scope);
    const value = text === undefined ? undefined : integerOf(text, statement, { min: 1, max: 255 }, scope);
    if (value !== undefined) draft.virtualRouterId = { value, place: statement.place };
  },
  priority: integer({ min: 1, max: 255 }, (draft, value) => {
    draft.priority = value;
  }),
  advert_int: (draft, statement, scope) => {
    seconds<InstanceDraft>(advertSecondsBounds, (_, valueMs) => {
      draft.advertInterval = { valueMs, place: statement.place };
    })(draft, statement, scope);
  },
  version: (draft, statement, scope) =>
    integer<InstanceDraft>({ min: 2, max: 3 }, (_, value) => {
      if (draft.version === undefined || draft.version === value) draft.version = value === 2 ? 2 : 3;
      else {
        const what = `${scope.subject}version ${value} conflicts with version ${draft.version} above; ignoring`;
        scope.findings.warning(statement.place, what);
      }
    })(draft, statement, scope),
  nopreempt: (draft, statement) => {
    draft.preempt = { value: false, place: statement.place };
  },
  preempt: (draft, statement) => {
    draft.preempt = { value: true, place: statement.place };
  },
  preempt_delay: (draft, statement, scope) => {
    seconds<InstanceDraft>({ min: 0, max: 1000 }, (_, valueMs) => {
      draft.preemptDelay = { valueMs, place: statement.place };
    })(draft, statement, scope);
  },
  down_timer_adverts: integer({ min: 1, max: 100 }, (draft, value) => {
    draft.downTimerAdverts = value;
  }),
  strict_mode: toggle((draft, value) => {
    draft.strictMode = value;
  }),
  native_ipv6: (draft, statement, scope) => {
    draft.family ??= 'ipv6';
    if (draft.family === 'ipv6') return;
    scope.findings.warning(statement.place, `${scope.subject}Cannot specify native_ipv6 with IPv4 addresses`);
  },
  debug: notDone('the log has levels of its own', anyInteger({ min: 0, max: 4 })),
  kernel_rx_buf_size: orIgnored(
    integer({ min: 0, max: repeatMax }, (draft, value) => {
      if (value > 0) draft.kernelReceiveBufferBytes = value;
    }),
  ),
};

const addressKeywords: Table<InstanceDraft> = {
  virtual_ipaddress: list((draft, item, scope) => {
    const value = readAddress(item, scope);
    if (value === undefined) return;
    draft.family ??= value.family;
    if (value.family === draft.family) draft.addresses.push({ value, place: item.place });
    else {
      const what = `${scope.subject}address family must match VRRP instance [${value.address}/${value.prefixLength}] - ignoring`;
      scope.findings.error(item.place, what, {
        why: `what stands above is ${draft.family === 'ipv4' ? 'IPv4' : 'IPv6'}, and an advert carries one family`,
        fix: 'Move it to virtual_ipaddress_excluded, or to a second instance in a sync group',
      });
    }
  }),
  virtual_ipaddress_excluded: list((draft, item, scope) => {
    const value = readAddress(item, scope);
    if (value !== undefined) draft.excludedAddresses.push(value);
  }),
  virtual_routes: list((draft, item, scope) => {
    const route = readRoute(item, scope);
    if (route !== undefined) draft.routes.push(route);
  }),
  virtual_rules: list((draft, item, scope) => {
    const rule = readRule(item, scope);
    if (rule !== undefined) draft.rules.push(rule);
  }),
  promote_secondaries: flag((draft) => {
    draft.promoteSecondaries = true;
  }),
  accept: (draft, statement) => {
    draft.accept = { value: true, place: statement.place };
  },
  no_accept: (draft, statement) => {
    draft.accept = { value: false, place: statement.place };
  },
  no_virtual_ipaddress: flag((draft) => {
    draft.noVirtualAddress = true;
  }),
  use_vmac: readVmac,
  use_vmac_addr: flag((draft) => {
    draft.vmacForAddresses = true;
  }),
  vmac_xmit_base: flag((draft) => {
    draft.vmacTransmitOnBase = true;
  }),
  use_ipvlan: notDone('no ipvlan is made: the addresses go on the interface itself'),
  vrf: notDone('the instance works in the default VRF; name its interface instead', anyWord()),
};

const transportKeywords: Table<InstanceDraft> = {
  unicast_peer: (draft, statement, scope) => {
    draft.unicastPeers ??= [];
    for (const item of blockOf(statement, scope)) {
      const peer = readUnicastPeer(item, scope);
      if (peer !== undefined && isOfFamily(draft, peer.address, item, scope)) draft.unicastPeers.push(peer);
    }
  },
  unicast_src_ip: ownAddress((draft, value) => {
    draft.unicastSource = value;
  }),
  mcast_src_ip: ownAddress((draft, value) => {
    draft.multicastSource = value;
  }),
  mcast_dst_ip: address((draft, value, place) => {
    draft.multicastGroup = { address: value, place };
  }),
  unicast_ttl: integer({ min: 0, max: 255 }, (draft, value) => {
    draft.unicastTtl = value;
  }),
  unicast_fault_no_peer: flag((draft) => {
    draft.unicastFaultNoPeer = true;
  }),
  check_unicast_src: flag((draft) => {
    draft.checkUnicastSource = true;
  }),
  old_unicast_checksum: notDone(
    'the checksum is that of RFC 9568: update the other routers to keepalived 1.3.7 or newer',
  ),
  v3_checksum_as_v2: toggle((draft, value) => {
    draft.v3ChecksumAsV2 = value;
  }),
  track_src_ip: flag((draft) => {
    draft.trackSource = true;
  }),
  authentication: (draft, statement, scope) => {
    draft.authenticationPlace = statement.place;
    readBlock(draft, blockOf(statement, scope), authenticationKeywords, scope);
  },
  auth_hmac: notDone('adverts are not signed with it: use a link that others cannot reach'),
  skip_check_adv_addr: toggle((draft, value) => {
    draft.skipCheckAdvAddr = value;
  }),
  lower_prio_no_advert: toggle((draft, value) => {
    draft.lowerPrioNoAdvert = value;
  }),
  higher_prio_send_advert: toggle((draft, value) => {
    draft.higherPrioSendAdvert = value;
  }),
  owner_ignore_adverts: toggle((draft, value) => {
    draft.ownerIgnoreAdverts = value;
  }),
  dont_track_primary: flag((draft) => {
    draft.dontTrackPrimary = true;
  }),
  linkbeat_use_polling: deprecated(
    'a linkbeat_interfaces block',
    notDone('the kernel tells of carrier by netlink, and nothing is polled'),
  ),
  lvs_sync_daemon_interface: (_, statement, scope) => {
    scope.findings.warning(
      statement.place,
      `${scope.subject}Specifying lvs_sync_daemon_interface against a vrrp is deprecated`,
      { why: 'and the LVS connection synchronisation is not served here' },
    );
    onlyWord(statement, scope);
  },
};

const authenticationKeywords: Table<InstanceDraft> = {
  auth_type: (draft, statement, scope) => {
    const type = onlyWord(statement, scope);
    if (type === 'AH' || type === 'PASS')
      draft.authType = { value: type === 'AH' ? 'ah' : 'pass', place: statement.place };
    else if (type !== undefined) {
      scope.findings.error(statement.place, `${scope.subject}unknown authentication type '${type}'`, {
        fix: 'Write PASS or AH',
      });
    }
  },
  auth_pass: (draft, statement, scope) => {
    const secret = onlyWord(statement, scope);
    if (secret === undefined) return;
    draft.authPass = secret.slice(0, authPassBytesMax);
    if (secret.length > authPassBytesMax) {
      const what = `${scope.subject}Truncating auth_pass to ${authPassBytesMax} characters`;
      scope.findings.warning(statement.place, what, { why: 'the packet has room for no more' });
    }
  },
};

const announcementKeywords: Table<InstanceDraft> = {
  garp_master_delay: wholeSeconds({ min: 0, max: garpSecondsMax }, (draft, value) => {
    draft.garpMasterDelayMs = value;
  }),
  garp_master_repeat: repetitions((draft, value) => {
    draft.garpMasterRepeat = value;
  }),
  garp_master_refresh: wholeSeconds({ min: 0, max: garpSecondsMax }, (draft, value) => {
    draft.garpMasterRefreshMs = value;
  }),
  garp_master_refresh_repeat: repetitions((draft, value) => {
    draft.garpMasterRefreshRepeat = value;
  }),
  garp_lower_prio_delay: wholeSeconds({ min: 0, max: garpSecondsMax }, (draft, value) => {
    draft.garpLowerPrioDelayMs = value;
  }),
  garp_lower_prio_repeat: integer({ min: 0, max: repeatMax }, (draft, value) => {
    draft.garpLowerPrioRepeat = value;
  }),
  garp_extra_if: extraInterfaces<InstanceDraft>(0, (draft, value) => {
    draft.garpExtra = value;
  }),
  vmac_garp_intvl: deprecated(
    'garp_extra_if',
    extraInterfaces(0, (draft, value) => {
      draft.garpExtra = value;
    }),
  ),
};

const instanceNotifyKeywords: Table<InstanceDraft> = {
  notify_master_rx_lower_pri: script(({ notify }, value) => {
    notify.masterRxLowerPri = value;
  }),
};

export const instanceKeywords: Table<InstanceDraft> = {
  ...identityKeywords,
  ...addressKeywords,
  ...transportKeywords,
  ...announcementKeywords,
  ...trackingKeywords,
  ...notifyKeywords,
  ...instanceNotifyKeywords,
};

/** `[all] SECONDS`, of no fewer than `secondsMin`. */
export function extraInterfaces<Draft>(
  secondsMin: number,
  assign: (draft: Draft, value: { readonly periodMs: number; readonly all: boolean }) => void,
): Reader<Draft> {
  return orIgnored((draft, statement, scope) => {
    const all = statement.words[0]?.text === 'all';
    const text = statement.words[all ? 1 : 0]?.text ?? '';
    const period = integerOf(text, statement, { min: secondsMin, max: garpSecondsMax }, scope);
    if (period !== undefined) assign(draft, { periodMs: period * 1000, all });
  });
}

function address(assign: (draft: InstanceDraft, value: string, place: LinePlace) => void): Reader<InstanceDraft> {
  return (draft, statement, scope) =>
    word<InstanceDraft>((_, text) => {
      const value = canonicalAddress(text);
      if (value !== undefined) assign(draft, value, statement.place);
      else {
        scope.findings.error(
          statement.place,
          `${scope.subject}malformed ${statement.keyword} address '${text}' - ignoring`,
        );
      }
    })(draft, statement, scope);
}

/** An address of the family of the instance. */
function ownAddress(assign: (draft: InstanceDraft, value: string) => void): Reader<InstanceDraft> {
  return (draft, statement, scope) =>
    address((_, value) => {
      if (isOfFamily(draft, value, statement, scope)) assign(draft, value);
    })(draft, statement, scope);
}

function isOfFamily(draft: InstanceDraft, value: string, statement: Statement, scope: Scope): boolean {
  draft.family ??= familyOf(value);
  if (familyOf(value) === draft.family) return true;
  const what = `${scope.subject}address ${value} is not of the instance's address family - ignoring`;
  scope.findings.error(statement.place, what, {
    why: `what stands above is ${draft.family === 'ipv4' ? 'IPv4' : 'IPv6'}, and an instance has one family`,
  });
  return false;
}

/** `ADDR [min_ttl N] [max_ttl N]`. */
function readUnicastPeer(statement: Statement, scope: Scope): UnicastPeer | undefined {
  const [text = '', ...options] = wordsOf(statement);
  const value = canonicalAddress(text);
  if (value === undefined) {
    scope.findings.error(statement.place, `${scope.subject}malformed unicast peer address '${text}'. Skipping...`);
    return undefined;
  }
  let ttlMin: number | undefined;
  let ttlMax: number | undefined;
  for (let index = 0; index < options.length; index += 2) {
    const option = options[index];
    const ttl = integerOf(options[index + 1] ?? '', statement, { min: 0, max: 255 }, scope);
    if (option === 'min_ttl') ttlMin = ttl;
    else if (option === 'max_ttl') ttlMax = ttl;
    else scope.findings.error(statement.place, `${scope.subject}unknown unicast_peer option '${option}' - ignoring`);
  }
  return { address: value, ttlMin, ttlMax };
}

/** `use_vmac [NAME] [MAC]`, also `use_vmac on|off` of generated files; five octets take the VRID as the sixth. */
function readVmac(draft: InstanceDraft, statement: Statement, scope: Scope): void {
  let name: string | undefined;
  let mac: string | undefined;
  for (const { text } of statement.words) {
    if (/^([0-9a-fA-F]{1,2}:){4,5}[0-9a-fA-F]{1,2}$/.test(text)) mac = text.toLowerCase();
    else if (text.length > 15) {
      scope.findings.error(statement.place, `${scope.subject}VMAC interface name '${text}' too long - ignoring`, {
        why: 'the kernel takes 15 characters',
      });
    } else if (switchOf(text) === false) return;
    else if (switchOf(text) === undefined) name = text;
  }
  draft.vmac = { name, mac, place: statement.place };
}
