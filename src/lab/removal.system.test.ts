// Labs beside each other, labs whose makers die, and what is left of them: nothing.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CommandFailure } from '../kit/index.ts';
import { programPath } from '../linux/index.ts';
import { createLab, labRoot, listLabs, openLab, removeAllLabs } from './index.ts';

const root = { skip: process.getuid?.() === 0 ? false : 'needs root' };

/** Some user who is not root; a checkout below /root is out of his reach. */
const nobody = 65534;
const reachable =
  root.skip === false && spawnSync(process.execPath, ['--check', programPath()], { uid: nobody }).status === 0;
const asNobody = { skip: reachable ? false : 'needs root, and a checkout that others can read' };

// A root of its own: other labs of this machine are not this test's to remove.
process.env.HAVEN_LAB_ROOT = mkdtempSync(join(tmpdir(), 'haven-labs-'));
chmodSync(labRoot(), 0o755);
after(async () => {
  await removeAllLabs();
  rmSync(labRoot(), { recursive: true, force: true });
});

const kinds = ['net', 'mnt', 'pid', 'uts', 'ipc'];
const namespacesOf = (pid: string | number) =>
  kinds.map((kind) => readOr(() => readlinkSync(`/proc/${pid}/ns/${kind}`)));
const outside = namespacesOf('self');

