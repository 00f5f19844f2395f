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

const lines = [
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
  ],
  node: [
    'nodeid: 0x1',
    'nodeid: 2',
    'ring1_addr: 127.0.1.1',
    'quorum_votes: -1',
    'ring0_addr: 127.0.0.3',
    'ring0_addr: ::1',
    'ring0_addr: nobody.invalid',
  ],
  quorum: [
    'two_node: 1',
    'two_node: 300',
    'expected_votes: x',
    'expected_votes: 4',
    'provider: none',
    'wait_for_all: 1',
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

/** One to three additions at random places, and at times a key left out. */
function mutated(random: Random): string {
  const text = [...lines];
  for (let count = random.between(1, 5); count > 0; count--) {
    const section = random.pick(Object.keys(additions)) ?? 'top';
    const line = random.pick(additions[section] ?? []) ?? '';
    const open = text.findIndex((other) => other.startsWith(`${section} {`));
    text.splice(section === 'top' ? text.length : open + 1, 0, line);
  }
  const dropped = random.below(text.length);
  if (random.chance(0.3) && !/[{}]/.test(text[dropped] ?? '')) text.splice(dropped, 1);
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

function verdictOfCorosync(file: string): { readonly fault: string; readonly code: number } {
  const done = spawnSync('/usr/sbin/corosync', ['-t', '-c', file], { encoding: 'utf8' });
  const printed = `${done.stdout}${done.stderr}`.split('\n').map((line) => line.replace(/^.*\[MAIN {2}\] /, ''));
  const errors = `${done.stdout}${done.stderr}`
    .split('\n')
    .filter((line) => / error /.test(line) || /^pars/.test(line));
  const first = (errors[0] ?? printed.find((line) => line !== '') ?? '').replace(/^.*\[MAIN {2}\] /, '');
  return { fault: done.status === 0 ? '' : first, code: done.status ?? -1 };
}

/** Both verdicts where they differ. */
function difference(text: string): { text: string; ours: string; theirs: string } | undefined {
  const file = join(folder, 'corosync.conf');
  writeFileSync(file, text);
  const theirs = verdictOfCorosync(file);
  const { fault } = readCorosyncConf(text, file, thisMachine());
  // What `corosync -t` does not look at: quorum, which only the running daemon refuses.
  const ours = fault?.startsWith('configuration error') || fault === 'Invalid quorum provider' ? '' : (fault ?? '');
  const expected =
    theirs.fault.includes('too many configured interfaces') && /rrp_mode: active/.test(text) ? '' : theirs.fault;
  return ours === expected ? undefined : { text, ours, theirs: expected };
}

test('the plain file is accepted by both', needsCorosync, () => {
  assert.equal(difference(`${lines.join('\n')}\n`), undefined);
});

test('each addition gets the same verdict from Haven and from corosync -t', needsCorosync, () => {
  const differences: unknown[] = [];
  for (const [section, list] of Object.entries(additions)) {
    for (const line of list) {
      const text = [...lines];
      const open = text.findIndex((other) => other.startsWith(`${section} {`));
      text.splice(section === 'top' ? text.length : open + 1, 0, line);
      differences.push(difference(`${text.join('\n')}\n`));
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
    const encrypted = [...lines];
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
