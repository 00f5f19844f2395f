// The five configurations of the acceptance article, word for word, with Haven on both servers: what is on the wire, in the
// log and in the status file must be what keepalived put there under the same events (the recorded transcripts).
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { programDirectory } from '../../lab/index.ts';
import { type Pair, until, withPair } from './pair.ts';

const shared = join(programDirectory(), '..', 'shared');
const article = join(shared, 'seeds', 'keepalived-article');
const transcripts = join(shared, 'peers', 'vrrp-transcripts');
const skip =
  process.getuid?.() !== 0
    ? 'needs root'
    : existsSync(article) && existsSync(transcripts)
      ? false
      : 'needs ../shared/seeds/keepalived-article and ../shared/peers/vrrp-transcripts';

const address = '192.168.122.200';
const trackedFile = '/var/run/my_app/vrrp_track_file';
const statusFile = '/var/run/keepalived_status';

/** What is done on server1, and what must come of it; `status` is what the status files say then. */
type Event = {
  readonly act: (pair: Pair) => Promise<unknown>;
  readonly holder: 'server1' | 'server2';
  readonly priority?: number;
  readonly status?: readonly [string, string];
};

type Scenario = {
  readonly configuration: string;
  readonly transcript: string;
  readonly prepare: (pair: Pair) => Promise<unknown>;
  readonly atStart: readonly [string, string] | undefined;
  readonly events: readonly Event[];
};

const scenarios: readonly Scenario[] = [
  {
    configuration: 's1-process.conf',
    transcript: '1-track_process',
    prepare: async (pair) => {
      await onBoth(
        pair,
        'cp /bin/sleep /run/httpd; (/run/httpd 1000 & echo $! >/run/httpd.pid) >/dev/null 2>&1 </dev/null',
      );
    },
    atStart: undefined,
    events: [
      { act: on1('kill "$(cat /run/httpd.pid)"'), holder: 'server2', priority: 244 },
      { act: on1('(/run/httpd 1000 &) >/dev/null 2>&1 </dev/null'), holder: 'server1', priority: 254 },
    ],
  },
  {
    configuration: 's2-file.conf',
    transcript: '2-track_file',
    prepare: (pair) => onBoth(pair, `mkdir -p /var/run/my_app; echo 5 >${trackedFile}`),
    atStart: undefined,
    events: [
      { act: write('6'), holder: 'server1', priority: 250 },
      { act: write('0'), holder: 'server2', priority: 244 },
      { act: write('-1'), holder: 'server2', priority: 243 },
      { act: write('-3'), holder: 'server2', priority: 241 },
      { act: write('9'), holder: 'server1', priority: 253 },
      { act: write('300'), holder: 'server1', priority: 254 },
      { act: write('-300'), holder: 'server2' },
      { act: write('abc'), holder: 'server2' },
      { act: on1(`: >${trackedFile}`), holder: 'server2' },
      { act: on1(`rm ${trackedFile}`), holder: 'server2' },
      { act: write('5'), holder: 'server1', priority: 249 },
      {
        act: on1(`echo 7 >${trackedFile}.new; mv ${trackedFile}.new ${trackedFile}`),
        holder: 'server1',
        priority: 251,
      },
    ],
  },
  {
    configuration: 's3-interface.conf',
    transcript: '3-track_interface',
    prepare: async () => {},
    atStart: undefined,
    events: [
      { act: on1('ip link set ens9 down'), holder: 'server2', priority: 244 },
      { act: on1('ip link set ens9 up'), holder: 'server1', priority: 249 },
      { act: (pair) => pair.lab.cut('server1', { link: 1 }), holder: 'server2', priority: 244 },
      { act: (pair) => pair.lab.heal('server1', { link: 1 }), holder: 'server1', priority: 249 },
      { act: on1('ip link del ens9'), holder: 'server2', priority: 244 },
    ],
  },
  {
    configuration: 's4-script.conf',
    transcript: '4-vrrp_script',
    prepare: reachable,
    atStart: undefined,
    events: [
      { act: on1('ip route replace blackhole 8.8.8.8'), holder: 'server2' },
      { act: on1('ip route replace 8.8.8.8 via 192.168.122.1 dev eth0'), holder: 'server1' },
    ],
  },
  {
    configuration: 's5-notify.conf',
    transcript: '5-notify',
    prepare: reachable,
    atStart: [status('MASTER', 244), status('BACKUP', 243)],
    events: [
      {
        act: on1('ip route replace blackhole 8.8.8.8'),
        holder: 'server2',
        status: [status('FAULT', 244), status('MASTER', 243)],
      },
      {
        act: on1('ip route replace 8.8.8.8 via 192.168.122.1 dev eth0'),
        holder: 'server1',
        status: [status('MASTER', 244), status('BACKUP', 243)],
      },
    ],
  },
];

