import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { build } from 'esbuild';
import { orFail } from '../error.ts';
import { close, eventfd, write } from '../libc.ts';
import { controlEpoll, EPOLLIN, openEpoll } from '../readiness/epoll.ts';
import { programPath, startWorker } from './program.ts';

test('the entry of the program built file by file is found, and runs', () => {
  assert.equal(programPath(), resolve('build/src/main.js'));
  assert.match(execFileSync(process.execPath, [programPath(), 'version'], { encoding: 'utf8' }), /^haven \d/);
});

test('a worker runs its role with its data, and an unknown role fails loudly', async () => {
  const epoll = orFail(openEpoll('a bell'));
  const bell = eventfd(0, 0);
  orFail(controlEpoll(epoll, 'add', { fd: bell, events: EPOLLIN, token: 5, name: 'a bell' }));
  const worker = startWorker('readiness', { epoll });
  write(bell, Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]), 8);
  assert.deepEqual(await once(worker, 'message'), [[5]]);
  await worker.terminate();
  close(bell);
  close(epoll);
  const [error] = await once(startWorker('nobody', {}), 'error');
  assert.match(String(error), /no worker has the role nobody/);
});

test('in the bundle too, wherever it lies', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'haven-bundle-'));
  context.after(() => rmSync(folder, { recursive: true }));
  // Split at a dynamic import as the program is, so that the room lands in a chunk and not in the entry.
  const main = join(folder, 'main.ts');
  writeFileSync(
    main,
    `import { isMainThread } from 'node:worker_threads';
     if (isMainThread) await import(${JSON.stringify(resolve('src/linux/process/program.ts'))}).then((program) => {
       console.log(program.programPath());
       program.startWorker('any', 'the data');
     });
     else await import(${JSON.stringify(resolve('src/linux/process/program.ts'))}).then((program) => {
       console.log(program.workerRoleData());
     });`,
  );
  await build({
    entryPoints: { haven: main },
    outdir: join(folder, 'dist'),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    define: { HAVEN_BUNDLED: 'true' },
  });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const printed = execFileSync(process.execPath, [join(folder, 'dist', 'haven.js')], { encoding: 'utf8' });
  assert.equal(printed, `${join(folder, 'dist', 'haven.js')}\nthe data\n`);
  const link = join(folder, 'link.js');
  symlinkSync(join(folder, 'dist', 'haven.js'), link);
  assert.equal(execFileSync(process.execPath, [link], { encoding: 'utf8' }), printed);
});
