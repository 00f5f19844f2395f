// What a client notices of each fault, for both programs in one lab: their pairs stand side by side on one switch, and
// each fault strikes one pair after the other, so that the machine's mood is the same for both.
import { createLab, type Lab, type Probe, type ProbeReport } from '../../lab/index.ts';
import { monotonicMs } from '../../linux/index.ts';
import { type Program, programs, Rival, until, wait } from './rival.ts';

export const profiles: Readonly<Record<string, { readonly version: 2 | 3; readonly intervalMs: number }>> = {
  'v2-1s': { version: 2, intervalMs: 1000 },
  'v3-100ms': { version: 3, intervalMs: 100 },
  'v3-20ms': { version: 3, intervalMs: 20 },
  'v3-10ms': { version: 3, intervalMs: 10 },
};

/** `cut`: no frame passes, the carrier stays: what a power-off looks like. `heal`: it ends, after both were master. */
export const faults = ['cut', 'heal', 'sigterm', 'sigkill', 'sigstop'] as const;
export type Fault = (typeof faults)[number];

export type FailoverResult = {
  readonly program: Program;
  readonly fault: Fault;
  /** Of the client, all together. */
  readonly outageMs: number;
  /** From the fault to the first answer of the new holder. */
  readonly takeOverMs: number | undefined;
  /** From the signal until the killed daemon's address was off its interface. */
  readonly removalMs: number | undefined;
  readonly clientGapMaxMs: number;
};

type Strike = {
  readonly fault: Fault;
  readonly fromMs: number;
  readonly to: string;
  readonly removalMs: number | undefined;
};

const addresses: Readonly<Record<Program, string>> = { haven: '10.77.0.200', keepalived: '10.77.0.201' };
/** A healed split may leave the client's traffic nowhere for longer than anyone wants to wait. */
const healPatienceMs = 8000;
const calmMs = 300;

export async function measureFailover(profile: string, repetitions: number): Promise<FailoverResult[]> {
  const timing = profiles[profile];
  if (timing === undefined) throw new Error(`no profile '${profile}': there are ${Object.keys(profiles).join(', ')}`);
  const { version, intervalMs } = timing;
  const words = `version ${version}\n  advert_int ${intervalMs / 1000}`;
  const lab = await createLab({ hosts: [...programs.flatMap((program) => Rival.hostNames(program)), 'client'] });
  try {
    await lab.respond(programs.flatMap((program) => Rival.hostNames(program)));
    const results: FailoverResult[] = [];
    const rivals = programs.map((program) => new Rival(lab, program));
    for (const rival of rivals) await startPair(rival, words);
    for (let repetition = 0; repetition < repetitions; repetition++)
      for (const rival of rivals) {
        // Spread evenly over the interval between two adverts: what a loss costs depends on when it comes.
        const cutAfterMs = (intervalMs * (repetition + 0.5)) / repetitions;
        results.push(...(await strikeAll(lab, rival, cutAfterMs)));
      }
    for (const rival of rivals) await rival.stop();
    return results;
  } finally {
    await lab.down();
  }
}

async function startPair(rival: Rival, timing: string): Promise<void> {
  for (const [host, priority] of [
    [rival.first, 254],
    [rival.second, 253],
  ] as const) {
    await rival.configure(host, configuration(rival.program, timing, priority));
    rival.start(host);
  }
  await until(`${rival.first.name} holds the address`, async () => {
    return (await rival.addressesOf(rival.first, addresses[rival.program])) === 1;
  });
}

/** Each fault once, each from the state of rest: the first host is master. */
async function strikeAll(lab: Lab, rival: Rival, cutAfterMs: number): Promise<FailoverResult[]> {
  const probe = await lab.probe('client', { address: addresses[rival.program] });
  const watch = new Watcher(probe, lab, rival);
  await watch.untilHeldBy(rival.first.name);
  await wait(cutAfterMs);
  const strikes: Strike[] = [await watch.cut(), await watch.heal()];
  for (const fault of ['sigterm', 'sigkill', 'sigstop'] as const) {
    // keepalived's processes go on holding the address while they are stopped; there is nothing to compare.
    if (fault === 'sigstop' && rival.program === 'keepalived') continue;
    strikes.push(await watch.signal(fault));
  }
  const report = await probe.stop();
  const endMs = monotonicMs();
  return strikes.map((strike, index) => judge(rival.program, strike, strikes[index + 1]?.fromMs ?? endMs, report));
}

