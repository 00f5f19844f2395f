// `npm run bench -- failover [--repetitions N] [--window-s S] [--only haven|pacemaker]`
//
// Haven beside Debian's Corosync and Pacemaker: the same lab, the same site and client, the same faults, one program after
// the other. Needs root and the Debian packages corosync and pacemaker.
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { type Cost, idleCost } from './cost.ts';
import { faults, type Measured, strikeAll } from './faults.ts';
import { raisePacemaker } from './pacemaker.ts';
import { type Rival, raiseHaven } from './rival.ts';

const { values } = parseArgs({
  options: {
    repetitions: { type: 'string', default: '3' },
    'window-s': { type: 'string', default: '30' },
    only: { type: 'string' },
  },
});
const raisers = { haven: raiseHaven, pacemaker: raisePacemaker };
const load = () =>
  loadavg()
    .map((each) => each.toFixed(1))
    .join(' ');
console.log(`load before: ${load()}`);
const measured: Measured[] = [];
const costs = new Map<string, Cost>();
for (const [name, raise] of Object.entries(raisers)) {
  if (values.only !== undefined && values.only !== name) continue;
  await measure(await raise(`failover-${name}-${process.pid}`));
}
print();
process.exit(0);

async function measure(rival: Rival): Promise<void> {
  try {
    await rival.configure();
    measured.push(...(await strikeAll(rival, Number(values.repetitions))));
    costs.set(rival.program, await idleCost(rival, Number(values['window-s']) * 1000));
  } finally {
    await rival.lab.down();
  }
}

function print(): void {
  console.log(`\nmedian outage of ${values.repetitions} runs each, address / web page; load after: ${load()}`);
  for (const fault of faults) {
    const [haven, peer] = ['haven', 'corosync+pacemaker'].map((program) => {
      const runs = measured.filter((each) => each.program === program && each.fault === fault);
      return { address: median(runs.map(({ addressMs }) => addressMs)), web: median(runs.map(({ webMs }) => webMs)) };
    });
    if (haven === undefined || peer === undefined) continue;
    const ratio = (peer.web / Math.max(1, haven.web)).toFixed(1);
    console.log(
      `  ${fault.padEnd(14)} haven ${haven.address} / ${haven.web} ms   corosync+pacemaker ${peer.address} / ${peer.web} ms   ratio (web) ${ratio}`,
    );
  }
  for (const [program, { rssMib, pssMib, cpuPercent }] of costs)
    console.log(
      `  ${program.padEnd(20)} a node idle: ${rssMib.toFixed(0)} MiB RSS, ${pssMib.toFixed(0)} MiB PSS, ${cpuPercent.toFixed(2)} % of a processor`,
    );
}

function median(all: readonly number[]): number {
  return [...all].sort((left, right) => left - right)[Math.floor(all.length / 2)] ?? Number.NaN;
}
