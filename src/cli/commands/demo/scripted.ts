// `npm start -- --scripted`: a fixed series of faults on the cluster, each outage measured by the client, a table at the
// end. It is the end-to-end test too: the series fails when the service does not come back.
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { CommandFailure, formatDuration } from '../../../kit/index.ts';
import type { ProbeReport } from '../../../lab/index.ts';
import {
  Client,
  clientName,
  isServed,
  type Profile,
  processes,
  Stage,
  standbyEdit,
  virtualAddress,
  workerPidFile,
} from '../../../stage/index.ts';
import { formatTable } from '../../table.ts';

type Scene = {
  readonly what: string;
  /** What is done to the holder of the address. */
  readonly act: (stage: Stage, holder: string) => Promise<void>;
  /** What is done when the service is back, unmeasured. */
  readonly mend?: (stage: Stage, holder: string) => Promise<void>;
};

const rejoined = (stage: Stage, name: string) =>
  stage.until(`${name} back`, (status) => status.nodes.some((node) => node.name === name && node.state === 'online'));

const scenes: readonly Scene[] = [
  {
    what: 'power-off of the holder',
    act: (stage, holder) => stage.lab.kill(holder),
    mend: async (stage, holder) => {
      await stage.lab.boot(holder);
      await rejoined(stage, holder);
    },
  },
  {
    what: 'holder cut off, carrier kept',
    act: (stage, holder) => stage.lab.cut(holder, { mode: 'silent' }),
    mend: async (stage, holder) => {
      await stage.lab.heal(holder);
      await rejoined(stage, holder);
    },
  },
  {
    what: 'holder unplugged',
    act: (stage, holder) => stage.lab.cut(holder),
    mend: async (stage, holder) => {
      await stage.lab.heal(holder);
      await rejoined(stage, holder);
    },
  },
  {
    what: 'daemon of the holder killed',
    act: async (stage, holder) => {
      await stage.lab.host(holder).run(['pkill', '-KILL', '-f', processes.daemon]);
    },
    mend: async (stage, holder) => {
      stage.startDaemon(holder);
      await rejoined(stage, holder);
    },
  },
  {
    what: 'web server killed',
    act: async (stage, holder) => {
      await stage.lab.host(holder).run(['pkill', '-KILL', '-f', 'apache-demo.conf']);
    },
  },
  {
    what: 'holder put into standby',
    act: (stage, holder) => stage.api(holder).edit(standbyEdit(stage.nodes, holder, 'on')),
    mend: (stage, holder) => stage.api(holder).edit(standbyEdit(stage.nodes, holder, 'off')),
  },
];

export type SceneResult = {
  readonly scene: string;
  readonly from: string;
  readonly to: string;
  readonly addressOutMs: number;
  readonly webOutMs: number;
};

export type ScriptedOptions = {
  readonly labName: string;
  readonly jsonFile: string | undefined;
  readonly profile: Profile;
  /** Of the whole series. */
  readonly repetitions: number;
};

/** Runs the series. @throws CommandFailure `timeout` where the service does not come back. */
export async function runScripted({ labName, jsonFile, profile, repetitions }: ScriptedOptions): Promise<void> {
  const started = performance.now();
  say(`making three nodes and a client (lab '${labName}')`);
  const stage = await Stage.make(labName, { profile });
  try {
    await stage.until('three members', (status) => status.nodes.filter(({ state }) => state === 'online').length === 3);
    const formedMs = performance.now() - started;
    say(`the cluster has formed ${formatDuration(formedMs)} after the start`);
    await stage.configure();
    const holder = await stage.holder();
    say(
      `${holder} serves ${virtualAddress} ${formatDuration(performance.now() - started - formedMs)} after it was configured`,
    );
    const client = await Client.start(stage.lab, { host: clientName, address: virtualAddress });
    await client.answeredBy(holder);
    const results: SceneResult[] = [];
    const restartsMs: number[] = [];
    for (let repetition = 0; repetition < repetitions; repetition++) {
      for (const scene of scenes) results.push(await perform(stage, client, scene));
      restartsMs.push(await workerDeath(stage));
      results.push(await powerLoss(stage, client));
    }
    const report = await client.stop();
    print(results, restartsMs, report);
    if (jsonFile !== undefined)
      writeFileSync(jsonFile, `${JSON.stringify({ results, restartsMs, report }, null, 2)}\n`);
  } finally {
    await stage.down();
  }
}

async function perform(stage: Stage, client: Client, scene: Scene): Promise<SceneResult> {
  const from = await stage.holder();
  client.takeOutages();
  await scene.act(stage, from);
  const to = await settledHolder(stage);
  const result = { scene: scene.what, from, to, ...longest(client) };
  say(
    `${scene.what} (${from}): ${to} serves; the address was out for ${result.addressOutMs} ms, the web server for ${result.webOutMs} ms`,
  );
  await scene.mend?.(stage, from);
  await settledHolder(stage);
  return result;
}

