// The keys of corosync.conf whose values are checked while the file is read (corosync.conf(5), votequorum(5)), with the
// words that Corosync 3.1.7 uses when one is wrong. A key that is not here takes any text.

export type KeyRule =
  | { readonly kind: 'integer'; readonly min: bigint; readonly max: bigint }
  | { readonly kind: 'word'; readonly words: readonly string[]; readonly message: string };

const u8: KeyRule = { kind: 'integer', min: 0n, max: 255n };
const u16: KeyRule = { kind: 'integer', min: 0n, max: 65_535n };
const u32: KeyRule = { kind: 'integer', min: 0n, max: 4_294_967_295n };
const i32: KeyRule = { kind: 'integer', min: -2_147_483_648n, max: 2_147_483_647n };
const u64: KeyRule = { kind: 'integer', min: 0n, max: 2n ** 64n - 1n };

function words(message: string, ...list: string[]): KeyRule {
  return { kind: 'word', words: list, message };
}

function integers(rule: KeyRule, ...names: string[]): [string, KeyRule][] {
  return names.map((name) => [name, rule]);
}

const totemTimers = [
  'token',
  'token_retransmit',
  'token_coefficient',
  'token_retransmits_before_loss_const',
  'hold',
  'consensus',
  'join',
  'send_join',
  'merge',
  'downcheck',
  'fail_recv_const',
  'seqno_unchanged_const',
  'window_size',
  'max_messages',
  'miss_count_const',
  'token_warning',
  'heartbeat_failures_allowed',
  'max_network_delay',
];

const redundantRing = [
  'rrp_token_expired_timeout',
  'rrp_problem_count_timeout',
  'rrp_problem_count_threshold',
  'rrp_problem_count_mcast_threshold',
  'rrp_autorecovery_check_timeout',
];

const hashes = ['none', 'md5', 'sha1', 'sha256', 'sha384', 'sha512'];
const compressions = ['none', 'zlib', 'lz4', 'lz4hc', 'lzo2', 'lzma', 'bzip2', 'zstd'];

const totem: [string, KeyRule][] = [
  ...integers(u32, 'version', 'threads', 'nodeid', 'netmtu', 'knet_compression_threshold', 'knet_pmtud_interval'),
  ...integers(u32, 'knet_mtu', ...totemTimers, ...redundantRing),
  ...integers(i32, 'knet_compression_level'),
  ...integers(u64, 'config_version'),
  ['ip_version', words('Invalid ip_version type', 'ipv4', 'ipv6', 'ipv4-6', 'ipv6-4')],
  [
    'crypto_cipher',
    words('Invalid cipher type. Should be none, aes256, aes192 or aes128', 'none', 'aes256', 'aes192', 'aes128'),
  ],
  ['crypto_hash', words('Invalid hash type. Should be none, md5, sha1, sha256, sha384 or sha512', ...hashes)],
  ['crypto_model', words('Invalid crypto model. Should be nss or openssl', 'nss', 'openssl')],
  [
    'knet_compression_model',
    words('Invalid compression model. Should be zlib, lz4, lz4hc, lzo2, lzma, bzip2 or zstd', ...compressions),
  ],
];

const quorum: [string, KeyRule][] = [
  ...integers(u32, 'expected_votes', 'votes', 'last_man_standing_window', 'leaving_timeout'),
  ...integers(u8, 'two_node', 'wait_for_all', 'last_man_standing', 'auto_tie_breaker', 'allow_downscale'),
  ...integers(u8, 'expected_votes_tracking', 'device.master_wins'),
  ...integers(u32, 'device.votes', 'device.timeout', 'device.sync_timeout'),
];

const linkKeys: [string, KeyRule][] = [
  ...integers(u8, 'linknumber', 'ttl', 'knet_link_priority'),
  ...integers(u16, 'mcastport'),
  ...integers(u32, 'knet_ping_interval', 'knet_ping_timeout', 'knet_ping_precision', 'knet_pong_count'),
];

const system: [string, KeyRule][] = [
  ['qb_ipc_type', words('Invalid system.qb_ipc_type', 'native', 'shm', 'socket')],
  ['sched_rr', words('Invalid system.sched_rr value', 'yes', 'no')],
  ['move_to_root_cgroup', words('Invalid system.move_to_root_cgroup', 'yes', 'no', 'auto')],
  ['allow_knet_handle_fallback', words('Invalid system.allow_knet_handle_fallback', 'yes', 'no')],
];

/** By section path (repeated sections without their number) and key. */
const rules: ReadonlyMap<string, KeyRule> = new Map([
  ...totem.map(([name, rule]) => [`totem.${name}`, rule] as const),
  ...linkKeys.map(([name, rule]) => [`totem.interface.${name}`, rule] as const),
  ['nodelist.node.nodeid', u32],
  ['nodelist.node.quorum_votes', u32],
  ...quorum.map(([name, rule]) => [`quorum.${name}`, rule] as const),
  ...system.map(([name, rule]) => [`system.${name}`, rule] as const),
  ['resources.watchdog_timeout', u32],
]);

/** What is wrong with the value, in Corosync's words, or undefined. `shownAs` is the key with its numbers. */
export function valueFault(section: string, key: string, value: string, shownAs: string): string | undefined {
  const rule = rules.get(`${section}.${key}`);
  switch (rule?.kind) {
    case 'integer': {
      const number = /^[+-]?\d+$/.test(value) ? BigInt(value.replace('+', '')) : undefined;
      if (number !== undefined && number >= rule.min && number <= rule.max) return undefined;
      return `Value of key "${shownAs}" is expected to be integer in range (${rule.min}..${rule.max}), but "${value}" was given`;
    }
    case 'word':
      return rule.words.includes(value) ? undefined : rule.message;
    default:
      return undefined;
  }
}

/** Every key that has a meaning, for "did you mean": Corosync itself takes unknown keys in silence. */
export const knownKeys: ReadonlyMap<string, readonly string[]> = (() => {
  const known = new Map<string, string[]>();
  const add = (section: string, ...names: string[]) => known.set(section, [...(known.get(section) ?? []), ...names]);
  for (const path of rules.keys()) {
    const [section = '', ...rest] = path.split('.');
    const nested =
      path.startsWith('totem.interface.') || path.startsWith('nodelist.node.') || path.startsWith('quorum.device.');
    if (nested) add(`${section}.${rest[0]}`, rest.slice(1).join('.'));
    else add(section, rest.join('.'));
  }
  add(
    'totem',
    'transport',
    'cluster_name',
    'secauth',
    'keyfile',
    'key',
    'link_mode',
    'rrp_mode',
    'clear_node_high_bit',
  );
  add('totem', 'cancel_token_hold_on_retransmit', 'block_unlisted_ips', 'vsftype');
  add('totem.interface', 'ringnumber', 'bindnetaddr', 'mcastaddr', 'broadcast', 'knet_transport');
  add('nodelist.node', 'name', ...Array.from({ length: 8 }, (_, link) => `ring${link}_addr`));
  add('quorum', 'provider', 'auto_tie_breaker_node');
  add('quorum.device', 'model');
  add('logging', 'to_stderr', 'to_syslog', 'to_logfile', 'to_file', 'logfile', 'logfile_priority', 'syslog_facility');
  add(
    'logging',
    'syslog_priority',
    'syslog_level',
    'debug',
    'timestamp',
    'fileline',
    'function_name',
    'blackbox',
    'tags',
  );
  add('system', 'priority', 'state_dir');
  add('resources', 'watchdog_device');
  return known;
})();