class Watcher {
  readonly #lab: Lab;
  readonly #rival: Rival;
  #holder = '';

  constructor(probe: Probe, lab: Lab, rival: Rival) {
    this.#lab = lab;
    this.#rival = rival;
    probe.onSeen(({ by, event }) => {
      if (by === 'question' && event.kind === 'holder') this.#holder = event.by;
    });
  }

  async untilHeldBy(name: string): Promise<void> {
    await until(`the client is answered by ${name}`, () => this.#holder === name);
    await wait(calmMs);
  }

  async cut(): Promise<Strike> {
    const { first, second } = this.#rival;
    const fromMs = monotonicMs();
    await this.#lab.cut(first.name, { mode: 'silent' });
    await this.untilHeldBy(second.name);
    return { fault: 'cut', fromMs, to: second.name, removalMs: undefined };
  }

  async heal(): Promise<Strike> {
    const { first } = this.#rival;
    const fromMs = monotonicMs();
    await this.#lab.heal(first.name);
    const patience = wait(healPatienceMs).then(async () => {
      // So that the next fault finds a client that knows where the address is.
      if (this.#holder !== first.name) await this.#lab.host('client').run(['ip', 'neigh', 'flush', 'all']);
    });
    await Promise.race([this.untilHeldBy(first.name), patience.then(() => this.untilHeldBy(first.name))]);
    return { fault: 'heal', fromMs, to: first.name, removalMs: undefined };
  }

  async signal(fault: 'sigterm' | 'sigkill' | 'sigstop'): Promise<Strike> {
    const { first, second, program } = this.#rival;
    const removed = watchRemoval(this.#rival);
    await wait(calmMs);
    const fromMs = monotonicMs();
    this.#rival.signal(first, fault === 'sigterm' ? 'SIGTERM' : fault === 'sigkill' ? 'SIGKILL' : 'SIGSTOP');
    await this.untilHeldBy(second.name);
    const removedAtMs = removed();
    await this.#rival.ended(first);
    this.#rival.start(first);
    await this.untilHeldBy(first.name);
    const guarded = program === 'haven' && fault !== 'sigterm' && removedAtMs !== undefined;
    return { fault, fromMs, to: second.name, removalMs: guarded ? removedAtMs - fromMs : undefined };
  }
}

/** Follows the addresses of the first host; answers when the virtual one went. */
function watchRemoval(rival: Rival): () => number | undefined {
  const monitor = rival.first.spawn(['ip', '-o', '-4', 'monitor', 'address'], { stdio: ['ignore', 'pipe', 'ignore'] });
  let removedAtMs: number | undefined;
  monitor.child.stdout?.on('data', (chunk: Buffer) => {
    const gone = /Deleted .*/.exec(chunk.toString())?.[0].includes(`${addresses[rival.program]}/`);
    if (gone === true) removedAtMs ??= monotonicMs();
  });
  return () => {
    monitor.signal('SIGTERM');
    return removedAtMs;
  };
}

function judge(program: Program, strike: Strike, endMs: number, report: ProbeReport): FailoverResult {
  const { fault, fromMs, to, removalMs } = strike;
  // The daemon that comes back takes its address back: that belongs to `heal`, not to the fault before it.
  const takeOver = report.holdings.find((holding) => holding.by === to && holding.fromMs >= fromMs);
  const untilMs = fault === 'heal' ? endMs : Math.min(endMs, takeOver?.toMs ?? endMs);
  const outages = report.outages.filter((outage) => outage.fromMs >= fromMs - 2 && outage.fromMs < untilMs);
  return {
    program,
    fault,
    outageMs: outages.reduce((sum, { durationMs }) => sum + durationMs, 0),
    takeOverMs: takeOver === undefined ? undefined : takeOver.fromMs - fromMs,
    removalMs,
    clientGapMaxMs: report.gapMs.max,
  };
}

function configuration(program: Program, timing: string, priority: number): string {
  return `vrrp_instance VI_1 {
  interface eth0
  ${timing}
  virtual_router_id ${program === 'haven' ? 51 : 52}
  priority ${priority}
  virtual_ipaddress {
    ${addresses[program]}/24
  }
}
`;
}