/** The inits of this root's labs. */
function inits(): string[] {
  const marker = `haven-lab:${labRoot()}/`;
  return processes().filter((pid) => readOr(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')).includes(marker));
}

/** Every process in a namespace of one of these, as `PID since START`, which no later process shares. */
function inhabitants(of: readonly string[]): string[] {
  const inside = new Set(of.flatMap((pid) => namespacesOf(pid)).filter((name) => !outside.includes(name)));
  return processes()
    .filter((pid) => namespacesOf(pid).some((name) => inside.has(name)))
    .map(identity);
}

function identity(pid: string): string {
  const stat = readOr(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return `${pid} since ${stat.slice(stat.lastIndexOf(')')).split(' ')[20]}`;
}

function processes(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

function readOr(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

/** What of labs could be seen from outside. A namespace lives by its processes, by mounts of it and by open files. */
const leftOutside = () => ({
  mounts: readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    // Namespaces that have a name are not a lab's.
    .filter((line) => line.includes(labRoot()) || (line.includes('nsfs') && !line.includes('/netns/'))),
  links: readFileSync('/proc/self/net/dev', 'utf8')
    .split('\n')
    .filter((line) => /^ *(link\d|node\d)/.test(line)),
  files: readdirSync('/proc/self/fd').filter((fd) =>
    /^(net|mnt|pid|uts|ipc):/.test(readOr(() => readlinkSync(`/proc/self/fd/${fd}`))),
  ),
  state: readdirSync(labRoot()),
});

test('20 labs leave no namespace, link, mount or process', root, async () => {
  const before = leftOutside();
  const lived: string[] = [];
  for (let round = 0; round < 20; round++) {
    const lab = await createLab({ hosts: 2, links: 2 });
    lab.host('node1').spawn(['sleep', '1000'], { stdio: 'ignore' });
    const living = inhabitants(inits());
    assert.ok(living.length >= 3 * 2, 'a lab and two hosts are two processes each');
    lived.push(...living);
    await lab.down();
  }
  assert.deepEqual(inits(), []);
  // The last process of a mount namespace takes its mounts down while it ends.
  await eventually('the processes have ended', () => {
    const now = new Set(processes().map(identity));
    return lived.every((one) => !now.has(one));
  });
  assert.deepEqual(leftOutside(), before);
});

test('labs with the same host names and addresses do not see each other', root, async () => {
  const [first, second] = [await createLab({ hosts: 2 }), await createLab({ hosts: 1 })];
  await first.host('node1').writeFile('/etc/whose', 'first');
  assert.equal((await second.host('node1').run(['cat', '/etc/whose'])).code, 1);
  assert.notEqual((await second.host('node1').run(['ping', '-c', '1', '-W', '0.3', '10.77.0.2'])).code, 0);
  await second.down();
  assert.equal(await first.host('node1').readFile('/etc/whose'), 'first');
  await first.down();
});

test(
  'a lab ends with the process that made it, even when that is killed; a detached one is found and removed',
  root,
  async () => {
    const door = new URL('./index.js', import.meta.url).href;
    for (const lifetime of ['process', 'detached'] as const) {
      const name = `orphan-${lifetime}`;
      const script = `import { createLab } from '${door}'; await createLab({ name: '${name}', hosts: 2, lifetime: '${lifetime}' }); console.log('made'); setInterval(() => {}, 1000);`;
      const maker = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await new Promise((resolve) => maker.stdout.once('data', resolve));
      const pid = openLab(name).pid;
      maker.kill('SIGKILL');
      await new Promise((resolve) => maker.once('close', resolve));
      if (lifetime === 'process') await gone(pid);
      else assert.equal(await openLab(name).host('node1').shell('uname -n'), 'node1\n');
    }
    assert.deepEqual(
      listLabs().map(({ name, state }) => `${name} ${state}`),
      ['orphan-detached up', 'orphan-process dead'],
    );
    assert.throws(() => openLab('orphan-process'), /lab 'orphan-process' is dead/);
    assert.deepEqual(await removeAllLabs(), ['orphan-detached', 'orphan-process']);
    assert.deepEqual(inits(), []);
  },
);

test('a lab whose state was lost is still found by its processes', root, async () => {
  const lab = await createLab({ name: 'stateless', hosts: 1 });
  rmSync(join(labRoot(), 'stateless'), { recursive: true });
  assert.deepEqual(
    listLabs().map(({ name, state }) => [name, state]),
    [['stateless', 'dead']],
  );
  assert.deepEqual(await removeAllLabs(), ['stateless']);
  await gone(lab.pid);
});

test('a lab that cannot be made leaves nothing, and its name is free again', root, async () => {
  const bad = {
    name: 'twice',
    hosts: [{ name: 'a', interfaces: [{ name: 'eth0', addresses: ['10.1.0.1/24', '10.1.0.1/24'] }] }],
  };
  await assert.rejects(
    createLab(bad),
    (error) => error instanceof CommandFailure && /cannot connect the hosts/.test(error.message),
  );
  assert.deepEqual([inits(), existsSync(join(labRoot(), 'twice'))], [[], false]);
});

test('mistakes get one sentence and an exit code by kind', root, async () => {
  const lab = await createLab({ name: 'mistakes', hosts: 2 });
  const says = async (words: readonly string[], code: number, sentence: RegExp) => {
    const done = await haven(words);
    assert.equal(done.code, code, done.stderr);
    assert.match(done.stderr, sentence);
    assert.equal(done.stderr.trim().split('\n').length, 1, done.stderr);
    assert.doesNotMatch(done.stderr, /^\s+at /m);
  };
  await says(['exec', 'nod1', '--', 'true'], 105, /no host 'nod1'. Did you mean 'node1'\?/);
  await says(['kill', 'node1', '--lab', 'mistake'], 105, /no lab 'mistake'. Did you mean 'mistakes'\?/);
  await says(['up', '--lab', 'mistakes'], 108, /already a lab 'mistakes'/);
  await says(['up', '--lab', 'x', '--hosts', 'a b'], 64, /'a b' cannot be the name of a host/);
  await says(['cut', 'node1', '--link', '7'], 105, /not on link 7: its links: 0/);
  await says(['partition', 'node1', 'node3,node2'], 105, /no host 'node3'/);
  await says(['cut', 'node1', '--direction', 'in'], 64, /--direction needs --silent/);
  await says(['probe', '192.0.2.1'], 105, /'client' has no route to '192.0.2.1'/);
  await lab.kill('node2');
  await says(['exec', 'node2', '--', 'true'], 69, /'node2' of lab 'mistakes' is powered off/);
  process.kill(lab.pid, 'SIGKILL');
  await gone(lab.pid);
  await says(['boot', 'node1'], 69, /lab 'mistakes' is dead/);
  assert.equal((await haven(['down'])).code, 0);
  await says(['down'], 105, /there is no lab/);
});

test('what root alone may do is refused to others in one sentence', asNobody, async () => {
  const lab = await createLab({ name: 'forbidden', hosts: 1 });
  const killed = await haven(['kill', 'node1'], { uid: nobody });
  assert.match(killed.stderr, /^haven: cannot kill node1: .*Run it as root\n$/);
  const made = await haven(['up', '--lab', 'another'], { uid: nobody });
  assert.match(
    made.stderr,
    /^haven: cannot make lab 'another': namespaces and network links are made by root. Run it as root\n$/,
  );
  assert.deepEqual([killed.code, made.code], [77, 77]);
  await lab.down();
});

type Who = { readonly uid?: number };

async function haven(words: readonly string[], who: Who = {}): Promise<{ code: number; stderr: string }> {
  const child = spawn(process.execPath, [programPath(), 'lab', ...words], {
    stdio: ['ignore', 'ignore', 'pipe'],
    ...who,
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const code = await new Promise<number>((resolve) => child.once('close', (ended) => resolve(ended ?? -1)));
  return { code, stderr };
}

function gone(pid: number): Promise<void> {
  return eventually(`process ${pid} has ended`, () => !existsSync(`/proc/${pid}`));
}

async function eventually(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!holds()) {
    assert.ok(performance.now() < deadline, `not within 60 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
