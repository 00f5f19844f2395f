// `npm run bench -- scheduler [suite|large] [--sizes 16x1000,32x4000] [--situations stopped,running,failed]
//   [--chain order|colocation] [--peer-seconds-max S] [--data DIR]`
//
// Haven beside the packaged crm_simulate, in one run: the regression suite in one warm process, and large documents.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseXml, serialiseXmlDocument, type XmlElement } from '../../cib/index.ts';
import { instantOfRun, schedule } from '../../scheduler/index.ts';
import { type Chain, chains, largeDocument, type Situation, situations } from './document.ts';

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    sizes: { type: 'string', default: '16x1000,32x4000,64x10000' },
    situations: { type: 'string', default: situations.join() },
    chain: { type: 'string', default: 'order' },
    'peer-seconds-max': { type: 'string', default: '120' },
    data: { type: 'string', default: join('..', 'shared', 'cts-scheduler') },
  },
});

const clock = { epochSeconds: 1_700_000_000, offsetSeconds: 0 };
const folder = mkdtempSync(join(tmpdir(), 'haven-bench-scheduler-'));
try {
  const load = loadavg().map((each) => each.toFixed(1));
  console.log(`${availableParallelism()} processors, load ${load.join(' ')}`);
  const parts = positionals.length === 0 ? ['suite', 'large'] : positionals;
  if (parts.includes('suite')) measureSuite();
  if (parts.includes('large')) measureLarge();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function scheduled(cib: XmlElement): void {
  schedule({ cib, now: instantOfRun(cib, clock), reasons: false });
}

function document(text: string): XmlElement {
  const parsed = parseXml(text);
  if (!parsed.ok) throw new Error(parsed.error.what);
  return parsed.value;
}

type Cost = { readonly seconds: number; readonly cpuSeconds: number };

function cost(work: () => void): Cost {
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  work();
  const used = process.cpuUsage(cpu);
  return { seconds: (performance.now() - started) / 1000, cpuSeconds: (used.user + used.system) / 1e6 };
}

/** Seconds, or why there are none. */
function peerSeconds(args: readonly string[]): string {
  const timeout = Number(values['peer-seconds-max']) * 1000;
  const started = performance.now();
  const done = spawnSync('crm_simulate', args, { stdio: 'ignore', timeout });
  const seconds = (performance.now() - started) / 1000;
  if (done.error !== undefined)
    return 'code' in done.error && done.error.code === 'ETIMEDOUT' ? `more than ${timeout / 1000} s` : 'not there';
  return done.status === 0 ? `${seconds.toFixed(1)} s` : `exit code ${done.status}`;
}

function measureSuite(): void {
  const inputs = join(values.data, 'xml');
  if (!existsSync(inputs)) {
    console.log(`\nsuite: skipped, ${inputs} is not there`);
    return;
  }
  const texts = readdirSync(inputs).map((name) => readFileSync(join(inputs, name), 'utf8'));
  const pass = () => {
    for (const text of texts) scheduled(document(text));
  };
  pass();
  const haven = cost(pass);
  console.log(`\nsuite, ${texts.length} documents, one warm process`);
  console.log(row(['haven', `${haven.seconds.toFixed(2)} s`, `${haven.cpuSeconds.toFixed(2)} s of CPU`]));
  console.log(row(['peer', peerSeconds(['--profile', inputs])]));
}

function measureLarge(): void {
  const chain = chains.find((each) => each === values.chain) ?? 'order';
  console.log(`\nlarge documents, chained by ${chain}: read and scheduled`);
  console.log(row(['nodes x resources', 'haven', 'CPU', 'memory', 'peer']));
  for (const size of values.sizes.split(',')) {
    for (const situation of situations) {
      if (values.situations.split(',').includes(situation)) measureDocument(size, situation, chain);
    }
  }
}

function measureDocument(size: string, situation: Situation, chain: Chain): void {
  const [nodes = 1, resources = 4] = size.split('x').map(Number);
  const text = serialiseXmlDocument(largeDocument({ nodes, resources, situation, chain }));
  const path = join(folder, 'cib.xml');
  writeFileSync(path, text);
  const { seconds, cpuSeconds } = cost(() => scheduled(document(text)));
  const memory = `${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`;
  const peer = peerSeconds(['-x', path, '-Q', '-G', join(folder, 'graph.xml')]);
  console.log(row([`${size} ${situation}`, `${seconds.toFixed(1)} s`, `${cpuSeconds.toFixed(1)} s`, memory, peer]));
}

function row(cells: readonly string[]): string {
  return cells.map((cell, index) => cell.padEnd(index === 0 ? 22 : 16)).join('');
}
