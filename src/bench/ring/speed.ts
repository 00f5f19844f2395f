// Throughput and latency of ordered messages: Haven sealed beside Corosync with aes256 and sha256.
import { loadavg } from 'node:os';
import { type Rival, withSpeakers } from './speakers.ts';
import type { Answer } from './speech.ts';

const sizes = [64, 1024, 65_536] as const;
const floodMs = 4000;
const samples = 500;

type Figures = { readonly perSecond: number; readonly selfMs: Spread; readonly pingMs: Spread };
type Spread = { readonly median: number; readonly p99: number };

export async function speed(key: string): Promise<void> {
  const [fifteen = 0] = loadavg();
  console.log(`\nOrdered messages, 3 nodes on this machine, one speaker; load ${fifteen.toFixed(1)} before the start`);
  const figures = new Map<Rival, readonly Figures[]>();
  for (const rival of ['corosync', 'haven'] as const) figures.set(rival, await measure(rival, key));
  console.log('  bytes  rival     messages/s    MB/s   self median/p99 ms   ping median/p99 ms');
  sizes.forEach((size, index) => {
    for (const [rival, list] of figures) {
      const one = list[index];
      if (one !== undefined) console.log(row(size, rival, one));
    }
  });
}

function measure(rival: Rival, key: string): Promise<Figures[]> {
  return withSpeakers(rival, key, async (speakers) => {
    const results: Figures[] = [];
    for (const bytes of sizes) {
      const self = spreadOf(await speakers.ask({ kind: 'self', bytes, count: samples }));
      const ping = spreadOf(await speakers.ask({ kind: 'ping', bytes, count: samples }));
      const flood = await speakers.ask({ kind: 'flood', bytes, ms: floodMs });
      const perSecond = flood.kind === 'flood' ? (flood.messages * 1000) / flood.ms : 0;
      results.push({ perSecond, selfMs: self, pingMs: ping });
      // Let what is queued run out.
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    return results;
  });
}

function spreadOf(answer: Answer): Spread {
  const sorted = answer.kind === 'latency' ? [...answer.samplesMs].sort((left, right) => left - right) : [];
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { median: at(0.5), p99: at(0.99) };
}

function row(size: number, rival: Rival, { perSecond, selfMs, pingMs }: Figures): string {
  const spread = ({ median, p99 }: Spread) => `${median.toFixed(3)} / ${p99.toFixed(2)}`.padStart(20);
  const rate = Math.round(perSecond).toLocaleString('en').padStart(11);
  const megabytes = ((perSecond * size) / 1e6).toFixed(1).padStart(8);
  return `${String(size).padStart(7)}  ${rival.padEnd(9)}${rate}${megabytes} ${spread(selfMs)} ${spread(pingMs)}`;
}
