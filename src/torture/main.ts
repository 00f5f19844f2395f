// `npm run torture -- [--minutes M] [--seed S] [--hosts N] [--only KIND,…]`: random faults on real hosts, with a client
// watching. Exit code 0: the cluster was clean at the end, the address was never owned twice but for the moment in which
// a frozen host wakes, every outage is explained, and Pacemaker's tools had nothing against any live document.
import { loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { nearest } from '../kit/index.ts';
import { nodesDefault, nodesMax } from '../stage/index.ts';
import { faults } from './faults.ts';
import { formatGrowth, formatPeers, formatVerdict } from './report.ts';
import { torture } from './run.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(Date.now() % 1e6) },
    hosts: { type: 'string', default: String(nodesDefault) },
    only: { type: 'string', default: '' },
  },
});
const minutes = Number(values.minutes);
const hostCount = Number(values.hosts);
const kinds = values.only === '' ? [] : values.only.split(',');
const complaint = complain();
if (complaint !== undefined) {
  console.error(`torture: ${complaint}`);
  process.exit(64);
}
const load = () =>
  loadavg()
    .map((each) => each.toFixed(1))
    .join(' ');
console.log(`seed ${values.seed}, ${hostCount} hosts, ${minutes} minutes, load ${load()}`);
const { verdict, growth, peers, wrong } = await torture({
  minutes,
  seed: values.seed,
  hostCount,
  program: resolve('dist', 'haven.js'),
  kinds,
  logFolder: join('build', `torture-${values.seed}`),
  say: (line) => console.log(`${new Date().toISOString().slice(11, 23)} ${line}`),
});
console.log(`\n${formatVerdict(verdict)}\n\n${formatPeers(peers)}\n\n${formatGrowth(growth)}\n`);
for (const line of wrong) console.log(`not clean: ${line}`);
console.log(`seed ${values.seed}, load ${load()}; ${wrong.length === 0 ? 'clean at the end' : 'NOT clean at the end'}`);
const unexplained = verdict.unexplained.length + verdict.overlong.length + peers.objections.length;
process.exit(wrong.length + unexplained === 0 ? 0 : 1);

function complain(): string | undefined {
  if (!(minutes > 0)) return `--minutes '${values.minutes}' is no time`;
  if (!Number.isInteger(hostCount) || hostCount < nodesDefault || hostCount > nodesMax)
    return `--hosts '${values.hosts}' is to be ${nodesDefault} to ${nodesMax}`;
  const names = faults.map(({ kind }) => kind);
  const unknown = kinds.find((kind) => !names.includes(kind));
  if (unknown === undefined) return undefined;
  const near = nearest(unknown, names);
  return `there is no fault '${unknown}'; ${near === undefined ? `there are: ${names.join(', ')}` : `did you mean '${near}'?`}`;
}
