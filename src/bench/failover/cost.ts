// What a node's processes hold and use while nothing happens.
import { setTimeout as pause } from 'node:timers/promises';
import type { Rival } from './rival.ts';

/** Of the node that costs most. */
export type Cost = { readonly rssMib: number; readonly pssMib: number; readonly cpuPercent: number };

/** By program: of a cluster without any resource, and of one that serves the site. */
export type Costs = Readonly<Record<'idle' | 'rest', ReadonlyMap<string, Cost>>>;

type Reading = { readonly rssKib: number; readonly pssKib: number; readonly ticks: number };

const ticksPerSecond = 100;

export async function idleCost(rival: Rival, windowMs: number): Promise<Cost> {
  const before = await readAll(rival);
  await pause(windowMs);
  const after = await readAll(rival);
  const cpu = after.map(({ ticks }, index) => ticks - (before[index]?.ticks ?? 0));
  return {
    rssMib: Math.max(...after.map(({ rssKib }) => rssKib)) / 1024,
    pssMib: Math.max(...after.map(({ pssKib }) => pssKib)) / 1024,
    cpuPercent: (Math.max(...cpu) / ticksPerSecond / (windowMs / 1000)) * 100,
  };
}

/** /proc/PID/smaps_rollup and fields 14 and 15 of /proc/PID/stat (proc(5)) of every process of each node, summed. */
async function readAll({ lab, nodes, processes }: Rival): Promise<Reading[]> {
  const script = `for p in $(pgrep -f '${processes}'); do
    awk -v p=$p '/^Rss:/ {r=$2} /^Pss:/ {s=$2} END {printf "%d %d ", r, s}' /proc/$p/smaps_rollup
    sed 's/.*) //' /proc/$p/stat | awk '{print $12 + $13}'
  done`;
  return Promise.all(nodes.map(async (node) => sum(await lab.host(node).shell(script))));
}

function sum(text: string): Reading {
  const rows = text
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number));
  const total = (column: number) => rows.reduce((all, row) => all + (row[column] ?? 0), 0);
  return { rssKib: total(0), pssKib: total(1), ticks: total(2) };
}
