// `npm run bench -- vrrp [failover|load] [--profiles v2-1s,v3-100ms] [--repetitions N] [--window-s S] [--instances N]`
//
// Haven beside keepalived in the same lab and under the same faults. Needs root and the Debian package keepalived.
import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { measureFailover, profiles } from './failover.ts';
import { measureLoad } from './load.ts';
import { failoverTable, loadTable } from './report.ts';

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    profiles: { type: 'string', default: Object.keys(profiles).join() },
    repetitions: { type: 'string', default: '5' },
    'window-s': { type: 'string', default: '60' },
    instances: { type: 'string', default: '250' },
  },
});
const parts = positionals.length === 0 ? ['failover', 'load'] : positionals;
console.log(
  `${availableParallelism()} processors, load ${loadavg()
    .map((load) => load.toFixed(1))
    .join(' ')}`,
);
if (parts.includes('failover'))
  for (const profile of values.profiles.split(','))
    console.log(failoverTable(profile, await measureFailover(profile, Number(values.repetitions))));
if (parts.includes('load')) {
  const options = { instances: Number(values.instances), windowMs: Number(values['window-s']) * 1000 };
  console.log(loadTable(options, await measureLoad(options)));
}
