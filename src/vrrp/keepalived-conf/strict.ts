// vrrp_strict: what keepalived.conf(5) lists as not allowed when the RFCs are to be kept to.
import { isLinkLocal, parseAddress } from '../address.ts';
import type { InstanceConfiguration } from '../configuration.ts';
import type { Scope } from './block.ts';
import type { InstanceDraft } from './instance-keywords.ts';

const ownerPriority = 255;

/** The instance as the RFCs allow it, with a message for each setting that had to go. */
export function strictFindings(
  instance: InstanceConfiguration,
  draft: InstanceDraft,
  scope: Scope,
): InstanceConfiguration {
  const warn = (what: string): void => scope.findings.warning(draft.place, `${scope.subject}${what}`);
  let strict: InstanceConfiguration = instance;
  if ((instance.wantedState === 'MASTER') !== (instance.priority === ownerPriority)) {
    warn('State MASTER must match being address owner');
    strict = { ...strict, wantedState: instance.priority === ownerPriority ? 'MASTER' : 'BACKUP' };
  }
  if (instance.authentication.kind !== 'none') {
    warn('Strict mode does not support authentication. Ignoring.');
    strict = { ...strict, authentication: { kind: 'none' } };
  }
  if (instance.preemptDelayMs > 0) {
    warn('Strict mode does not support preempt delay. Ignoring.');
    strict = { ...strict, preemptDelayMs: 0 };
  }
  if (instance.transport.kind === 'unicast') {
    // The manual excludes it, the program sends it all the same: a router that went over to multicast would be alone.
    const why = 'they are sent to as configured, as Keepalived does';
    scope.findings.info(draft.place, `${scope.subject}unicast peers are not VRRP as strict mode means it`, { why });
  }
  if (draft.accept?.value === true && instance.version === 2) {
    warn('Strict mode does not support accept with VRRPv2. Ignoring.');
    strict = { ...strict, accept: instance.priority === ownerPriority };
  }
  return announcementsOf(strict, draft, warn);
}

function announcementsOf(
  instance: InstanceConfiguration,
  draft: InstanceDraft,
  warn: (what: string) => void,
): InstanceConfiguration {
  let strict = instance;
  if (draft.garpMasterRefreshMs !== undefined && draft.garpMasterRefreshMs > 0) {
    warn('Strict mode does not support repeating gratuitous ARP. Ignoring.');
    strict = { ...strict, announcement: { ...strict.announcement, masterRefreshMs: 0 } };
  }
  if (draft.lowerPrioNoAdvert === false) {
    warn('Strict mode requires no lower priority advert. Ignoring.');
    strict = { ...strict, lowerPrioNoAdvert: true };
  }
  if (strict.higherPrioSendAdvert) {
    warn('Strict mode does not support higher_prio_send_advert. Ignoring.');
    strict = { ...strict, higherPrioSendAdvert: false };
  }
  if (strict.virtualMac?.transmitOnBase === true) {
    warn('Strict mode does not support vmac_xmit_base. Ignoring.');
    strict = { ...strict, virtualMac: { ...strict.virtualMac, transmitOnBase: false } };
  }
  const first = strict.virtualAddresses[0];
  if (
    strict.family === 'ipv6' &&
    first !== undefined &&
    !isLinkLocal(parseAddress(first.address) ?? new Uint8Array(16))
  ) {
    warn('Strict mode requires the first IPv6 VIP to be link local');
  }
  return strict;
}
