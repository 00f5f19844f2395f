import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parseConfiguration, textSurroundings, type VrrpConfiguration } from '../../../vrrp/index.ts';
import type { TrackerNews } from '../message.ts';
import { LinkTrackers } from './links.ts';
import { TrackerSet } from './tracker-set.ts';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'haven-trackers-'));
});
after(() => rmSync(folder, { recursive: true }));

const needsRoot = process.getuid?.() === 0 ? false : 'needs root';

/** Blocks, and an instance that tracks what they name. */
function read(blocks: string, tracked: string): VrrpConfiguration {
  const text = `${blocks}\nvrrp_instance V {\n interface eth0\n virtual_router_id 1\n virtual_ipaddress {\n 10.0.0.1\n }\n ${tracked}\n}\n`;
  const parsed = parseConfiguration('/x', textSurroundings({ '/x': text }));
  assert.ok(parsed);
  assert.deepEqual(parsed.findings, []);
  return parsed.configuration;
}

class Observed {
  readonly news: TrackerNews[] = [];
  readonly log: string[] = [];
  readonly set: TrackerSet;

  constructor(configuration: VrrpConfiguration) {
    this.set = new TrackerSet(configuration, {
      onNews: (news) => this.news.push(news),
      log: (_, message) => this.log.push(message),
    });
  }

  last(name: string): string | number | undefined {
    const report = this.news.findLast((news) => news.name === name)?.report;
    return report?.kind === 'value' ? report.value : report?.kind;
  }

  async until(name: string, expected: string | number): Promise<void> {
    await until(
      () => this.last(name) === expected,
      () => `${name} is ${expected}: ${JSON.stringify(this.news)} ${this.log}`,
    );
  }
}

test('a file: written, rewritten, renamed over, removed, made again; its directory too', async (context) => {
  const inside = join(folder, 'app');
  const path = join(inside, 'weight');
  mkdirSync(inside);
  writeFileSync(path, '5\n');
  const observed = new Observed(read(`track_file f {\n file ${path}\n}`, 'track_file {\n f\n }'));
  context.after(() => observed.set.close());
  assert.deepEqual(observed.set.reports(), [{ tracker: 'file', name: 'f', report: { kind: 'value', value: 5 } }]);
  writeFileSync(path, '-300');
  await observed.until('f', -300);
  writeFileSync(join(inside, 'other'), '7');
  renameSync(join(inside, 'other'), path);
  await observed.until('f', 7);
  rmSync(path);
  await observed.until('f', 0);
  writeFileSync(path, '9');
  await observed.until('f', 9);
  rmSync(inside, { recursive: true });
  await observed.until('f', 0);
  mkdirSync(inside);
  writeFileSync(path, '11');
  await observed.until('f', 11);
  assert.deepEqual(
    observed.news.map(({ report }) => (report.kind === 'value' ? report.value : report.kind)),
    [5, -300, 7, 0, 9, 0, 11],
    'nothing in between: a file that is being written is not read half way',
  );
});

test('init_file makes the file, and leaves one that is there alone', (context) => {
  const [made, kept, replaced] = ['made', 'kept', 'replaced'].map((name) => join(folder, name));
  for (const path of [kept, replaced]) writeFileSync(path ?? '', '3');
  const blocks = `track_file a {\n file ${made}\n init_file 8\n}
track_file b {\n file ${kept}\n init_file 8\n}
track_file c {\n file ${replaced}\n init_file 8 overwrite\n}`;
  const observed = new Observed(read(blocks, 'track_file {\n a\n b\n c\n }'));
  context.after(() => observed.set.close());
  assert.deepEqual([observed.last('a'), observed.last('b'), observed.last('c')], [8, 3, 8]);
});

test('a process: its start, its end, its arguments and the quorum', { skip: needsRoot }, async (context) => {
  const name = `kc${process.pid}`.slice(0, 15);
  const program = join(folder, name);
  copyFileSync('/bin/sleep', program);
  spawnSync('chmod', ['755', program]);
  const running: ChildProcess[] = [];
  const start = (...words: string[]): ChildProcess => {
    const child = spawn(program, words, { stdio: 'ignore' });
    running.push(child);
    return child;
  };
  const blocks = `vrrp_track_process one {\n process ${name}\n}
vrrp_track_process two {\n process ${name}\n quorum 2\n}
vrrp_track_process none {\n process ${name}\n quorum_max 0\n}
vrrp_track_process exact {\n process ${program} 1111\n}
vrrp_track_process slow {\n process ${name}\n terminate_delay 1000\n}`;
  const first = start('1111');
  const observed = new Observed(read(blocks, 'track_process {\n one\n two\n none\n exact\n slow\n }'));
  context.after(() => {
    observed.set.close();
    for (const child of running) child.kill('SIGKILL');
  });
  const state = () => ['one', 'two', 'none', 'exact', 'slow'].map((tracker) => observed.last(tracker)).join(' ');
  await until(() => state() === 'up down down up up', state);
  const second = start('2222');
  await until(() => state() === 'up up down up up', state);
  first.kill();
  await until(() => state() === 'up down down down up', state);
  second.kill();
  await until(() => state() === 'down down up down up', state);
  assert.match(observed.log.join('\n'), /Quorum lost for tracked process one/);
});

