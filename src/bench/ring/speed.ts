// Throughput, latency and cost of ordered messages: Haven sealed beside Corosync with aes256 and sha256. The two take turns,
// and each figure is the median of the rounds: what else the machine does falls on both.
import { setTimeout as pause } from 'node:timers/promises';
import { noise } from './noise.ts';
import { type Rival, type Speakers, withSpeakers } from './speakers.ts';
import type { Answer } from './speech.ts';

const rivals = ['corosync', 'haven'] as const;
const sizes = [64, 1024, 65_536] as const;
const floodMs = 3000;
const samples = 300;
const idleMs = 5000;
const latencyGoal = 2;

type Figures = {
  readonly perSecond: number;
  /** Processor time of all three nodes for one message. */
  readonly cpuUs: number;
  readonly selfMs: number;
  readonly selfP99Ms: number;
  readonly pingMs: number;
  readonly pingP99Ms: number;
};
type Round = { readonly bySize: readonly Figures[]; readonly idleCpuPercent: number; readonly pssMib: number };

export async function speed(key: string, rounds: number): Promise<void> {
  console.log(`\nOrdered messages, 3 nodes on this machine, one speaker; medians of ${rounds} rounds`);
  const measured: Record<Rival, Round[]> = { corosync: [], haven: [] };
  for (let round = 1; round <= rounds; round++) {
    console.log(`  before round ${round}: ${await noise()}`);
    for (const rival of rivals) measured[rival].push(await measure(rival, key));
  }
  console.log('  bytes  rival     messages/s    MB/s   cpu us/message   self median/p99 ms   ping median/p99 ms');
  for (const [index, size] of sizes.entries()) {
    const [corosync, haven] = rivals.map((rival) =>
      mediansOf(measured[rival].flatMap(({ bySize }) => bySize[index] ?? [])),
    );
    if (corosync === undefined || haven === undefined) continue;
    console.log(row(size, 'corosync', corosync));
    console.log(row(size, 'haven', haven));
    console.log(`         ${verdict(haven, corosync)}`);
  }
  for (const rival of rivals) {
    const cpu = median(measured[rival].map(({ idleCpuPercent }) => idleCpuPercent));
    const pss = median(measured[rival].map(({ pssMib }) => pssMib));
    console.log(
      `  ${rival.padEnd(9)} a node, nothing said: ${cpu.toFixed(2)} % of a processor, ${pss.toFixed(0)} MiB (Pss, speaker included)`,
    );
  }
}

function measure(rival: Rival, key: string): Promise<Round> {
  return withSpeakers(rival, key, async (speakers) => {
    const idle = await idleCost(speakers);
    const bySize: Figures[] = [];
    for (const bytes of sizes) bySize.push(await measureSize(speakers, bytes));
    return { bySize, ...idle };
  });
}

async function idleCost(speakers: Speakers): Promise<Pick<Round, 'idleCpuPercent' | 'pssMib'>> {
  await pause(2000);
  const before = speakers.cost();
  await pause(idleMs);
  const after = speakers.cost();
  const cpuMs = (after.cpuMs - before.cpuMs) / speakers.lab.hosts.length;
  return { idleCpuPercent: (100 * cpuMs) / idleMs, pssMib: after.nodePssMib };
}

async function measureSize(speakers: Speakers, bytes: number): Promise<Figures> {
  const self = sortedSamples(await speakers.ask({ kind: 'self', bytes, count: samples }));
  const ping = sortedSamples(await speakers.ask({ kind: 'ping', bytes, count: samples }));
  const before = speakers.cost();
  const flood = await speakers.ask({ kind: 'flood', bytes, ms: floodMs });
  const cpuMs = speakers.cost().cpuMs - before.cpuMs;
  // What is queued runs out.
  await pause(1000);
  const [messages, ms] = flood.kind === 'flood' ? [flood.messages, flood.ms] : [0, 1];
  return {
    perSecond: (messages * 1000) / ms,
    cpuUs: (cpuMs * 1000) / Math.max(1, messages),
    selfMs: quantile(self, 0.5),
    selfP99Ms: quantile(self, 0.99),
    pingMs: quantile(ping, 0.5),
    pingP99Ms: quantile(ping, 0.99),
  };
}

function sortedSamples(answer: Answer): number[] {
  return answer.kind === 'latency' ? [...answer.samplesMs].sort((left, right) => left - right) : [];
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

function median(values: readonly number[]): number {
  return quantile(
    [...values].sort((left, right) => left - right),
    0.5,
  );
}

function mediansOf(list: readonly Figures[]): Figures {
  const of = (name: keyof Figures) => median(list.map((figures) => figures[name]));
  return {
    perSecond: of('perSecond'),
    cpuUs: of('cpuUs'),
    selfMs: of('selfMs'),
    selfP99Ms: of('selfP99Ms'),
    pingMs: of('pingMs'),
    pingP99Ms: of('pingP99Ms'),
  };
}

function verdict(haven: Figures, corosync: Figures): string {
  const throughput = haven.perSecond / corosync.perSecond;
  const self = haven.selfMs / corosync.selfMs;
  const ping = haven.pingMs / corosync.pingMs;
  const cpu = haven.cpuUs / corosync.cpuUs;
  const met = (reached: boolean) => (reached ? 'met' : 'MISSED');
  const rate = `${throughput.toFixed(2)} x messages/s (goal 1, ${met(throughput >= 1)})`;
  const late = `round trip (ping) ${ping.toFixed(2)} x (goal ${latencyGoal}, ${met(ping <= latencyGoal)})`;
  return `haven: ${rate}, ${late}, own message back (self) ${self.toFixed(2)} x, ${cpu.toFixed(2)} x cpu`;
}

function row(size: number, rival: Rival, figures: Figures): string {
  const { perSecond, cpuUs, selfMs, selfP99Ms, pingMs, pingP99Ms } = figures;
  const spread = (middle: number, p99: number) => `${middle.toFixed(3)} / ${p99.toFixed(2)}`.padStart(20);
  const rate = Math.round(perSecond).toLocaleString('en').padStart(11);
  const megabytes = ((perSecond * size) / 1e6).toFixed(1).padStart(8);
  const cost = cpuUs.toFixed(0).padStart(16);
  return `${String(size).padStart(7)}  ${rival.padEnd(9)}${rate}${megabytes}${cost} ${spread(selfMs, selfP99Ms)} ${spread(pingMs, pingP99Ms)}`;
}
