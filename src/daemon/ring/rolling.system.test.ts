// The key of a ring is rolled while its members crash and start again at every stage: those that stay never lose one another,
// and whoever returns is a member again, with its own files as they are.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createLab, type Host, type HostProcess, programDirectory } from '../../lab/index.ts';
import type { RingStatus } from '../../membership/index.ts';

const isInterop = process.env.HAVEN_INTEROP === 'whole';
const skip = process.getuid?.() !== 0 ? 'needs root' : isInterop ? false : 'runs with: npm run interop -- haven';
const [authkey, fresh, logFile] = ['/etc/haven/authkey', '/etc/haven/authkey.new', '/var/log/ring.log'];
const settleMsMax = 60_000;

test('a key is rolled while members crash and return: nobody else is missed', { skip }, async () => {
  const lab = await createLab({ hosts: 3 });
  try {
    const ring = new RollingRing(lab.hosts);
    const keys = { [authkey]: randomBytes(192), [fresh]: randomBytes(192) };
    for (const host of lab.hosts)
      for (const [file, key] of Object.entries(keys)) await host.writeFile(file, key.toString('base64'), 0o400);
    const [one, two, three] = lab.hosts;
    assert.ok(one !== undefined && two !== undefined && three !== undefined);
    for (const host of lab.hosts) ring.start(host);
    await ring.untilWhole();

    await ring.key('add', fresh, one, two, three);
    await ring.key('use', fresh, one);
    await ring.restart(one);
    const [before, after] = (await ring.status(one))?.keys?.hears ?? [];
    assert.equal((await ring.status(one))?.keys?.sendsWith, after, 'it says again what it said under');
    await ring.restart(three);
    assert.equal(
      (await ring.status(three))?.keys?.sendsWith,
      before,
      'the others have it, but it was not told to use it',
    );
    await ring.key('use', fresh, two, three);
    await ring.key('drop', authkey, one, two, three);
    for (const host of lab.hosts) await host.run(['mv', fresh, authkey]);
    await ring.restart(two);
    for (const host of lab.hosts) assert.deepEqual((await ring.status(host))?.keys?.hears, [after]);
    assert.deepEqual(await ring.lonely(), []);
  } finally {
    await lab.down();
  }
});

class RollingRing {
  readonly #hosts: readonly Host[];
  /** By name of the host. */
  readonly #daemons = new Map<string, HostProcess>();

  constructor(hosts: readonly Host[]) {
    this.#hosts = hosts;
  }

  start(host: Host): void {
    const nodes = this.#hosts.flatMap((each) => ['--node', `${each.name}=${each.address()}`]);
    const words = haven('ring', 'run', '--cluster', 'rolling', ...nodes);
    this.#daemons.set(
      host.name,
      host.spawn(['sh', '-c', `exec "$0" "$@" 2>>${logFile}`, ...words], { stdio: 'ignore' }),
    );
  }

  /** Crashes and starts again: the others miss it, and it is a member again. */
  async restart(host: Host): Promise<void> {
    const daemon = this.#daemons.get(host.name);
    daemon?.signal('SIGKILL');
    await daemon?.exited;
    const others = this.#hosts.filter(({ name }) => name !== host.name);
    await this.#until('the others are two', () => this.#count(others, 2));
    this.start(host);
    await this.untilWhole();
  }

  untilWhole(): Promise<void> {
    return this.#until('all are members', () => this.#count(this.#hosts, this.#hosts.length));
  }

  async key(verb: 'add' | 'use' | 'drop', file: string, ...hosts: readonly Host[]): Promise<void> {
    // Who sends with a key is known when it was heard under the new one.
    const taken = async (host: Host) => (await host.run(haven('ring', 'key', verb, file))).code === 0;
    await Promise.all(hosts.map((host) => this.#until(`${verb} on ${host.name}`, () => taken(host))));
  }

  async status(host: Host): Promise<RingStatus | undefined> {
    const { code, stdout } = await host.run(haven('ring', 'status', '--json'));
    return code === 0 ? (JSON.parse(stdout) as RingStatus) : undefined;
  }

  /** Rings of one that a member stood in after it had met the others: it had lost them. */
  async lonely(): Promise<string[]> {
    const found: string[] = [];
    for (const host of this.#hosts) {
      const text = await host.shell(`cat ${logFile}`);
      const rings = [...text.matchAll(/info: ring \S+: members ([\d ]+?)( joined.*| left.*|$)/gm)];
      const lost = rings.filter(([, members = '', change = '']) => !members.includes(' ') && change.includes(' left'));
      found.push(...lost.map(([line]) => `${host.name}: ${line}`));
    }
    return found;
  }

  async #count(hosts: readonly Host[], members: number): Promise<boolean> {
    const all = await Promise.all(hosts.map((host) => this.status(host)));
    return all.every((status) => status?.members.length === members && status.synchronised);
  }

  async #until(what: string, condition: () => Promise<boolean>): Promise<void> {
    const givenUpAt = Date.now() + settleMsMax;
    while (!(await condition())) {
      if (Date.now() > givenUpAt) throw new Error(`not within ${settleMsMax} ms: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function haven(...words: readonly string[]): string[] {
  return [process.execPath, '--single-threaded-gc', `${programDirectory()}/bin/haven`, ...words];
}
