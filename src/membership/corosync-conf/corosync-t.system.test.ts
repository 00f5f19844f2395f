import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Random } from '../../kit/index.ts';
import { thisMachine } from '../driver/this-machine.ts';
import { readCorosyncConf } from './index.ts';

const needsCorosync = existsSync('/usr/sbin/corosync') ? {} : { skip: 'needs the Debian package corosync' };
let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'haven-corosync-conf-'));
});
after(() => rmSync(folder, { recursive: true }));

const plain = [
  'totem {',
  'version: 2',
  'transport: udpu',
  'cluster_name: c',
  '}',
  'nodelist {',
  'node {',
  'ring0_addr: 127.0.0.1',
  'nodeid: 1',
  `name: ${hostname()}`,
  '}',
  'node {',
  'ring0_addr: 127.0.0.2',
  'nodeid: 2',
  'name: other',
  '}',
  '}',
  'quorum {',
  'provider: corosync_votequorum',
  '}',
];

/** Three nodes with two links each, sealed by knet; and a multicast ring of Corosync 2 with a nodelist. */
const several = [
  'totem {',
  'version: 2',
  'transport: knet',
  'crypto_cipher: none',
  'crypto_hash: none',
  'interface {',
  'linknumber: 1',
  'knet_link_priority: 2',
  '}',
  '}',
  'nodelist {',
  ...[1, 2, 3].flatMap((id) => [
    'node {',
    `ring0_addr: 127.0.0.${id}`,
    `ring1_addr: 127.0.1.${id}`,
    `nodeid: ${id}`,
    `name: ${id === 2 ? hostname() : `node${id}`}`,
    '}',
  ]),
  '}',
  'quorum {',
  'provider: corosync_votequorum',
  'last_man_standing: 1',
  'auto_tie_breaker: 1',
  '}',
  'logging {',
  'to_syslog: yes',
  'logger_subsys {',
  'subsys: TOTEM',
  'debug: off',
  '}',
  '}',
];
const multicast = [
  'totem {',
  'version: 2',
  'transport: udp',
  'interface {',
  'ringnumber: 0',
  'bindnetaddr: 127.0.0.0',
  'mcastaddr: 239.255.1.1',
  'mcastport: 5405',
  'ttl: 1',
  '}',
  '}',
  'nodelist {',
  'node {',
  'ring0_addr: 127.0.0.1',
  'nodeid: 1',
  '}',
  'node {',
  'ring0_addr: 127.0.0.2',
  'name: other',
  '}',
  '}',
  'quorum {',
  'provider: corosync_votequorum',
  'two_node: 1',
  '}',
];
const bases = [plain, several, multicast];

