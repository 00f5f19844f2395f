// The peer's verdicts: our faulty files against its recorded output, and the samples of its package against itself.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { hostSurroundings } from '../driver/surroundings.ts';
import { formatFinding, type ParsedConfiguration, parseConfiguration, textSurroundings, verdictOf } from './index.ts';

const recordings = '../shared/peers/vrrp-transcripts/config-test';
const samples = '/usr/share/doc/keepalived/samples';
const article = '../shared/seeds/keepalived-article';
const interfaces = ['eth0', 'eth1', 'eth2', 'eth3', 'ens9'];

function parse(path: string): ParsedConfiguration {
  const surroundings = { ...hostSurroundings({ randomSeed: 1 }), interfaces: new Set(interfaces) };
  const parsed = parseConfiguration(path, surroundings);
  assert.ok(parsed, path);
  return parsed;
}

/** What our words must have in common with the peer's, fault by fault: `[line, words]`. */
const meanings: Readonly<Record<string, readonly (readonly [number, RegExp])[]>> = {
  '01-missing-close': [[1, /Missing '}'/]],
  '02-extra-close': [[11, /Extra '}' found/]],
  '03-unknown-keyword': [[3, /Unknown keyword 'frobnicate'/]],
  '04-unknown-block': [[1, /Unknown keyword 'vrrp_instanse'. Did you mean 'vrrp_instance'/]],
  '05-bad-state': [[2, /unknown state 'LEADER', defaulting to BACKUP/]],
  '06-priority-300': [[9, /priority: number '300' outside range \[1, 255\]/]],
  '07-vrid-256': [[9, /virtual_router_id: number '256' outside range \[1, 255\]/]],
  '08-v2-advert-half': [[9, /VRRPv2 advertisement interval 0.50s must be an integer. rounding/]],
  '08b-v2-advert-sub': [[9, /VRRPv2 advertisement interval 0.50s must be an integer. rounding/]],
  '09-v3-advert-1ms': [[10, /advert_int: number '0.001' outside range \[0.01, 255\]/]],
  '10-v3-advert-41s': [[10, /VRRPv3 advertisement interval 41.00s is out of range.*40.95s/]],
  '11-no-such-interface': [[2, /interface nosuch0 for vrrp_instance VI_1 doesn't exist/]],
  '12-no-interface': [[1, /\(VI_1\) Unknown interface!/]],
  '13-no-vrid': [[1, /the virtual router id must be set/]],
  '14-no-vips': [[1, /No VIP specified; at least one is sensible/]],
  '15-bad-ip': [
    [5, /invalid IP address '192.168.122.300\/24'/],
    [1, /No VIP specified/],
  ],
  '16-mixed-families': [[6, /address family must match VRRP instance \[fe80::1\/64\] - ignoring/]],
  '17-dup-instance': [[10, /vrrp instance VI_1 already defined/]],
  '18-dup-vrid': [[10, /VI_1 and VI_2 both use VRID 51 with IPv4 on interface eth0/]],
  '19-track-unknown-script': [[10, /track script nosuch not found, ignoring/]],
  '20-track-unknown-others': [
    [10, /track process nosuch not found/],
    [13, /track file nosuch2 not found/],
    [16, /tracked interface nosuch3 doesn't exist/],
  ],
  '21-script-missing': [[2, /Disabling track script chk since '\/no\/such\/script.sh' is not found/]],
  '22-script-none': [
    [3, /No script set for vrrp_script chk - removing/],
    [13, /track script chk not found/],
  ],
  '23-auth-type': [[10, /unknown authentication type 'MD5'/]],
  '24-v3-auth': [[10, /VRRP version 3 does not support authentication. Ignoring/]],
  '25-long-pass': [[11, /Truncating auth_pass to 8 characters/]],
  '26-no-pass': [[9, /Authentication specified but no password given. Ignoring/]],
  '27-nopreempt-master': [[3, /nopreempt will not work with initial state MASTER - clearing/]],
  '28-preempt-delay': [[3, /preempt_delay: number '2000' outside range \[0, 1000\]/]],
  '29-notify-missing': [[9, /'\/no\/such.sh' is not found/]],
  '30-include-missing': [
    [1, /Config files missing '\/no\/such\/\*.conf'/],
    [2, /Config files missing '\/no\/such\/one.conf'/],
  ],
  '31-brace-next-line': [],
  '32-one-line-block': [[1, /the virtual router id must be set/]],
  '33-no-name': [[1, /vrrp_instance must have a name/]],
  '34-sync-unknown-member': [
    [4, /Virtual router VI_9 specified in sync group G doesn't exist - ignoring/],
    [1, /Sync group G has only 1 virtual router/],
  ],
  '35-empty': [],
  '36-comments': [],
  '37-nonnumeric': [
    [9, /priority: invalid number 'abc'/],
    [10, /advert_int: invalid number 'xyz'/],
    [11, /virtual_router_id: invalid number '5x'/],
  ],
  '38-bad-unicast': [
    [11, /malformed unicast peer address '10.0.0.300'. Skipping/],
    [1, /unicast keyword has been specified without any unicast peers. Defaulting to multicast/],
  ],
  '39-prio255-backup': [],
  '40-bad-globals': [
    [2, /vrrp_version: number '4' outside range \[2, 3\]/],
    [3, /routerid name missing - ignoring/],
    [4, /Error setting global script uid\/gid/],
  ],
  '41-bad-process': [
    [3, /track process 'p' process name not specified/],
    [6, /weight: number '300' outside range \[-254, 254\]/],
    [17, /track process p not found/],
  ],
  '42-unterminated-quote': [[9, /Unterminated quote '"unterminated'/]],
  '43-bad-script-numbers': [
    [3, /interval: number '0' outside range/],
    [4, /rise: number '0' outside range/],
    [5, /fall: number '-1' outside range/],
    [6, /weight: number '999' outside range \[-253, 253\]/],
    [7, /timeout: invalid number 'x'/],
    [2, /SECURITY VIOLATION - scripts are being executed but script_security not enabled/],
  ],
  '44-with-virtual-server': [[1, /no protocol set - defaulting to UDP/]],
};

const noRecordings = existsSync(recordings) ? false : `needs ${recordings}`;

test('every faulty file: the meaning of the peer at the right line, its verdict, and no cascade', {
  skip: noRecordings,
}, () => {
  const verdicts = new Map(
    [...readFileSync(`${recordings}/bad-configs.out`, 'utf8').matchAll(/^## (\S+)\.conf rc=(\d)$/gm)].map(
      ([, name = '', code = '']) => [name, Number(code)] as const,
    ),
  );
  const names = readdirSync(`${recordings}/bad`).map((name) => name.replace(/\.conf$/, ''));
  assert.equal(names.length, 45);
  for (const name of names) {
    const { findings } = parse(`${recordings}/bad/${name}.conf`);
    const said = findings.map(formatFinding).join('\n');
    const expected = meanings[name];
    assert.ok(expected, `${name} is new: say what must be said of it`);
    for (const [line, words] of expected) {
      const there = findings.filter((finding) => finding.place.line === line).map(formatFinding);
      assert.ok(
        there.some((one) => words.test(one)),
        `${name} line ${line} ${words}:\n${said}`,
      );
    }
    assert.equal(verdictOf(findings), verdicts.get(name), `${name}:\n${said}`);
    assert.ok(findings.length <= expected.length + 1, `${name} says more than its faults:\n${said}`);
  }
});

test('the five configurations of the article are read without a word', {
  skip: existsSync(article) ? false : `needs ${article}`,
}, () => {
  for (const name of readdirSync(article).filter((one) => one.endsWith('.conf'))) {
    const { findings, configuration } = parse(`${article}/${name}`);
    const counted = findings.filter(({ what }) => !/is not found|track script .* not found|SECURITY/.test(what));
    assert.deepEqual(counted.map(formatFinding), [], name);
    assert.equal(configuration.instances[0]?.priority, 244, name);
  }
});

const keywordTable = '../shared/peers/keepalived-keywords.md';

/** Words that stand inside a block which is accepted as a whole, auth_hmac, and the head of a table. */
const notKeywords = ['form', 'keyword', 'key', 'active_key', 'mode', 'anti_replay', 'time_window'];

/** Where a keyword may stand; `@` is its place. */
const contexts = [
  '@',
  ...['global_defs', 'garp_group'].map((block) => `${block} {\n@\n}`),
  ...['vrrp_instance', 'vrrp_sync_group', 'vrrp_script', 'track_process', 'track_file', 'bfd_instance'].map(
    (block) => `${block} N {\n@\n}`,
  ),
  'vrrp_instance N {\n authentication {\n@\n}\n}',
];

function isKnown(keyword: string): boolean {
  return contexts.some((context) => {
    const text = context.replace('@', `${keyword} 1 2`);
    const parsed = parseConfiguration('/x', textSurroundings({ '/x': text }));
    return parsed?.findings.some(({ what }) => what.includes(`Unknown keyword '${keyword}'`)) === false;
  });
}

test('every keyword of the peer is known somewhere', {
  skip: existsSync(keywordTable) ? false : `needs ${keywordTable}`,
}, () => {
  const rows = readFileSync(keywordTable, 'utf8').matchAll(/^\| ([a-z_0-9]+) \| .* \| ([ABCD])\*? \|$/gm);
  const names = [...rows].map(([, name = '']) => name).filter((name) => !notKeywords.includes(name));
  assert.ok(names.length > 220, `${names.length} keywords`);
  assert.equal(isKnown('frobnicate'), false);
  assert.deepEqual(
    names.filter((name) => !isKnown(name)),
    [],
  );
});

const namespace = `kconf-${process.pid}`;
const peer = '/usr/sbin/keepalived';
const noPeer =
  process.getuid?.() !== 0 ? 'needs root' : existsSync(peer) ? false : 'needs keepalived: node tools/setup.mjs test';

function ip(...words: string[]): void {
  const done = spawnSync('ip', words, { encoding: 'utf8' });
  assert.equal(done.status, 0, `ip ${words.join(' ')}: ${done.stderr}`);
}

before(() => {
  if (noPeer !== false) return;
  ip('netns', 'add', namespace);
  for (const name of interfaces) {
    ip('-n', namespace, 'link', 'add', name, 'type', 'veth', 'peer', 'name', `p${name}`);
    ip('-n', namespace, 'link', 'set', name, 'up');
    ip('-n', namespace, 'link', 'set', `p${name}`, 'up');
  }
});

after(() => {
  if (noPeer === false) spawnSync('ip', ['netns', 'del', namespace]);
});

test('the samples of the package: the verdict of the keepalived that is installed here', {
  skip: noPeer,
}, (context) => {
  const names = existsSync(samples) ? readdirSync(samples).filter((name) => name.startsWith('keepalived.conf')) : [];
  if (names.length === 0) return context.skip(`needs ${samples}`);
  for (const name of names) {
    const path = `${samples}/${name}`;
    const told = spawnSync('ip', ['netns', 'exec', namespace, peer, '-t', '-f', path], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    const { findings } = parse(path);
    const both = `${name}\nours:\n${findings.map(formatFinding).join('\n')}\ntheirs:\n${told.stderr}`;
    assert.equal(verdictOf(findings), told.status, both);
  }
});

const whole = '  virtual_ipaddress {\n    10.9.0.200/24\n  }\n';
const inInstance = (line: string) =>
  `vrrp_instance V {\n  interface eth0\n  virtual_router_id 51\n${line}\n${whole}}\n`;
const inGlobals = (line: string) => `global_defs {\n  ${line}\n}\n${inInstance('')}`;

const secured = (text: string) => `global_defs {\n  enable_script_security\n  script_user root\n}\n${text}`;
const inScript = (line: string) =>
  secured(`vrrp_script c {\n  script "/bin/true"\n  ${line}\n}\n${inInstance('track_script {\nc\n}')}`);
const inProcess = (line: string) =>
  `vrrp_track_process c {\n  process nginx\n  ${line}\n}\n${inInstance('track_process {\nc\n}')}`;
const inFile = (line: string) => `track_file c {\n  file /tmp/c\n  ${line}\n}\n${inInstance('track_file {\nc\n}')}`;

/** Lines that end too early, switches that are none, what is said twice, and families that meet in each order. */
const lines = [
  ...['priority', 'advert_int', 'notify', 'mcast_src_ip', 'smtp_alert', 'native_ipv6', 'vmac_xmit_base'],
  ...['debug', 'vrf', 'kernel_rx_buf_size', 'garp_extra_if', 'vmac_garp_intvl 1', 'garp_master_repeat 0'],
  ...['mcast_src_ip fe80::1', 'unicast_src_ip fe80::1', 'unicast_peer {\nfe80::5\n}'],
  ...['state MASTER\nstate BACKUP', 'state BACKUP\nstate BACKUP', 'version 2\nversion 3', 'priority 5\npriority 7'],
  ...['track_interface {\neth0\n}', 'track_interface {\neth1\neth1\n}', 'notify /bin/true nobody-at-all'],
  'virtual_ipaddress {\n10.9.0.201/24\n}\nmcast_src_ip fe80::1',
  'virtual_rules {\nfrom 10.0.0.0/8 table\n}',
  ...['via', 'via 10.9.0.3 dev eth0 src', 'via 10.9.0.3 dev eth0 table'].map(
    (route) => `virtual_routes {\n10.1.0.0/16 ${route}\n}`,
  ),
].map(inInstance);

lines.push(
  ...['script', 'script ""', 'script /bin/false', 'interval', 'weight', 'weight 5 frob', 'user', 'init_fail'].map(
    inScript,
  ),
  ...['process', 'process sshd', 'param_match', 'weight', 'quorum', 'delay'].map(inProcess),
  ...['file', 'file /tmp/d', 'weight', 'weight 5 frob', 'init_file'].map(inFile),
  ...['vrrp_version', 'vrrp_priority', 'router_id', 'script_user', 'smtp_server', 'vrrp_garp_interval'].map(inGlobals),
  ...['vrrp_strict off', 'vrrp_skip_check_adv_addr maybe', 'vrrp_higher_prio_send_advert maybe'].map(inGlobals),
  ...['vrrp_rt_priority', 'smtp_helo_name', 'umask', 'random_seed', 'startup_script_timeout', 'bfd_process_name'].map(
    inGlobals,
  ),
  ...['vrrp_script', 'vrrp_track_process', 'track_file', 'instance', 'net_namespace'].map(
    (line) => `${inInstance('')}${line}\n`,
  ),
  'vrrp_script c {\n  script\n}\n'.concat(inInstance('')),
  secured('vrrp_script c {\n  script /bin/true\n}\n'.repeat(2)).concat(inInstance('')),
  `garp_group {\n  interface eth0\n}\n${inInstance('')}`,
);

test('lines without a value, odd switches, things said twice, mixed families: the verdict of keepalived', {
  skip: noPeer,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), 'kconf-'));
  const path = join(folder, 'k.conf');
  try {
    for (const text of lines) {
      writeFileSync(path, text);
      const told = spawnSync('ip', ['netns', 'exec', namespace, peer, '-t', '-f', path], { encoding: 'utf8' });
      const { findings } = parse(path);
      const both = `${text}\n${told.stderr}\n${findings.map(formatFinding).join('\n')}`;
      assert.equal(verdictOf(findings), told.status, both);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
