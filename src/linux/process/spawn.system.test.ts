import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { orFail } from '../error.ts';
import { openContent } from '../file/content.ts';
import { type ProgramEnd, type ProgramStart, startProgram } from './spawn.ts';

const folder = mkdtempSync(join(tmpdir(), 'haven-spawn-'));
after(() => rmSync(folder, { recursive: true }));

const environment = { PATH: '/usr/bin:/bin', WORD: 'one two', ABSENT: undefined };
const quiet = {
  environment,
  directory: '/',
  stdio: ['nothing', 'nothing', 'nothing'] as ProgramStart['stdio'],
};

function endOf(argv: ProgramStart['argv'], more: Partial<ProgramStart> = {}): Promise<ProgramEnd> {
  return new Promise((resolve) => orFail(startProgram({ ...quiet, argv, ...more })).onEnd(resolve));
}

/** What a shell script prints. */
async function printed(script: string, more: Partial<ProgramStart> = {}): Promise<string> {
  const output = orFail(openContent('output', ''));
  const end = await endOf(['sh', '-c', script], { stdio: ['nothing', output, output], ...more });
  const text = readFileSync(`/proc/self/fd/${output}`, 'utf8');
  closeSync(output);
  assert.deepEqual(end, { kind: 'exited', code: 0 });
  return text;
}

test('how a program ended is told, and it leaves no zombie', async () => {
  assert.deepEqual(await endOf(['true']), { kind: 'exited', code: 0 });
  assert.deepEqual(await endOf(['sh', '-c', 'exit 193']), { kind: 'exited', code: 193 });
  assert.deepEqual(await endOf(['sh', '-c', 'kill -TERM $$']), { kind: 'signalled', signal: 'SIGTERM' });
  const children = readFileSync('/proc/thread-self/children', 'latin1').trim().split(' ').filter(Boolean);
  assert.deepEqual(children, []);
});

test('many at once are each told their own end', async () => {
  const codes = Array.from({ length: 60 }, (_, index) => index);
  const ends = await Promise.all(codes.map((code) => endOf(['sh', '-c', `exit ${code}`])));
  assert.deepEqual(
    ends,
    codes.map((code) => ({ kind: 'exited', code })),
  );
});

test('a program has the environment, directory and streams that it is given, and nothing else', async () => {
  assert.equal(
    await printed('echo "$WORD"; env | cut -d= -f1 | grep -c ABSENT || true; pwd', { directory: '/usr' }),
    'one two\n0\n/usr\n',
  );
  const input = orFail(openContent('input', 'x'.repeat(300_000)));
  const output = orFail(openContent('output', ''));
  await endOf(['wc', '-c'], { stdio: [input, output, 'nothing'] });
  assert.equal(readFileSync(`/proc/self/fd/${output}`, 'utf8'), '300000\n');
  for (const fd of [input, output]) closeSync(fd);
  // What this test itself was given without close-on-exec is passed on by anybody.
  const given = execFileSync('sh', ['-c', 'ls /proc/self/fd | cat'], { encoding: 'utf8' });
  assert.equal(await printed('ls /proc/self/fd | cat'), given);
});

test('a program leads a session of its own, with all signals as the kernel has them', async () => {
  assert.match(await printed('test "$(cut -d" " -f6 /proc/$$/stat)" = $$ && echo leads'), /^leads\n$/);
  assert.match(await printed('grep -E "^Sig(Blk|Ign)" /proc/self/status'), /^SigBlk:\t0+\nSigIgn:\t0+\n$/);
});

test('what has no first line is run by the shell; what is not there, or no program, is refused with the reason', async () => {
  const plain = join(folder, 'plain');
  writeFileSync(plain, 'exit $#\n', { mode: 0o755 });
  assert.deepEqual(await endOf([plain, 'a', 'b']), { kind: 'exited', code: 2 });
  writeFileSync(join(folder, 'text'), 'exit 0\n', { mode: 0o644 });
  const refusal = (argv: ProgramStart['argv'], directory = '/') => {
    const started = startProgram({ ...quiet, argv, directory });
    return started.ok ? 'started' : `${started.error.errno}: cannot ${started.error.attempted}`;
  };
  assert.equal(refusal(['/no/such']), 'ENOENT: cannot run /no/such');
  assert.equal(refusal(['no-such-program']), 'ENOENT: cannot run no-such-program');
  assert.equal(refusal([join(folder, 'text')]), `EACCES: cannot run ${folder}/text`);
  assert.equal(refusal([folder]), `EACCES: cannot run ${folder}`);
  assert.equal(refusal(['true'], '/no/such'), 'ENOENT: cannot enter /no/such');
  assert.equal(refusal(['true', 'a\0b']), 'EINVAL: cannot run true');
  assert.equal(refusal(['true', 'x'.repeat(3_000_000)]), 'E2BIG: cannot run true');
});

test('a program runs as another account, without supplementary groups', {
  skip: process.getuid?.() !== 0 && 'needs root',
}, async () => {
  assert.equal(await printed('id -u; id -g; id -G', { account: { uid: 65534, gid: 65534 } }), '65534\n65534\n65534\n');
});