for (const scenario of scenarios) {
  test(`${scenario.configuration}: adverts, states and status as in the transcript`, { skip }, () =>
    withPair((pair) => replay(pair, scenario)),
  );
}

async function replay(pair: Pair, { configuration, transcript, prepare, atStart, events }: Scenario): Promise<void> {
  const text = readFileSync(join(article, configuration), 'utf8');
  const advertised = await pair.captureText('server2', 'proto 112');
  await prepare(pair);
  await pair.start('server1', 'haven', text);
  await pair.start(
    'server2',
    'haven',
    text.replace('state MASTER', 'state BACKUP').replace('priority 244', 'priority 243'),
  );
  await pair.untilHeldBy(address, ['server1']);
  await untilStatus(pair, atStart);
  for (const event of events) {
    await event.act(pair);
    if (event.priority !== undefined) await untilPriority(pair, event, advertised.now);
    await pair.untilHeldBy(address, [event.holder]);
    await untilStatus(pair, event.status);
  }
  await pair.stop('server1');
  await pair.untilHeldBy(address, ['server2']);
  if (atStart !== undefined) await untilStatus(pair, [status('STOP', 244), status('MASTER', 243)]);
  await pair.stop('server2');

  const recorded = readFileSync(join(transcripts, transcript, 'tcpdump.log'), 'utf8');
  assert.deepEqual(advertsOf(await advertised.end()), advertsOf(recorded));
  const log = readFileSync(join(transcripts, transcript, 'server1.log'), 'utf8');
  assert.deepEqual(statesOf(await pair.log('server1')), statesOf(log));
}

async function untilPriority(pair: Pair, { priority, holder }: Event, captured: () => Promise<string>): Promise<void> {
  await until(`server1 says priority ${priority}`, async () => {
    const last = statesOf(await pair.log('server1'))
      .filter((line) => line.startsWith('Changing'))
      .at(-1);
    return last?.endsWith(`to ${priority}`) === true;
  });
  if (holder !== 'server1') return;
  await until(`priority ${priority} on the wire`, async () => advertsOf(await captured()).at(-1)?.prio === priority);
}

type Advert = { readonly text: string; readonly prio: number };

/** What server1 says, in tcpdump's words; the same again counts once. */
function advertsOf(captured: string): Advert[] {
  const pattern = /192\.168\.122\.101 > 224\.0\.0\.18: (VRRPv2, Advertisement, vrid \d+, prio (\d+), .*)/g;
  const adverts = [...captured.matchAll(pattern)].map(([, text = '', prio]) => ({ text, prio: Number(prio) }));
  return adverts.filter(({ text }, index) => text !== adverts[index - 1]?.text);
}

/** From the first MASTER on: how the trackers' first results come before it is chance. */
function statesOf(log: string): string[] {
  const lines = [...log.matchAll(/\(VI_1\) (Entering \w+ STATE|Changing effective priority from \d+ to \d+)/g)];
  const texts = lines.map(([, text = '']) => text);
  return texts.slice(Math.max(0, texts.indexOf('Entering MASTER STATE')));
}

async function untilStatus(pair: Pair, wanted: readonly [string, string] | undefined): Promise<void> {
  if (wanted === undefined) return;
  await until(`status files ${wanted.join(' and ')}`, async () => {
    const shown = await Promise.all(pair.hosts.map((host) => host.shell(`cat ${statusFile} 2>/dev/null || true`)));
    return shown.join('') === `${wanted.join('\n')}\n`;
  });
}

function status(state: string, priority: number): string {
  return `INSTANCE VI_1 has transitioned to the ${state} state with a priority of ${priority}`;
}

function on1(script: string): (pair: Pair) => Promise<unknown> {
  return (pair) => pair.lab.host('server1').shell(script);
}

function write(value: string): (pair: Pair) => Promise<unknown> {
  return on1(`echo '${value}' >${trackedFile}`);
}

async function onBoth(pair: Pair, script: string): Promise<void> {
  for (const host of pair.hosts) await host.shell(script);
}

/** The article's scripts, and the 8.8.8.8 that they ask, on the loopback of a third host. */
async function reachable(pair: Pair): Promise<void> {
  const interfaces = [{ name: 'eth0', link: 0, addresses: ['192.168.122.1/24'] }];
  const client = await pair.lab.addHost({ name: 'client', interfaces });
  await client.shell('ip address add 8.8.8.8/32 dev lo');
  await onBoth(pair, 'ip route add 8.8.8.8 via 192.168.122.1 dev eth0');
  for (const name of ['keepalived_check.sh', 'keepalived_notify.sh']) {
    const text = readFileSync(join(article, name), 'utf8');
    for (const host of pair.hosts) await host.writeFile(`/usr/local/bin/${name}`, text, 0o755);
  }
}