/** Lines that a section may get, right and wrong. */
const additions: Readonly<Record<string, readonly string[]>> = {
  totem: [
    'token: 20',
    'token: 100',
    'token: 5000 # five',
    'consensus: 40',
    'join: 20',
    'join: 4000',
    'hold: 5',
    'merge: 1',
    'downcheck: 2',
    'max_network_delay: 3',
    'token_retransmit: 10',
    'token_warning: 101',
    'transport: knet',
    'transport: udp',
    'transport: tcp',
    'version: 1',
    'crypto_cipher: aes256',
    'crypto_cipher: rot13',
    'crypto_hash: sha256',
    'crypto_hash: crc32',
    'secauth: on',
    'secauth: on # because',
    'link_mode: sideways',
    'link_mode: active',
    'ip_version: ipv5',
    'ip_version: ipv4',
    'ip_version: ipv6',
    'ip_version: ipv6-4',
    'threads: many',
    'rrp_mode: active',
    'interface {\nlinknumber: 0\nbindnetaddr: 127.0.0.0\n}',
    'interface {\nlinknumber: 9\n}',
    'interface {\nlinknumber: 0\nttl: 5\n}',
    'interface {\nlinknumber: 0\nmcastaddr: 10.1.1.1\n}',
    'interface {\nlinknumber: 0\nmcastaddr: ff02::1\n}',
    'interface {\nlinknumber: 0\nmcastaddr: 239.1.1.1\nmcastport: 5405\n}',
    'interface {\nlinknumber: 0\nbroadcast: yes\n}',
    'interface {\nbindnetaddr: x.y\n}',
    'interface {\nlinknumber: 0\nknet_transport: tcp\n}',
    'interface {\nmember {\nother: 1\n}\n}',
    'interface {\nmember {\nmemberaddr: 127.0.0.9\n}\n}',
    'interface {\nlinknumber: 300\n}',
    'interface {\nlinknumber: 1\nmcastport: 65536\n}',
    'interface {\nlinknumber: 1\nmcastport: 0\n}',
    'interface {\nlinknumber: 0\nknet_link_priority: 256\n}',
    'interface {\nlinknumber: 0\nknet_transport: sctp\nknet_ping_interval: 0\n}',
    'interface {\n}',
    'token: 4294967296',
    'token: 0x100',
    'token: -1',
    'token:',
    'token: 1e3',
    'token: +1000',
    'token_coefficient: 0',
    'token_retransmits_before_loss_const: 0',
    'token_retransmits_before_loss_const: 200',
    'consensus: 0',
    'send_join: 80',
    'netmtu: 100',
    'netmtu: 70000',
    'window_size: 0',
    'max_messages: 0',
    'max_messages: 1000',
    'fail_recv_const: 0',
    'config_version: 18446744073709551615',
    'config_version: 18446744073709551616',
    'cluster_name:',
    `cluster_name: ${'c'.repeat(300)}`,
    'nodeid: 7',
    'clear_node_high_bit: yes',
    'secauth: perhaps',
    'crypto_model: gcrypt',
    'crypto_cipher: aes256\ncrypto_hash: sha1',
    'crypto_hash: md5',
    'keyfile: /nonexistent/authkey',
    'key: short',
    `key: ${'k'.repeat(130)}`,
    'knet_compression_model: rot13',
    'knet_compression_level: x',
    'knet_pmtud_interval: 0',
    'knet_mtu: 100',
    'vsftype: none',
    'block_unlisted_ips: maybe',
    'cancel_token_hold_on_retransmit: maybe',
    'unknown_key: 1',
    'totem {\ntoken: 1000\n}',
  ],
  interface: [
    'linknumber: 0',
    'linknumber: 1',
    'ttl: 256',
    'ttl: 0',
    'mcastport: 1',
    'bindnetaddr: 127.0.0.0',
    'unknown: 1',
  ],
  node: [
    'nodeid: 0x1',
    'nodeid: 2',
    'ring1_addr: 127.0.1.1',
    'quorum_votes: -1',
    'ring0_addr: 127.0.0.3',
    'ring0_addr: ::1',
    'ring0_addr: nobody.invalid',
    'ring0_addr: 127.0.0.300',
    'ring0_addr:',
    'ring0_addr: 127.0.0.1',
    'ring7_addr: 127.0.7.1',
    'ring8_addr: 127.0.8.1',
    'nodeid: 0',
    'nodeid: 1',
    'nodeid: 4294967295',
    'nodeid: 4294967296',
    'name: other',
    'name:',
    'quorum_votes: 0',
    'quorum_votes: 2',
  ],
  nodelist: [
    'node {\nname: empty\n}',
    'node {\nnodeid: 9\nname: ninth\n}',
    'node {\nring0_addr: 127.0.0.9\n}',
    'node {\nring0_addr: 127.0.0.9\nnodeid: 9\n}',
    'node {\nring0_addr: 127.0.0.1\nnodeid: 1\n}',
    'node {\nring1_addr: 127.0.0.9\nnodeid: 9\nname: ninth\n}',
    'stray: 1',
  ],
  quorum: [
    'two_node: 1',
    'two_node: 300',
    'expected_votes: x',
    'expected_votes: 4',
    'provider: none',
    'provider:',
    'wait_for_all: 1',
    'wait_for_all: yes',
    'auto_tie_breaker: 1',
    'auto_tie_breaker_node: lowest',
    'auto_tie_breaker_node: 1 2 3',
    'auto_tie_breaker_node: nobody',
    'last_man_standing_window: -1',
    'allow_downscale: 2',
    'expected_votes_tracking: 256',
    'expected_votes: 0',
    'votes: 4294967296',
    'leaving_timeout: x',
    'device {\nmodel: net\nvotes: 1\n}',
    'device {\nmodel: net\nvotes: many\n}',
    'device {\nmodel: net\nnet {\nhost: 127.0.0.9\n}\n}',
    'device {\nvotes: 1\n}',
    'device {\nmodel: net\nmaster_wins: 256\n}',
  ],
  top: [
    'logging {\nto_stderr: maybe\n}',
    'logging {\ndebug: on\nlogger_subsys {\ndebug: on\n}\n}',
    'logging {\nlogger_subsys {\nsubsys: QUORUM\ndebug: perhaps\n}\n}',
    'logging {\nsyslog_facility: kitchen\n}',
    'service {\nname: pacemaker\nver: 1\n}',
    'uidgid {\nuid: nobody-of-this-name\n}',
    'uidgid {\nshell: sh\n}',
    'system {\nsched_rr: perhaps\n}',
    'logging {\nto_file: yes\n}',
    'logging {\nlogfile_priority: loud\n}',
    'logging {\nsyslog_priority: 7\n}',
    'logging {\ntimestamp: hires\n}',
    'logging {\ntimestamp: yes\n}',
    'logging {\nlogger_subsys {\ndebug: on\nsubsys: X Y\n}\n}',
    'logging {\nlogger_subsys {\nsubsys:\n}\n}',
    'logging {\nlogger_subsys {\nsubsys: CPG\nto_logfile: perhaps\n}\n}',
    'logging {\nlogger_subsys {\nsubsys: CPG\nsyslog_facility: kitchen\n}\n}',
    'logging {\nlogging_daemon {\nname: corosync\nto_syslog: no\n}\n}',
    'logging {\nlogging_daemon {\nto_syslog: no\n}\n}',
    'logging {\nlogging_daemon {\nname: corosync\nsubsys: MAIN\ndebug: on\n}\n}',
    'logging {\nunknown: yes\n}',
    'uidgid {\nuid: 0\ngid: 0\n}',
    'uidgid {\ngid: nobody-of-this-name\n}',
    'uidgid {\nuid: -1\n}',
    'uidgid {\nuid:\n}',
    'uidgid {\n}',
    'system {\nqb_ipc_type: mail\n}',
    'system {\npriority: highest\n}',
    'system {\nstate_dir: /nonexistent\n}',
    'system {\nmove_to_root_cgroup: on\n}',
    'system {\nunknown: on\n}',
    'resources {\nwatchdog_timeout: x\n}',
    'resources {\nsystem {\nmemory_used {\nrecovery: reboot\n}\n}\n}',
    'service {\nver: 0\n}',
    'service {\nname:\n}',
    'quorum {\nprovider: corosync_votequorum\n}',
    'quorum {\nexpected_votes: 3\n}',
    'totem {\nversion: 3\n}',
    'totem {\ntransport: udpu\n}',
    'nodelist {\nnode {\nring0_addr: 127.0.0.8\nnodeid: 8\nname: eighth\n}\n}',
    'amf {\nmode: disabled\n}',
    'a b {\n}',
    'a: {\n}',
    'a {}',
    'a {\nb {\nc {\nd: e\n}\n}\n}',
    `${'s'.repeat(250)} {\n${'k'.repeat(20)}: 1\n}`,
    `${'n'.repeat(260)}: 1`,
    'x y: 1',
    'xé: 1',
    ': value',
    'ab: 1',
    'stray: line',
    'no colon here',
    'a { b: c',
    '{',
    '}',
    '} x',
    'x'.repeat(600),
    '# only a comment',
  ],
};

