// A cluster that grows from one machine to four and shrinks again, while a service runs: what an administrator types.
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { ApiClient, type ClusterStatus } from '../../../api/index.ts';
import { createLab, type Lab } from '../../../lab/index.ts';
import { eventually, nodeOf } from '../testing/hosts.ts';
import { formatToken, type Invitation, parseToken } from './invitation.ts';

const skip = process.getuid?.() !== 0 ? 'needs root' : false;
const hosts = ['a', 'b', 'c', 'd', 'e'].map((name, index) => ({
  name,
  interfaces: [{ name: 'eth0', addresses: [`10.78.0.${index + 1}/24`] }],
}));
/** The bundle: it starts in half the processor time. */
const haven = [process.execPath, resolve('dist', 'haven.js')];

class Growing {
  readonly lab: Lab;

  constructor(lab: Lab) {
    this.lab = lab;
  }

  /** What the command prints; it has to end with `code`. */
  async say(host: string, words: readonly string[], code = 0): Promise<string> {
    const { code: status, stdout, stderr } = await this.lab.host(host).run([...haven, ...words]);
    assert.equal(status, code, `${host}: haven ${words.join(' ')}: ${stdout}${stderr}`);
    return stdout + stderr;
  }

  start(host: string): void {
    const script = `exec ${haven.join(' ')} daemon >>/var/log/haven.log 2>&1`;
    this.lab.host(host).spawn(['sh', '-c', script], { stdio: 'ignore' });
  }

  api(host: string): ApiClient {
    return new ApiClient(`/proc/${this.lab.host(host).pid}/root/run/haven/api.sock`);
  }

  until(host: string, what: string, wanted: (status: ClusterStatus) => boolean): Promise<ClusterStatus> {
    return eventually(`${host}: ${what}`, async () => {
      const value = await this.api(host).status();
      return { done: wanted(value), value };
    });
  }

  async invitation(host: string, ...flags: string[]): Promise<string> {
    const said = await this.say(host, ['cluster', 'invite', ...flags]);
    return /haven cluster join (\S+)/.exec(said)?.[1] ?? '';
  }

  /** Joins by a fresh invitation of `a`, and runs the daemon. */
  async join(host: string): Promise<string> {
    const said = await this.say(host, ['cluster', 'join', await this.invitation('a')]);
    this.start(host);
    return said;
  }
}

const online = (count: number) => (status: ClusterStatus) =>
  status.phase === 'together' &&
  status.quorum.votes === count &&
  status.quorum.expectedVotes === count &&
  status.nodes.filter(({ state }) => state === 'online').length === count;

test('a cluster grows and shrinks while its service runs', { skip }, async (t) => {
  const cluster = new Growing(await createLab({ hosts }));
  try {
    await t.test('one machine makes it; others join by invitation, without an outage', () => grows(cluster));
    await t.test('a token that is spent, cut short, forged or of another cluster is refused in words', () =>
      refuses(cluster),
    );
    await t.test('a minority lets nobody in; a member that was cut off learns who joined meanwhile', () =>
      catchesUp(cluster),
    );
    await t.test('a node leaves: its service moves, nothing of it stays', () => leaves(cluster));
    await t.test('a node that is gone is removed, and is told so if it comes back', () => removes(cluster));
  } finally {
    await cluster.lab.down();
  }
});

async function grows(cluster: Growing): Promise<void> {
  await cluster.say('a', ['cluster', 'init', 'shop', 'a=10.78.0.1']);
  assert.match(await cluster.say('a', ['cluster', 'init', 'shop', 'a=10.78.0.1'], 108), /belongs to a cluster already/);
  cluster.start('a');
  await cluster.until('a', 'one node', online(1));
  await cluster.say('a', ['property', 'set', 'stonith-enabled=false']);
  const service = ['web', 'ocf:haven:process', 'command=/bin/sleep', 'args=86400'];
  await cluster.say('a', ['resource', 'create', ...service, '--wait']);
  const started = await cluster.api('a').document('//lrm_rsc_op[@operation="start"]');
  assert.match(await cluster.join('b'), /b is a node of 'shop' \(a, b\)/);
  await cluster.until('a', 'two nodes', online(2));
  await cluster.join('c');
  for (const host of ['a', 'b', 'c']) await cluster.until(host, 'three nodes', online(3));
  assert.equal(await cluster.api('c').document('//lrm_rsc_op[@operation="start"]'), started);
  assert.match(await cluster.api('c').document('//nodes'), /uname="a"[\s\S]*uname="b"[\s\S]*uname="c"/);
}

