import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { VrrpConfiguration } from '../configuration.ts';
import { parseConfiguration, textSurroundings } from '../keepalived-conf/index.ts';
import type { Notification, NotifiedState } from '../notification.ts';
import { Notifier } from './notifier.ts';
import { hostSurroundings } from './surroundings.ts';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'haven-notify-'));
});
after(() => rmSync(folder, { recursive: true }));

function read(text: string): VrrpConfiguration {
  const { user, group } = hostSurroundings({ randomSeed: 1 });
  const parsed = parseConfiguration('/x', textSurroundings({ '/x': text }, { user, group }));
  assert.ok(parsed);
  assert.deepEqual(parsed.findings, []);
  return parsed.configuration;
}

function instance(name: string, lines: string): string {
  return `vrrp_instance ${name} {\n interface eth0\n virtual_router_id ${name.charCodeAt(0)}\n virtual_ipaddress {\n 10.0.0.1\n }\n${lines}\n}\n`;
}

function script(name: string, body: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return path;
}

function news(name: string, state: NotifiedState, priority = 100): Notification {
  return { subject: 'INSTANCE', name, state, priority };
}

function lines(path: string): string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [];
}

const quiet = () => {};

test('scripts of an instance run one at a time and in the order of the news, whatever each takes', async () => {
  const out = join(folder, 'order');
  // The earlier the news, the longer its script: run at once, they would end in the opposite order.
  const slow = script(
    'slow',
    `echo "begin $*" >> ${out}; case "$*" in *MASTER*) sleep 0.3;; *BACKUP*) sleep 0.1;; esac; echo "end $*" >> ${out}`,
  );
  const notifier = new Notifier(read(instance('A', ` notify "${slow} own"\n notify_master "${slow} master"`)), quiet);
  for (const state of ['MASTER', 'BACKUP', 'FAULT'] as const) notifier.notify(news('A', state, 7));
  await notifier.close(120_000);
  assert.deepEqual(
    lines(out),
    ['master', 'own INSTANCE A MASTER 7', 'own INSTANCE A BACKUP 7', 'own INSTANCE A FAULT 7'].flatMap((words) => [
      `begin ${words}`,
      `end ${words}`,
    ]),
  );
});

test('a slow script of one instance does not hold up another', async () => {
  const out = join(folder, 'other');
  const go = join(folder, 'go');
  // A ends only after B has run: with one line for all, neither would.
  const waits = script(
    'waits',
    `for i in $(seq 900); do [ -e ${go} ] && break; sleep 0.1; done; [ -e ${go} ] && echo A >> ${out}`,
  );
  const opens = script('opens', `echo B >> ${out}; touch ${go}`);
  const notifier = new Notifier(read(instance('A', ` notify ${waits}`) + instance('B', ` notify ${opens}`)), quiet);
  notifier.notify(news('A', 'MASTER'));
  notifier.notify(news('B', 'MASTER'));
  await notifier.close(120_000);
  assert.deepEqual(lines(out), ['B', 'A']);
});

test('scripts run as their user, in a group of their own', {
  skip: process.getuid?.() === 0 ? false : 'needs root',
}, async () => {
  const out = join(folder, 'who.out');
  writeFileSync(out, '', { mode: 0o666 });
  spawnSync('chmod', ['777', folder, out]);
  const who = script('who', `echo "$(id -un) $(ps -o pgid= -p $$ | tr -d ' ') $$" >> ${out}`);
  const notifier = new Notifier(read(instance('A', ` notify ${who} nobody`)), quiet);
  notifier.notify(news('A', 'MASTER'));
  await notifier.close(120_000);
  const [user, group, pid] = (lines(out)[0] ?? '').split(' ');
  assert.equal(user, 'nobody');
  assert.equal(group, pid);
});

