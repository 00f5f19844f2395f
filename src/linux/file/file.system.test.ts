import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { kernelFailure, orFail } from '../error.ts';
import { eventually } from '../testing/pair.ts';
import { type FileEvent, watchFiles } from './inotify.ts';
import { lockFolder, lockPidFile } from './lock.ts';
import { armWatchdog, watchdogOf } from './watchdog.ts';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'haven-file-'));
});
after(() => rmSync(folder, { recursive: true }));

test('changes of a file and of a directory are told, a rename with one cookie, an end of the watch too', async (context) => {
  const events: FileEvent[] = [];
  const watch = orFail(
    watchFiles({ onEvent: (event) => events.push(event), onError: ({ errno }) => assert.fail(errno) }),
  );
  context.after(() => watch.close());
  const file = join(folder, 'weight');
  writeFileSync(file, '1');
  orFail(watch.add(file, ['close-write', 'delete-self']));
  orFail(watch.add(folder, ['create', 'moved-from', 'moved-to']));
  appendFileSync(file, '0');
  writeFileSync(join(folder, 'a'), '');
  renameSync(join(folder, 'a'), join(folder, 'b'));
  rmSync(file);
  await eventually('the end of the file is told', () => events.some(({ changes }) => changes.includes('ended')));
  assert.deepEqual(
    events.map(({ path, changes, entry }) => [path, changes.join(), entry]),
    [
      [file, 'close-write', undefined],
      [folder, 'create', 'a'],
      [folder, 'moved-from', 'a'],
      [folder, 'moved-to', 'b'],
      [file, 'delete-self', undefined],
      [file, 'ended', undefined],
    ],
  );
  assert.ok(events[2]?.cookie !== 0 && events[2]?.cookie === events[3]?.cookie);
  const missing = watch.add(join(folder, 'nosuch'), ['modify']);
  assert.deepEqual(!missing.ok && [missing.error.errno, missing.error.attempted], ['ENOENT', `watch ${folder}/nosuch`]);
  watch.remove(folder);
  await eventually('the watch of the folder ends', () => events.at(-1)?.path === folder);
  assert.deepEqual(events.at(-1)?.changes, ['ended']);
});

test('a pid file is locked by one process at a time, names it, and is free after its death', async (context) => {
  const path = join(folder, 'haven.pid');
  const holder = spawn('flock', [path, 'sh', '-c', 'echo $$ > "$1"; echo held; exec cat', 'sh', path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  context.after(() => holder.kill());
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  const refused = lockPidFile(path);
  assert.ok(!refused.ok);
  assert.match(kernelFailure(refused.error).why ?? '', /flock answered EAGAIN \(held by process \d+\)/);
  holder.stdin.end();
  await new Promise((resolve) => holder.once('exit', resolve));
  const lock = orFail(lockPidFile(path));
  assert.equal(readFileSync(path, 'latin1'), `${process.pid}\n`);
  assert.equal(spawnSync('flock', ['--nonblock', path, 'true']).status, 1);
  lock.release();
  assert.equal(existsSync(path), false);
  const nowhere = lockPidFile(join(folder, 'nosuch', 'haven.pid'));
  assert.equal(!nowhere.ok && nowhere.error.errno, 'ENOENT');
});

test('a folder is locked by one at a time', () => {
  const lock = orFail(lockFolder(folder));
  const refused = lockFolder(folder);
  assert.equal(!refused.ok && refused.error.errno, 'EAGAIN');
  lock.release();
  orFail(lockFolder(folder)).release();
});

test('a watchdog is kept quiet with any byte and disarmed with the magic one', () => {
  const path = join(folder, 'watchdog');
  const watchdog = watchdogOf(openSync(path, 'w'), path, 5);
  orFail(watchdog.keepAlive());
  orFail(watchdog.keepAlive());
  orFail(watchdog.disarm());
  assert.equal(readFileSync(path, 'latin1'), '\0\0V');
  const closed = watchdog.keepAlive();
  assert.equal(!closed.ok && closed.error.errno, 'EBADF');
});

test('what is no watchdog is not written to', () => {
  const path = join(folder, 'precious');
  writeFileSync(path, 'data');
  const refused = armWatchdog(path, 5);
  assert.ok(!refused.ok);
  assert.equal(kernelFailure(refused.error).why, 'ioctl answered ENOTTY (it is no watchdog device)');
  assert.equal(readFileSync(path, 'latin1'), 'data');
  const missing = armWatchdog(join(folder, 'nosuch'), 5);
  assert.equal(!missing.ok && missing.error.errno, 'ENOENT');
});

test('a fifo is fed by one process at a time, and only while somebody reads it', () => {
  const path = join(folder, 'watchdog-fifo');
  execFileSync('mkfifo', [path]);
  const unread = armWatchdog(path, 5);
  assert.equal(!unread.ok && unread.error.errno, 'ENXIO');
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const watchdog = orFail(armWatchdog(path, 5));
  const second = armWatchdog(path, 5);
  assert.equal(!second.ok && second.error.errno, 'EBUSY');
  orFail(watchdog.keepAlive());
  orFail(watchdog.disarm());
  const fed = Buffer.alloc(8);
  assert.equal(fed.toString('latin1', 0, readSync(reader, fed)), '\0V');
  orFail(orFail(armWatchdog(path, 5)).disarm());
  closeSync(reader);
});