async function refuses(cluster: Growing): Promise<void> {
  const token = await cluster.invitation('a');
  const join = (host: string, words: readonly string[], code: number) =>
    cluster.say(host, ['cluster', 'join', ...words], code);
  assert.match(await join('d', [token.slice(0, -3)], 64), /a part of it is missing/);
  const forged = (changes: Partial<Invitation>) => formatToken({ ...read(token), ...changes });
  const short = await cluster.invitation('a', '--for', '1ms');
  const refusals: [host: string, words: string[], code: number, said: RegExp][] = [
    ['d', [token.slice(0, -3)], 64, /a part of it is missing.*Copy the whole line/],
    ['d', [forged({ secret: 'guess' })], 77, /not known here.*good once.*haven cluster invite/],
    ['d', [forged({ fingerprint: 'f'.repeat(43) })], 77, /10\.78\.0\.1 is not of the cluster 'shop'.*authority.*Is 10/],
    ['d', [forged({ port: 9 })], 69, /nobody answers at 10\.78\.0\.1, TCP port 9/],
    ['d', [token, '--name', 'b'], 108, /the name 'b' is that of a node.*10\.78\.0\.2.*cluster remove b/],
    ['d', [short], 77, /the invitation has expired/],
    ['b', [token], 108, /a node of the cluster 'shop' already.*Leave it first/],
  ];
  await Promise.all(
    refusals.map(async ([host, words, code, said]) => assert.match(await join(host, words, code), said)),
  );
  assert.match(await join('d', [token], 0), /d is a node of 'shop' \(a, b, c, d\)/);
  assert.match(await join('e', [token], 77), /not known here.*good once/);
  cluster.start('d');
  await cluster.until('a', 'four nodes', online(4));
}

function read(token: string): Invitation {
  const invitation = parseToken(token);
  assert.ok(invitation.ok);
  return invitation.value;
}

/** A machine that has joined and never started is on everybody's list, and off it again. */
async function catchesUp(cluster: Growing): Promise<void> {
  await cluster.lab.cut('b', { mode: 'silent' });
  await cluster.until('a', 'three of four', ({ quorum }) => quorum.votes === 3);
  await cluster.until('b', 'alone', ({ quorum }) => !quorum.quorate);
  assert.match(await cluster.say('b', ['cluster', 'remove', 'a'], 106), /no quorum/);
  assert.match(await cluster.say('b', ['cluster', 'invite'], 106), /no quorum/);
  await cluster.say('e', ['cluster', 'join', await cluster.invitation('a')]);
  await cluster.lab.heal('b');
  for (const host of ['a', 'b', 'c', 'd'])
    await cluster.until(host, 'four of five', ({ quorum }) => quorum.votes === 4 && quorum.expectedVotes === 5);
  await cluster.say('c', ['cluster', 'remove', 'e']);
  for (const host of ['a', 'b', 'c', 'd']) await cluster.until(host, 'four nodes', online(4));
}

async function leaves(cluster: Growing): Promise<void> {
  const before = await cluster.until('a', 'the service runs', (status) => nodeOf(status, 'web') !== undefined);
  const place = nodeOf(before, 'web') ?? '';
  const away = place === 'a' ? 'c' : place;
  assert.match(await cluster.say(away, ['cluster', 'leave']), /has left the cluster 'shop'/);
  const after = await cluster.until(
    'a',
    'three nodes, and the service',
    (status) => online(3)(status) && nodeOf(status, 'web') !== undefined,
  );
  assert.notEqual(nodeOf(after, 'web'), away);
  assert.equal(
    after.nodes.some(({ name }) => name === away),
    false,
  );
  const left = await cluster.lab.host(away).run(['ls', '-A', '/etc/haven', '/var/lib/haven']);
  assert.doesNotMatch(left.stdout, /cluster\.json|authkey|tls|cib/);
}

async function removes(cluster: Growing): Promise<void> {
  assert.match(
    await cluster.say('a', ['cluster', 'remove', 'd'], 107),
    /'d' is a member of the cluster now.*On 'd': haven cluster leave/,
  );
  assert.match(await cluster.say('a', ['cluster', 'remove', 'dd'], 105), /no node 'dd'.*a, /);
  await cluster.lab.kill('d');
  await cluster.until('a', 'd is lost', ({ nodes }) =>
    nodes.some(({ name, state }) => name === 'd' && state !== 'online'),
  );
  await cluster.say('a', ['cluster', 'remove', 'd']);
  await cluster.until('a', 'two nodes', online(2));
  await cluster.lab.boot('d');
  assert.match(await cluster.say('d', ['daemon'], 78), /'d' was removed from it.*haven cluster leave --force/);
}
