// `npm run torture -- [--minutes M] [--seed S] [--hosts N] [--fencing | --watchdog] [--only KIND,…]`: random faults on real
// hosts, with a client watching. Exit code 0: the cluster was clean at the end, the address was never owned twice (without
// fencing and watchdog: but for the moment in which a frozen host wakes), every outage is explained, no host was fenced
// that nothing had struck, no daemon or guardian has grown, and Pacemaker's tools had nothing against any live document.
import { loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { nearest } from '../kit/index.ts';
import { nodesDefault, nodesMax } from '../stage/index.ts';
import { faults } from './faults.ts';
import { findGrowth } from './growth.ts';
import { formatGrowth, formatPeers, formatVerdict } from './report.ts';
import { torture } from './run.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(Date.now() % 1e6) },
    hosts: { type: 'string', default: String(nodesDefault) },
    fencing: { type: 'boolean', default: false },
    watchdog: { type: 'boolean', default: false },
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
const safeguard = values.fencing ? 'fencing' : values.watchdog ? 'watchdog' : 'lease';
console.log(`seed ${values.seed}, ${hostCount} hosts with ${safeguard}, ${minutes} minutes, load ${load()}`);
const { verdict, growth, peers, wrong } = await torture({
  minutes,
  seed: values.seed,
  hostCount,
  program: resolve('dist', 'haven.js'),
  safeguard,
  kinds,
  logFolder: join('build', `torture-${values.seed}`),
  say: (line) => console.log(`${new Date().toISOString().slice(11, 23)} ${line}`),
});
console.log(`\n${formatVerdict(verdict)}\n\n${formatPeers(peers)}\n\n${formatGrowth(growth)}\n`);
for (const line of wrong) console.log(`not clean: ${line}`);
console.log(`seed ${values.seed}, load ${load()}; ${wrong.length === 0 ? 'clean at the end' : 'NOT clean at the end'}`);
const unstruck = verdict.rounds.flatMap(({ fencedUnstruck }) => fencedUnstruck);
const unexplained = verdict.unexplained.length + verdict.overlong.length + unstruck.length;
const found = wrong.length + unexplained + findGrowth(growth.lives).length + peers.objections.length;
process.exit(found === 0 ? 0 : 1);

function complain(): string | undefined {
  if (!(minutes > 0)) return `--minutes '${values.minutes}' is no time`;
  if (!Number.isInteger(hostCount) || hostCount < nodesDefault || hostCount > nodesMax)
    return `--hosts '${values.hosts}' is to be ${nodesDefault} to ${nodesMax}`;
  if (values.fencing && values.watchdog) return 'give --fencing or --watchdog, not both';
  const names = faults.map(({ kind }) => kind);
  const unknown = kinds.find((kind) => !names.includes(kind));
  if (unknown === undefined) return undefined;
  const near = nearest(unknown, names);
  return `there is no fault '${unknown}'; ${near === undefined ? `there are: ${names.join(', ')}` : `did you mean '${near}'?`}`;
}