/** The supervised process is killed: how long until another runs, in ms. */
async function workerDeath(stage: Stage): Promise<number> {
  const { node, file, pid: before } = await runningWorker(stage);
  const sent = await stage.lab.host(node).shell(`date +%s%N; kill -KILL ${before}`);
  const killedMs = Number(sent) / 1e6;
  const isAnother = () => {
    const now = writtenPid(file);
    return now !== '' && now !== before;
  };
  while (!isAnother()) {
    if (Date.now() - killedMs > workerPatienceMs)
      throw new CommandFailure({ kind: 'timeout', what: `the worker on ${node} was not restarted` });
    await pause(1);
  }
  const restartMs = Math.round(Date.now() - killedMs);
  say(`supervised process killed (${node}): another runs after ${restartMs} ms`);
  return restartMs;
}

const workerPatienceMs = 120_000;

/** Where the supervised process runs; a node that has just come back may have it moved once more. */
async function runningWorker(stage: Stage): Promise<{ node: string; file: string; pid: string }> {
  const giveUpMs = Date.now() + workerPatienceMs;
  for (;;) {
    const status = await stage.until('a worker', ({ resources, activity }) => {
      return activity.length === 0 && resources.some(({ id, state }) => id === 'worker' && state === 'started');
    });
    const node = status.resources.find(({ id }) => id === 'worker')?.nodes[0] ?? '';
    const file = `/proc/${stage.lab.host(node).pid}/root${workerPidFile}`;
    const pid = writtenPid(file);
    if (pid !== '') return { node, file, pid };
    if (Date.now() > giveUpMs)
      throw new CommandFailure({ kind: 'timeout', what: `the worker on ${node} has written no ${workerPidFile}` });
    await pause(100);
  }
}

function writtenPid(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return ''; // Not there, or taken away just now.
  }
}

/** All nodes lose power at once and get it back: what was accepted is there, and is served. */
async function powerLoss(stage: Stage, client: Client): Promise<SceneResult> {
  const from = await stage.holder();
  client.takeOutages();
  await Promise.all(stage.nodes.map((node) => stage.lab.kill(node)));
  await Promise.all(stage.nodes.map((node) => stage.lab.boot(node)));
  const to = await settledHolder(stage);
  const result = { scene: 'power loss of all nodes', from, to, ...longest(client) };
  say(`${result.scene}: ${to} serves; the address was out for ${formatDuration(result.addressOutMs)}`);
  return result;
}

/** The group runs whole on one node, and half a second later it still does. */
async function settledHolder(stage: Stage): Promise<string> {
  for (;;) {
    await pause(1000);
    const before = await stage.holder();
    await pause(500);
    const status = await stage.until(
      'the service',
      ({ resources, activity }) => isServed(resources) && activity.length === 0,
    );
    if (status.addresses[0]?.node === before) return before;
  }
}

function longest(client: Client): Pick<SceneResult, 'addressOutMs' | 'webOutMs'> {
  const { address, web } = client.takeOutages();
  const most = (outages: readonly { readonly durationMs: number }[]) =>
    Math.round(Math.max(0, ...outages.map((outage) => outage.durationMs)));
  return { addressOutMs: most(address), webOutMs: most(web) };
}

function print(results: readonly SceneResult[], restartsMs: readonly number[], report: ProbeReport): void {
  const rows = [...new Set(results.map(({ scene }) => scene))].map((scene) => {
    const runs = results.filter((result) => result.scene === scene);
    return [
      scene,
      runs.map(({ from, to }) => `${from} -> ${to}`)[0] ?? '',
      medianAndMost(runs.map(({ addressOutMs }) => addressOutMs)),
      medianAndMost(runs.map(({ webOutMs }) => webOutMs)),
    ];
  });
  // Each host has a hardware address of its own here: two answers of one host are one owner.
  const doubles = (report.arp?.doubles ?? []).filter(({ by }) => by.length > 1);
  const doubleMs = doubles.reduce((sum, double) => sum + double.toMs - double.fromMs, 0);
  const both =
    doubles.length === 0
      ? 'never claimed by two hosts at once'
      : `claimed by two hosts at once for ${formatDuration(doubleMs)} in all`;
  process.stdout.write(`\n${formatTable(['what happened', 'served by', 'address out', 'web out'], rows)}\n`);
  process.stdout.write(`A supervised process that was killed ran again after ${medianAndMost(restartsMs)}.\n`);
  process.stdout.write(
    `${report.requests} questions from ${clientName}, ${formatDuration(report.gapMs.p50)} apart; ${virtualAddress} was ${both}.\n`,
  );
}

/** In ms; of several runs the median, and the most in brackets. */
function medianAndMost(all: readonly number[]): string {
  const sorted = [...all].sort((left, right) => left - right);
  const median = `${sorted[Math.floor(sorted.length / 2)] ?? '?'} ms`;
  return sorted.length === 1 ? median : `${median} (${sorted.at(-1)})`;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