test('a script that is not there is told, and the next one still runs', async () => {
  const out = join(folder, 'missing');
  const told: string[] = [];
  const fine = script('fine', `echo "$3" >> ${out}`);
  const text = instance('A', ` notify_master ${join(folder, 'nosuch')}\n notify "${fine}"`);
  const notifier = new Notifier(read(text), (level, message) => told.push(`${level}: ${message}`));
  notifier.notify(news('A', 'MASTER'));
  await notifier.close(120_000);
  assert.deepEqual(lines(out), ['MASTER']);
  assert.match(told.join(), /warning: INSTANCE A: notify script .*nosuch could not be run: .*ENOENT/);
});

test('closing kills what does not end in time, with everything it started', async () => {
  const pidFile = join(folder, 'pid');
  const hangs = script('hangs', `sleep 1000 & echo $! > ${pidFile}; trap '' TERM; wait`);
  const notifier = new Notifier(read(instance('A', ` notify ${hangs}`)), quiet);
  notifier.notify(news('A', 'MASTER'));
  await until(() => lines(pidFile)[0] !== undefined);
  await notifier.close(10);
  const pid = Number(lines(pidFile)[0]);
  await until(() => !isRunning(pid));
});

test('the FIFO gets every piece of news in order; its script is given the name last, and runs again when it ends', async () => {
  const fifo = join(folder, 'fifo');
  const out = join(folder, 'fifo.out');
  // It reads two lines and ends: the rest must reach the next one.
  const reader = script('reader', `exec < "$2"; for i in 1 2; do read -r line && echo "$1 $line" >> ${out}; done`);
  const text = `global_defs {\n vrrp_notify_fifo ${fifo}\n vrrp_notify_fifo_script "${reader} mine"\n}\n${instance('A', '')}`;
  const notifier = new Notifier(read(text), quiet);
  notifier.notify({ subject: 'GROUP', name: 'G', state: 'MASTER', priority: 0 });
  for (const state of ['MASTER', 'MASTER_PRIORITY', 'MASTER_RX_LOWER_PRI'] as const)
    notifier.notify(news('A', state, 244));
  await until(() => lines(out).length === 4);
  assert.deepEqual(lines(out), [
    'mine GROUP "G" MASTER 0',
    'mine INSTANCE "A" MASTER 244',
    'mine INSTANCE "A" MASTER_PRIORITY 244',
    'mine INSTANCE "A" MASTER_RX_LOWER_PRI 244',
  ]);
  await notifier.close(1000);
  assert.equal(existsSync(fifo), false, 'a FIFO that was made is removed');
});

test('fifo_write_vrrp_states_on_reload says the states again, and a reload keeps the FIFO open', async () => {
  const fifo = join(folder, 'fifo2');
  const out = join(folder, 'fifo2.out');
  const reader = script('reader2', `exec cat "$1" >> ${out}`);
  const globals = `global_defs {\n vrrp_notify_fifo ${fifo}\n vrrp_notify_fifo_script ${reader}\n fifo_write_vrrp_states_on_reload\n}\n`;
  const notifier = new Notifier(read(globals + instance('A', '')), quiet);
  for (const state of ['MASTER', 'MASTER_PRIORITY'] as const) notifier.notify(news('A', state, 7));
  notifier.reconfigure(read(globals + instance('A', ' priority 9')));
  await until(() => lines(out).length === 3);
  assert.deepEqual(
    lines(out),
    ['MASTER', 'MASTER_PRIORITY', 'MASTER'].map((state) => `INSTANCE "A" ${state} 7`),
  );
  await notifier.close(1000);
});

test('a file where the FIFO should be is left alone, and told', async () => {
  const path = join(folder, 'plain');
  writeFileSync(path, 'precious');
  const told: string[] = [];
  const notifier = new Notifier(read(`global_defs {\n notify_fifo ${path}\n}\n`), (_, message) => told.push(message));
  await notifier.close(0);
  assert.equal(readFileSync(path, 'utf8'), 'precious');
  assert.match(told.join(), /no FIFO/);
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1200; tries++) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail('it did not happen within 60 s');
}