/** Puts `addition` at the beginning or the end of one of the sections of that name; false: there is none. */
function add(text: string[], section: string, addition: string, random: Random): boolean {
  const opened = text.flatMap((line, at) => (line === `${section} {` ? [at] : []));
  const open = section === 'top' ? text.length - 1 : random.pick(opened);
  if (open === undefined) return false;
  const close = text.findIndex((line, at) => at > open && line === '}');
  text.splice(random.chance(0.5) || close < 0 || section === 'nodelist' ? open + 1 : close, 0, ...addition.split('\n'));
  return true;
}

/** Some additions at random places, and at times a key or a whole section left out or said twice. */
function mutated(random: Random): string {
  const text = [...(random.pick(bases) ?? plain)];
  for (let count = random.between(1, 5); count > 0; count--) {
    const section = random.pick(Object.keys(additions)) ?? 'top';
    add(text, section, random.pick(additions[section] ?? []) ?? '', random);
  }
  const dropped = random.below(text.length);
  if (random.chance(0.3) && !/[{}]/.test(text[dropped] ?? '')) text.splice(dropped, 1);
  if (random.chance(0.1)) {
    const open = text.findIndex((line, at) => at >= random.below(text.length) && line.endsWith(' {'));
    const close = text.indexOf('}', open);
    const section = open < 0 ? [] : text.splice(open, close - open + 1);
    if (random.chance(0.5)) text.push(...section, ...section);
  }
  return `${text.join('\n')}\n`;
}

