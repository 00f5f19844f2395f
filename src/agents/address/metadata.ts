// What `ocf:haven:ip` says of itself. The parameters are those of ocf:heartbeat:IPaddr2, so that either can take the
// other's place in a document.
import type { AgentAction, AgentMetadata, AgentParameter } from '../metadata.ts';

type Extra = Partial<Pick<AgentParameter, 'default' | 'required' | 'unique' | 'type' | 'long'>>;

export function parameterOf(name: string, short: string, extra: Extra = {}): AgentParameter {
  return {
    name,
    short,
    long: short,
    required: false,
    unique: false,
    type: 'string',
    default: undefined,
    allowed: [],
    deprecated: false,
    private: false,
    reloadable: false,
    ...extra,
  };
}

export function actionOf(name: string, timeoutMs: number, intervalMs = 0): AgentAction {
  return { name, timeoutMs, intervalMs, role: undefined, startDelayMs: 0, depth: undefined };
}

export const ipMetadata: AgentMetadata = {
  name: 'ip',
  version: '1.0',
  short: 'A virtual IPv4 or IPv6 address, kept by Haven itself',
  long: `Puts an address on an interface, tells the neighbours at once and again for some seconds, and watches it: when the
address or the carrier of the interface is lost, that is known at once and not at the next monitor. It takes the
parameters of ocf:heartbeat:IPaddr2.`,
  parameters: [
    parameterOf('ip', 'The address, without a prefix length', { required: true, unique: true }),
    parameterOf('nic', 'The interface; when left out, the one by which the address is reached'),
    parameterOf('cidr_netmask', 'The prefix length, or a dotted netmask; when left out, that of the route to it'),
    parameterOf('broadcast', 'The broadcast address; + for that of the prefix, - for none', { default: '+' }),
    parameterOf('iflabel', 'A label to show in `ip address` behind the interface name (IPv4)'),
    parameterOf('arp_count', 'How often the address is announced after a start, before the later repetitions', {
      type: 'integer',
      default: '5',
    }),
    parameterOf('arp_interval', 'Milliseconds between these announcements', { type: 'integer', default: '200' }),
    parameterOf('arp_count_refresh', 'How often it is announced at each monitor', { type: 'integer', default: '0' }),
    parameterOf('arp_bg', 'Whether start succeeds before these announcements are all sent', {
      type: 'boolean',
      default: 'true',
    }),
    parameterOf('run_arping', 'Look for another owner of the address first, and fail if there is one', {
      type: 'boolean',
      default: 'false',
    }),
    parameterOf('nodad', 'IPv6: skip the kernel’s own duplicate address detection, which takes a second or two', {
      type: 'boolean',
      default: 'true',
    }),
    parameterOf('noprefixroute', 'Add no route to the prefix', { type: 'boolean', default: 'false' }),
    parameterOf('preferred_lft', 'Seconds for which the address is preferred as a source; 0 for never', {
      default: 'forever',
    }),
    parameterOf('arp_sender', 'Accepted and not needed: Haven sends the announcements itself'),
    parameterOf('send_arp_opts', 'Accepted and not needed: Haven sends the announcements itself'),
    parameterOf('flush_routes', 'Accepted and not needed: the kernel has no route cache any more', { type: 'boolean' }),
    parameterOf('lvs_support', 'Not supported: use ocf:heartbeat:IPaddr2', { type: 'boolean', default: 'false' }),
    parameterOf('network_namespace', 'Not supported: use ocf:heartbeat:IPaddr2'),
  ],
  actions: [
    actionOf('start', 20_000),
    actionOf('stop', 20_000),
    actionOf('monitor', 20_000, 10_000),
    actionOf('validate-all', 20_000),
    actionOf('meta-data', 5000),
  ],
};