test('a script: its result, its arguments, its time limit and the end of all it started', async (context) => {
  const flag = join(folder, 'fail');
  const pidFile = join(folder, 'straggler');
  const hang = join(folder, 'hang');
  const path = join(folder, 'check');
  writeFileSync(
    path,
    `#!/bin/sh
[ "$1" = "a b" ] || exit 9
if [ -e ${hang} ]; then trap '' TERM; sleep 1000 & echo $! > ${pidFile}; wait; sleep 1000; fi
[ ! -e ${flag} ]
`,
    { mode: 0o755 },
  );
  const blocks = `vrrp_script s {\n script "${path} 'a b'"\n interval 0.1\n timeout 5\n fall 2\n}`;
  const observed = new Observed(read(blocks, 'track_script {\n s\n }'));
  context.after(() => observed.set.close());
  assert.deepEqual(observed.set.reports(), [{ tracker: 'script', name: 's', report: { kind: 'unknown' } }]);
  await observed.until('s', 'up');
  writeFileSync(flag, '');
  await observed.until('s', 'down');
  await until(
    () => /VRRP_Script\(s\) failed \(exited with status 1\)/.test(observed.log.join('\n')),
    () => observed.log.join('\n'),
  );
  rmSync(flag);
  await observed.until('s', 'up');
  writeFileSync(hang, '');
  await until(
    () => existsSync(pidFile) && readFileSync(pidFile, 'utf8').trim() !== '',
    () => 'the script hangs',
  );
  rmSync(hang);
  const straggler = Number(readFileSync(pidFile, 'utf8'));
  await until(
    () => !isRunning(straggler),
    () => 'the hanging script is killed with what it started',
  );
});

test('what no instance tracks is not run; a reload starts, stops and leaves alone', async (context) => {
  const [a, b, c] = ['a', 'b', 'c'].map((name) => join(folder, `${name}.runs`));
  const script = (name: string, path: string | undefined, more = '') =>
    `vrrp_script ${name} {\n script "/bin/sh -c 'echo >> ${path}'"\n interval 3600\n${more}}\n`;
  const runs = (path: string | undefined) => (existsSync(path ?? '') ? readFileSync(path ?? '', 'utf8').length : 0);
  const observed = new Observed(read(script('a', a) + script('b', b) + script('c', c), 'track_script {\n a\n b\n }'));
  context.after(() => observed.set.close());
  await until(
    () => runs(a) === 1 && runs(b) === 1,
    () => 'a and b ran',
  );
  await until(
    () => observed.set.reports().every(({ report }) => report.kind === 'up'),
    () => 'both are known',
  );
  observed.set.reconfigure(
    read(script('a', a) + script('b', b, ' fall 2\n') + script('c', c), 'track_script {\n a\n b\n c\n }'),
  );
  await until(
    () => runs(b) === 2 && runs(c) === 1,
    () => 'b was changed and c added',
  );
  assert.equal(runs(a), 1, 'a keeps its beat');
  observed.set.reconfigure(read(script('a', a), 'track_script {\n a\n }'));
  assert.deepEqual(observed.set.reports(), [{ tracker: 'script', name: 'a', report: { kind: 'up' } }]);
});

test('BFD: two sessions on the loopback find each other', {
  skip: needsRoot,
}, async (context) => {
  const session = (name: string, source: string, neighbour: string) =>
    `bfd_instance ${name} {\n source_ip ${source}\n neighbor_ip ${neighbour}\n min_rx 50\n min_tx 50\n multiplier 5\n}\n`;
  // One daemon holds both ends, so no other process of this host is involved.
  const [left, right] = [`127.${process.pid % 250}.1.1`, `127.${process.pid % 250}.1.2`];
  const both = session('left', left, right) + session('right', right, left);
  const observed = new Observed(read(both, 'track_bfd {\n left\n right\n }'));
  context.after(() => observed.set.close());
  await observed.until('left', 'up');
  await observed.until('right', 'up');
  assert.match(observed.log.join('\n'), /BFD_Instance\(left\) Entering UP state/);
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function until(holds: () => boolean, what: () => string): Promise<void> {
  for (let tries = 0; tries < 1200; tries++) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`within 60 s: ${what()}`);
}

test('a link that comes back within its delay has not changed; one that stays away is told when the delay is over', async (context) => {
  const told: string[] = [];
  const delays = [{ interface: 'eth0', downDelayMs: 200, upDelayMs: 0 }];
  const links = new LinkTrackers(delays, (name, { kind }) => told.push(`${name} ${kind}`));
  context.after(() => links.close());
  links.observe('eth0', true);
  links.observe('eth1', true);
  links.observe('eth0', false);
  links.observe('eth0', true);
  links.observe('eth1', false);
  assert.deepEqual(told, ['eth0 up', 'eth1 up', 'eth1 down']);
  const since = performance.now();
  links.observe('eth0', false);
  await until(
    () => told.length === 4,
    () => told.join(),
  );
  assert.ok(performance.now() - since >= 195, 'not before its time');
  assert.deepEqual([told.at(-1), links.report('eth0').kind], ['eth0 down', 'down']);
});
