// `npm start -- --scripted`: a fixed series of faults on the pair, each outage measured by the client, a table at the end.
import { writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { formatDuration } from '../../../../kit/index.ts';
import type { Lab, ProbeReport } from '../../../../lab/index.ts';
import { Client } from '../../../../stage/index.ts';
import { formatTable } from '../../../table.ts';
import { advertiseMs, clientName, makePair, servers, virtualAddress, waitForHolder } from './pair.ts';

const [first, second] = servers;

/** RFC 3768, 6.1: three advertisements and the backup's skew; priority 243. */
const skewMs = (advertiseMs * (256 - 243)) / 256;
const masterDownMs = 3 * advertiseMs + skewMs;

type Step = {
  readonly what: string;
  readonly act: (lab: Lab) => Promise<void>;
  /** Who holds the address afterwards. */
  readonly holder: string;
  /** What the protocol allows; undefined where the address should not be missed at all. */
  readonly allowedMs: number;
};

const daemonStop = (lab: Lab, host: string) => lab.host(host).run(['pkill', '-TERM', '-f', 'vrrp -f']);

/** An outage shorter than this is a packet or two that met the change. */
const noticeMs = 50;

const steps: readonly Step[] = [
  { what: `power-off of ${first}`, act: (lab) => lab.kill(first), holder: second, allowedMs: masterDownMs },
  { what: `${first} returns`, act: (lab) => lab.boot(first), holder: first, allowedMs: noticeMs },
  {
    what: `${first} cut off, carrier kept`,
    act: (lab) => lab.cut(first, { mode: 'silent' }),
    holder: second,
    allowedMs: masterDownMs,
  },
  { what: 'the cut heals', act: (lab) => lab.heal(first), holder: first, allowedMs: noticeMs },
  { what: `${first} unplugged`, act: (lab) => lab.cut(first), holder: second, allowedMs: masterDownMs },
  { what: 'plugged in again', act: (lab) => lab.heal(first), holder: first, allowedMs: noticeMs },
  {
    what: `haven stopped on ${first}`,
    act: async (lab) => {
      await daemonStop(lab, first);
    },
    holder: second,
    allowedMs: skewMs + noticeMs,
  },
];

export type StepResult = {
  readonly step: string;
  readonly holder: string;
  readonly addressOutageMs: number;
  readonly webOutageMs: number;
  readonly allowedMs: number;
};

/** Runs the series; 0 when the address always moved and was never answered by two hosts for good. */
export async function runScripted(options: {
  readonly labName: string;
  readonly jsonFile: string | undefined;
}): Promise<number> {
  const started = performance.now();
  say(`making two servers and a client (lab '${options.labName}')`);
  const lab = await makePair(options.labName);
  try {
    await waitForHolder(lab, first);
    const client = await Client.start(lab, { host: clientName, address: virtualAddress });
    await client.answeredBy(first);
    say(`${first} holds ${virtualAddress} ${formatDuration(performance.now() - started)} after the start`);
    const results: StepResult[] = [];
    for (const step of steps) results.push(await perform(lab, client, step));
    const report = await client.stop();
    print(results, report);
    if (options.jsonFile !== undefined)
      writeFileSync(options.jsonFile, `${JSON.stringify({ results, report }, null, 2)}\n`);
    return 0;
  } finally {
    await lab.down();
  }
}

async function perform(lab: Lab, client: Client, step: Step): Promise<StepResult> {
  client.takeOutages();
  await step.act(lab);
  await client.answeredBy(step.holder);
  await pause(advertiseMs); // What follows a change at once, such as a second move, belongs to it.
  const { address, web } = client.takeOutages();
  const longest = (outages: readonly { readonly durationMs: number }[]) =>
    Math.round(Math.max(0, ...outages.map((outage) => outage.durationMs)));
  const result = {
    step: step.what,
    holder: step.holder,
    addressOutageMs: longest(address),
    webOutageMs: longest(web),
    allowedMs: Math.round(step.allowedMs),
  };
  say(`${step.what}: ${step.holder} answers; the address was out for ${result.addressOutageMs} ms`);
  return result;
}

function print(results: readonly StepResult[], report: ProbeReport): void {
  const rows = results.map((result) => [
    result.step,
    result.holder,
    `${result.addressOutageMs} ms`,
    `${result.webOutageMs} ms`,
    result.addressOutageMs <= result.allowedMs ? `within ${result.allowedMs} ms` : `over ${result.allowedMs} ms`,
  ]);
  const table = formatTable(['what happened', 'answers now', 'address out', 'web out', 'protocol allows'], rows);
  const doubles = report.arp?.doubles ?? [];
  const asked = `${report.requests} questions from ${clientName}, ${formatDuration(report.gapMs.p50)} apart`;
  const doubleMs = doubles.reduce((sum, double) => sum + double.toMs - double.fromMs, 0);
  const both =
    doubles.length === 0
      ? 'never claimed by two hosts at once'
      : `claimed by two hosts at once for ${formatDuration(doubleMs)} in all, while one took over from the other`;
  process.stdout.write(`\n${table}\n${asked}; ${virtualAddress} was ${both}.\n`);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
