// `npm run bench -- scheduler [suite|large] [--quick] [--sizes 16x1000,32x4000] [--situations stopped,running,failed,unprobed]
//   [--chain order|colocation|both] [--simulate] [--rounds N] [--peer-seconds-max S] [--data DIR]`
//
// Haven beside the packaged crm_simulate, in one run: the regression suite in one warm process, and large documents, each
// read by a process of its own of either program, with the same arguments. Times are of processor time, which a busy
// machine disturbs less than the clock; memory is the most a process held. `--quick` takes small sizes, a minute or two.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseXml, serialiseXmlDocument, type XmlElement } from '../../cib/index.ts';
import { instantOfRun, schedule } from '../../scheduler/index.ts';
import { chains, largeDocument, type Situation, situations } from './document.ts';
import { growthExponent, type Sample } from './growth.ts';
import { type Measured, measureProgram } from './program.ts';

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    sizes: { type: 'string' },
    situations: { type: 'string', default: 'stopped,running,failed' },
    chain: { type: 'string', default: 'order' },
    simulate: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '1' },
    'peer-seconds-max': { type: 'string' },
    data: { type: 'string', default: join('..', 'shared', 'cts-scheduler') },
  },
});

const sizes = (values.sizes ?? (values.quick ? '4x250,8x500,16x1000' : '8x500,16x1000,32x4000,64x10000')).split(',');
const peerSecondsMax = Number(values['peer-seconds-max'] ?? (values.quick ? '30' : '120'));
const rounds = Math.max(1, Number(values.rounds));
const clock = { epochSeconds: 1_700_000_000, offsetSeconds: 0 };
const folder = mkdtempSync(join(tmpdir(), 'haven-bench-scheduler-'));
try {
  console.log(`${availableParallelism()} processors, load ${loadText()}, rounds: ${rounds}`);
  const parts = positionals.length === 0 ? ['suite', 'large'] : positionals;
  if (parts.includes('suite')) await measureSuite();
  if (parts.includes('large')) await measureLarge();
  console.log(`\nload at the end ${loadText()}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function loadText(): string {
  return loadavg()
    .map((each) => each.toFixed(1))
    .join(' ');
}

function scheduled(text: string): void {
  const cib = document(text);
  schedule({ cib, now: instantOfRun(cib, clock), reasons: false });
}

function document(text: string): XmlElement {
  const parsed = parseXml(text);
  if (!parsed.ok) throw new Error(parsed.error.what);
  return parsed.value;
}

/** Seconds of processor time that `work` takes in this process. */
function cpuSeconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** crm_simulate reads and schedules each document of a folder once; so does a pass here. */
async function measureSuite(): Promise<void> {
  const inputs = join(values.data, 'xml');
  if (!existsSync(inputs)) {
    console.log(`\nsuite: skipped, ${inputs} is not there`);
    return;
  }
  const texts = readdirSync(inputs).map((name) => readFileSync(join(inputs, name), 'utf8'));
  const pass = () => {
    for (const text of texts) scheduled(text);
  };
  pass();
  const haven = Math.min(...Array.from({ length: rounds + 1 }, () => cpuSeconds(pass)));
  const peer = await fastest('crm_simulate', ['--profile', inputs], peerSecondsMax);
  console.log(`\nsuite, ${texts.length} documents, one warm process: seconds of processor time, the best pass`);
  console.log(row(['haven', haven.toFixed(2)]));
  console.log(row(['crm_simulate', secondsText(peer)]));
  console.log(row(['ratio', peer.kind === 'done' ? (peer.cpuSeconds / haven).toFixed(1) : '-']));
}

async function measureLarge(): Promise<void> {
  const chain = chains.find((each) => each === values.chain) ?? 'order';
  const todo = values.simulate ? 'scheduled and carried out in thought (-S)' : 'scheduled';
  console.log(`\nlarge documents, groups chained by ${chain}, read and ${todo}:`);
  console.log('seconds of processor time, and how many times as long the other one is waited for; MiB at the most');
  console.log(
    row(['nodes x resources', 'crm_simulate', 'haven', 'ratio', 'waited for', 'its memory', "haven's memory"]),
  );
  for (const situation of situations.filter((each) => values.situations.split(',').includes(each))) {
    await measureSituation(situation, chain);
  }
}

async function measureSituation(situation: Situation, chain: (typeof chains)[number]): Promise<void> {
  const samples: { readonly peer: Sample[]; readonly haven: Sample[] } = { peer: [], haven: [] };
  let peerRanOut = false;
  for (const size of sizes) {
    const [nodes = 1, resources = 4] = size.split('x').map(Number);
    const path = join(folder, 'cib.xml');
    writeFileSync(path, serialiseXmlDocument(largeDocument({ nodes, resources, situation, chain })));
    // Without -R (or -S) crm_simulate shows the state and schedules nothing.
    const args = ['-x', path, ...(values.simulate ? ['-S'] : ['-Q', '-R'])];
    const haven = await fastest(join('bin', 'haven'), ['simulate', ...args], Number.POSITIVE_INFINITY);
    // What was too large for it once is not tried at a larger size.
    const peer: Measured = peerRanOut ? { kind: 'not tried' } : await fastest('crm_simulate', args, peerSecondsMax);
    peerRanOut ||= peer.kind === 'timed out';
    if (haven.kind === 'done') samples.haven.push({ size: nodes * resources, cost: haven.cpuSeconds });
    if (peer.kind === 'done') samples.peer.push({ size: nodes * resources, cost: peer.cpuSeconds });
    const ratios = [ratioText(peer, haven), waitedText(peer, haven)];
    const memory = [memoryText(peer), memoryText(haven)];
    console.log(row([`${size} ${situation}`, secondsText(peer), secondsText(haven), ...ratios, ...memory]));
  }
  const exponents = [growthExponent(samples.peer), growthExponent(samples.haven)];
  console.log(row(['growth: (N·R)^', ...exponents.map((each) => each?.toFixed(2) ?? '-')]));
}

/** The least time of the rounds, and the most memory; what does not finish is not tried again. */
async function fastest(program: string, args: readonly string[], secondsMax: number): Promise<Measured> {
  let sum: Measured | undefined;
  for (let round = 0; round < rounds; round++) {
    const measured = await measureProgram(program, args, secondsMax);
    if (measured.kind !== 'done') return measured;
    sum = sum?.kind === 'done' ? together(sum, measured) : measured;
  }
  return sum ?? { kind: 'not tried' };
}

type Done = Extract<Measured, { kind: 'done' }>;

function together(one: Done, other: Done): Done {
  return {
    kind: 'done',
    cpuSeconds: Math.min(one.cpuSeconds, other.cpuSeconds),
    waitedSeconds: Math.min(one.waitedSeconds, other.waitedSeconds),
    peakMiB: Math.max(one.peakMiB, other.peakMiB),
  };
}

function secondsText(measured: Measured): string {
  switch (measured.kind) {
    case 'done':
      return measured.cpuSeconds.toFixed(2);
    case 'timed out':
      return `> ${peerSecondsMax}`;
    case 'failed':
      return measured.why;
    case 'not tried':
      return '-';
  }
}

function memoryText(measured: Measured): string {
  return measured.kind === 'done' ? String(Math.round(measured.peakMiB)) : '-';
}

/** How many times the processor time Haven takes is what the peer takes. */
function ratioText(peer: Measured, haven: Measured): string {
  if (haven.kind !== 'done') return '-';
  if (peer.kind === 'timed out') return `> ${(peerSecondsMax / haven.cpuSeconds).toFixed(1)}`;
  return peer.kind === 'done' ? (peer.cpuSeconds / haven.cpuSeconds).toFixed(1) : '-';
}

/** The same of the time that somebody waits for them; Haven's processor time may be that of two processors. */
function waitedText(peer: Measured, haven: Measured): string {
  const bothDone = peer.kind === 'done' && haven.kind === 'done';
  return bothDone ? (peer.waitedSeconds / haven.waitedSeconds).toFixed(1) : '-';
}

function row(cells: readonly string[]): string {
  return cells.map((cell, index) => (index === 0 ? cell.padEnd(20) : cell.padStart(16))).join('');
}
