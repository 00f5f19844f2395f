// `npm run bench -- failover [--repetitions N] [--settle-s S] [--window-s S] [--only haven|pacemaker] [--parts PART,…]`
//
// Parts are the faults, with dashes for spaces, `idle` and `rest`: what a node costs while nothing happens, without any
// resource and with the site; all when left out.
// Haven beside Debian's Corosync and Pacemaker: the same lab, the same site and client, the same faults, one program after
// the other. Needs root and the Debian packages corosync and pacemaker.
import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Cost, idleCost } from './cost.ts';
import { type Fault, faults, type Measured, strikeAll } from './faults.ts';
import { raisePacemaker } from './pacemaker.ts';
import { poll, type Rival, raiseHaven } from './rival.ts';
import { tableOf } from './table.ts';

const { values } = parseArgs({
  options: {
    repetitions: { type: 'string', default: '3' },
    // Code that runs twenty times a second is compiled in the course of minutes; no program is at rest before.
    'settle-s': { type: 'string', default: '180' },
    'window-s': { type: 'string', default: '60' },
    only: { type: 'string' },
    parts: { type: 'string' },
  },
});
const partOf = (fault: Fault) => fault.replaceAll(' ', '-');
const allParts = [...faults.map(partOf), 'idle', 'rest'];
const parts = values.parts?.split(',') ?? allParts;
const unknown = parts.find((part) => !allParts.includes(part));
if (unknown !== undefined) {
  console.error(`bench: there is no part '${unknown}'; there are: ${allParts.join(', ')}`);
  process.exit(64);
}
const chosen = faults.filter((fault) => parts.includes(partOf(fault)));
const raisers = { haven: raiseHaven, pacemaker: raisePacemaker };
const load = () =>
  loadavg()
    .map((each) => each.toFixed(1))
    .join(' ');
console.log(`load before: ${load()}`);
const measured: Measured[] = [];
const costs = { idle: new Map<string, Cost>(), rest: new Map<string, Cost>() };
const failures: string[] = [];
for (const [name, raise] of Object.entries(raisers)) {
  if (values.only !== undefined && values.only !== name) continue;
  await measure(name, raise);
}
print();
for (const failure of failures) console.error(failure);
process.exit(failures.length === 0 ? 0 : 1);

/** What one program does not bring to its end costs neither the other nor what was measured before. */
async function measure(name: string, raise: (name: string) => Promise<Rival>): Promise<void> {
  try {
    const rival = await raise(`failover-${name}-${process.pid}`);
    try {
      await measureIt(rival);
    } finally {
      await rival.lab.down();
    }
  } catch (thrown) {
    failures.push(`bench: ${name} was not measured to the end: ${thrown instanceof Error ? thrown.message : thrown}`);
  }
}

async function measureIt(rival: Rival): Promise<void> {
  await rival.assemble();
  if (parts.includes('idle')) costs.idle.set(rival.program, await settledCost(rival));
  await rival.configure();
  await poll('the cluster is whole', rival.isWhole);
  if (chosen.length > 0)
    await strikeAll(rival, {
      repetitions: Number(values.repetitions),
      chosen,
      onMeasured: (each) => measured.push(each),
    });
  if (parts.includes('rest')) costs.rest.set(rival.program, await settledCost(rival));
}

async function settledCost(rival: Rival): Promise<Cost> {
  await pause(Number(values['settle-s']) * 1000);
  return idleCost(rival, Number(values['window-s']) * 1000);
}

function print(): void {
  console.log(`\nwhat the client missed, medians of ${values.repetitions} runs each; load after: ${load()}`);
  for (const line of tableOf(measured, costs)) console.log(`  ${line}`);
}
