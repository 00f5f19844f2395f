// `npm run bench -- failover [--repetitions N] [--window-s S] [--only haven|pacemaker] [--parts PART,…]`
//
// Parts are the faults, with dashes for spaces, and `rest`: what a node costs while nothing happens; all when left out.
// Haven beside Debian's Corosync and Pacemaker: the same lab, the same site and client, the same faults, one program after
// the other. Needs root and the Debian packages corosync and pacemaker.
import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Cost, idleCost } from './cost.ts';
import { type Fault, faults, type Measured, strikeAll } from './faults.ts';
import { raisePacemaker } from './pacemaker.ts';
import { poll, type Rival, raiseHaven } from './rival.ts';

const { values } = parseArgs({
  options: {
    repetitions: { type: 'string', default: '3' },
    'window-s': { type: 'string', default: '30' },
    only: { type: 'string' },
    parts: { type: 'string' },
  },
});
const partOf = (fault: Fault) => fault.replaceAll(' ', '-');
const allParts = [...faults.map(partOf), 'rest'];
const parts = values.parts?.split(',') ?? allParts;
const unknown = parts.find((part) => !allParts.includes(part));
if (unknown !== undefined) {
  console.error(`bench: there is no part '${unknown}'; there are: ${allParts.join(', ')}`);
  process.exit(64);
}
const chosen = faults.filter((fault) => parts.includes(partOf(fault)));
const settlingMs = 30_000;
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
    await poll('the cluster is whole', rival.isWhole);
    if (chosen.length > 0)
      measured.push(...(await strikeAll(rival, { repetitions: Number(values.repetitions), chosen })));
    if (!parts.includes('rest')) return;
    // Code that has just become hot is compiled meanwhile; no program is at rest before.
    await pause(settlingMs);
    costs.set(rival.program, await idleCost(rival, Number(values['window-s']) * 1000));
  } finally {
    await rival.lab.down();
  }
}

function print(): void {
  console.log(`\nmedian outage of ${values.repetitions} runs each, address / web page; load after: ${load()}`);
  for (const fault of chosen) {
    const medians = ['haven', 'corosync+pacemaker'].flatMap((program) => {
      const runs = measured.filter((each) => each.program === program && each.fault === fault);
      if (runs.length === 0) return [];
      const web = median(runs.map(({ webMs }) => webMs));
      return [{ text: `${program} ${median(runs.map(({ addressMs }) => addressMs))} / ${web} ms`, web }];
    });
    const [haven, peer] = medians;
    const ratio =
      haven === undefined || peer === undefined
        ? []
        : [`ratio (web) ${(peer.web / Math.max(1, haven.web)).toFixed(1)}`];
    console.log(`  ${fault.padEnd(14)} ${[...medians.map(({ text }) => text), ...ratio].join('   ')}`);
  }
  for (const [program, { rssMib, pssMib, cpuPercent }] of costs)
    console.log(
      `  ${program.padEnd(20)} a node idle: ${rssMib.toFixed(0)} MiB RSS, ${pssMib.toFixed(0)} MiB PSS, ${cpuPercent.toFixed(2)} % of a processor`,
    );
}

function median(all: readonly number[]): number {
  return [...all].sort((left, right) => left - right)[Math.floor(all.length / 2)] ?? Number.NaN;
}