/** Slips of the hand: a character changed, doubled or dropped, a line dropped, said twice, moved, or given another's value. */
function misspelt(text: string, random: Random): string {
  const rows = text.trimEnd().split('\n');
  for (let count = random.between(1, 3); count > 0; count--) {
    const at = random.below(rows.length);
    const row = rows[at] ?? '';
    const column = random.below(row.length + 1);
    const [before, after] = [row.slice(0, column), row.slice(column)];
    switch (random.below(6)) {
      case 0:
        rows[at] = `${before}${random.pick([...' :{}#.-09azAZ\t'])}${after.slice(1)}`;
        break;
      case 1:
        rows[at] = `${before}${row.slice(column, column + 1)}${after}`;
        break;
      case 2:
        rows[at] = `${before}${after.slice(1)}`;
        break;
      case 3:
        rows.splice(at, 1);
        break;
      case 4:
        rows.splice(random.below(rows.length), 0, row);
        break;
      default:
        rows[at] = `${row.split(':')[0]}:${random.pick(rows)?.split(':')[1] ?? ''}`;
    }
  }
  return `${rows.join('\n')}\n`;
}

/** Undefined: it crashed, as 3.1.7 does on a number beyond 64 bits, or on a section in a logger_subsys. */
function verdictOfCorosync(file: string): string | undefined {
  const done = spawnSync('/usr/sbin/corosync', ['-t', '-c', file], { encoding: 'utf8' });
  const printed = `${done.stdout}${done.stderr}`.split('\n').map((line) => line.replace(/^.*\[MAIN {2}\] /, ''));
  const errors = `${done.stdout}${done.stderr}`
    .split('\n')
    .filter((line) => / error /.test(line) || /^pars/.test(line));
  const first = (errors[0] ?? printed.find((line) => line !== '') ?? '').replace(/^.*\[MAIN {2}\] /, '');
  if (done.status === null) return undefined;
  return done.status === 0 ? '' : first;
}

/** Behind a first node without address and name Corosync 3.1.7 checks no node at all; Haven does. */
function isUnread(text: string): boolean {
  const first = /^nodelist \{\n(?:[^{}]*\n)?node \{\n([^{}]*)\}/m.exec(text)?.[1] ?? '';
  return !/^(?:ring0_addr|name):/m.test(first);
}

/** Both verdicts where they differ. */
function difference(text: string): { text: string; ours: string; theirs: string } | undefined {
  const file = join(folder, 'corosync.conf');
  writeFileSync(file, text);
  const theirs = verdictOfCorosync(file);
  if (theirs === undefined || isUnread(text)) return undefined;
  const { fault } = readCorosyncConf(text, file, thisMachine());
  // What `corosync -t` does not look at: quorum, which only the running daemon refuses.
  const ours = fault?.startsWith('configuration error') || fault === 'Invalid quorum provider' ? '' : (fault ?? '');
  const expected = theirs.includes('too many configured interfaces') && /rrp_mode: active/.test(text) ? '' : theirs;
  return ours === expected ? undefined : { text, ours, theirs: expected };
}

test('the plain file is accepted by both', needsCorosync, () => {
  assert.equal(difference(`${plain.join('\n')}\n`), undefined);
});

test('each addition gets the same verdict from Haven and from corosync -t', needsCorosync, () => {
  const differences: unknown[] = [];
  const random = new Random('each addition');
  for (const [section, list] of Object.entries(additions)) {
    for (const line of list) {
      const text = [...plain];
      if (add(text, section, line, random)) differences.push(difference(`${text.join('\n')}\n`));
    }
  }
  assert.deepEqual(
    differences.filter((found) => found !== undefined),
    [],
  );
});

test('encrypted multicast is refused by both in the same words', needsCorosync, () => {
  const keyfile = join(folder, 'authkey');
  writeFileSync(keyfile, Buffer.alloc(128));
  for (const transport of ['udp', 'udpu']) {
    const encrypted = [...plain];
    encrypted.splice(2, 1, `transport: ${transport}`, 'secauth: on', `keyfile: ${keyfile}`);
    assert.equal(difference(`${encrypted.join('\n')}\n`), undefined);
  }
});

test('files changed at random get the same verdict from Haven and from corosync -t', needsCorosync, () => {
  const random = new Random(process.env.HAVEN_CONF_SEED ?? 'corosync.conf');
  const files = Number(process.env.HAVEN_CONF_FILES ?? 150);
  const differences = Array.from({ length: files }, () => difference(mutated(random)));
  assert.deepEqual(
    differences.filter((found) => found !== undefined),
    [],
  );
});

const slips = Number(process.env.HAVEN_CONF_SLIPS ?? 0);
const asked = slips > 0 ? needsCorosync : { skip: 'set HAVEN_CONF_SLIPS to a number of files' };
test('files with slips of the hand get the same verdict from Haven and from corosync -t', asked, () => {
  const random = new Random(process.env.HAVEN_CONF_SEED ?? 'slips');
  const differences = Array.from({ length: slips }, () => difference(misspelt(mutated(random), random)));
  assert.deepEqual(
    differences.filter((found) => found !== undefined),
    [],
  );
});
