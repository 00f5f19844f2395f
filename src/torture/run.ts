// A torture run: round after round of random faults on a served cluster, each followed by a wait for a clean cluster, with
// a client that asks all the time.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Random } from '../kit/index.ts';
import { monotonicMs } from '../linux/index.ts';
import { Client, clientName, type Safeguard, Stage, virtualAddress } from '../stage/index.ts';
import { untilClean } from './cleanness.ts';
import { drawFault, faults } from './faults.ts';
import { Growth, looksTable } from './growth.ts';
import { judge, mayDisturb, type Round, type Verdict } from './ledger.ts';
import { PeerOpinion } from './peers.ts';
import { Stalls } from './stalls.ts';
import { type Fault, fencedTimes, type Strike, unlessFenced, untilPowered } from './strike.ts';

export type TortureOptions = {
  readonly minutes: number;
  readonly seed: string;
  readonly hostCount: number;
  /** The entry of the Haven under torture. */
  readonly program: string;
  readonly safeguard: Safeguard;
  /** Only these kinds; all when empty. */
  readonly kinds: readonly string[];
  /** Where the looks at the processes go, the hosts' logs when something is wrong, and documents that the peers object to. */
  readonly logFolder: string;
  readonly say: (line: string) => void;
};

export type TortureResult = {
  readonly verdict: Verdict;
  readonly growth: Growth;
  readonly peers: PeerOpinion;
  /** What was still wrong when patience ended; empty for a clean end. */
  readonly wrong: readonly string[];
};

const cleanWithinMs = 90_000;
/** Every fourth round has two faults under way at once. */
const pairChance = 0.25;
const calmMs = 500;
const peersAskedEveryMs = 1000;

/** @throws CommandFailure when the stage cannot be made. */
export async function torture(options: TortureOptions): Promise<TortureResult> {
  const stage = await Stage.make(`torture-${process.pid}`, {
    nodeCount: options.hostCount,
    program: options.program,
    safeguard: options.safeguard,
  });
  try {
    return await new Run(stage, options).perform();
  } finally {
    await stage.down();
  }
}

class Run {
  readonly #stage: Stage;
  readonly #options: TortureOptions;
  readonly #random: Random;
  readonly #growth = new Growth();
  readonly #stalls = new Stalls();
  readonly #peers: PeerOpinion;
  readonly #rounds: Round[] = [];
  readonly #faults: readonly Fault[];

  constructor(stage: Stage, options: TortureOptions) {
    this.#stage = stage;
    this.#options = options;
    this.#random = new Random(options.seed);
    mkdirSync(options.logFolder, { recursive: true });
    this.#peers = new PeerOpinion(options.logFolder);
    const { kinds } = options;
    this.#faults = kinds.length === 0 ? faults : faults.filter(({ kind }) => kinds.includes(kind));
  }

  async perform(): Promise<TortureResult> {
    const { nodes } = this.#stage;
    await this.#stage.until(
      'all members',
      (status) => status.nodes.filter(({ state }) => state === 'online').length === nodes.length,
    );
    await this.#stage.configure();
    const holder = await this.#stage.holder();
    const client = await Client.start(this.#stage.lab, { host: clientName, address: virtualAddress });
    await client.answeredBy(holder);
    const endMs = monotonicMs() + this.#options.minutes * 60_000;
    let over = false;
    const asking = this.#askPeers(() => !over);
    let wrong = await untilClean(this.#stage, cleanWithinMs);
    await this.#growth.look(this.#stage);
    await this.#stalls.longestMs(this.#stage);
    client.takeOutages();
    while (wrong.length === 0 && monotonicMs() < endMs) wrong = await this.#round(client);
    over = true;
    await asking;
    const verdict = judge(this.#rounds, await client.stop());
    writeFileSync(join(this.#options.logFolder, 'looks.tsv'), looksTable(this.#growth.lives));
    if (wrong.length + verdict.unexplained.length + verdict.overlong.length > 0) await this.#keepLogs(wrong);
    return { verdict, growth: this.#growth, peers: this.#peers, wrong };
  }

  /** Beside the rounds, whatever is under way. */
  async #askPeers(goesOn: () => boolean): Promise<void> {
    const random = this.#random.fork('peers');
    while (goesOn()) {
      await this.#peers.ask(this.#stage, random.pick(this.#stage.nodes) ?? '');
      await pause(peersAskedEveryMs);
    }
  }

  async #round(client: Client): Promise<readonly string[]> {
    const holder = await this.#stage.holder();
    const strikes = this.#draw(holder);
    const fromMs = monotonicMs();
    const what = strikes.map(({ fault, on }) => `${fault.kind} at ${on.target}`).join(' + ');
    this.#options.say(`round ${this.#rounds.length + 1}, held by ${holder}: ${what}`);
    const pressedBefore = this.#stage.power?.pressed.length ?? 0;
    await Promise.all(strikes.map((strike) => perform(strike)));
    const mendedMs = monotonicMs();
    const wrong = await untilClean(this.#stage, cleanWithinMs);
    const cleanAfterMs = monotonicMs() - mendedMs;
    await this.#growth.look(this.#stage);
    await pause(calmMs);
    const stalledMs = await this.#stalls.longestMs(this.#stage);
    const { address } = client.takeOutages();
    const longestMs = Math.round(Math.max(0, ...address.map(({ durationMs }) => durationMs)));
    const fenced = this.#stage.power?.pressed.slice(pressedBefore).map(({ plug }) => plug) ?? [];
    const shot = fenced.length === 0 ? '' : `; fenced: ${fenced.join(', ')}`;
    const stalled = stalledMs === 0 ? '' : `; hosts stood still for ${stalledMs} ms`;
    const after = `clean ${Math.round(cleanAfterMs)} ms after the end`;
    this.#options.say(`  ${after}; longest outage ${longestMs} ms${shot}${stalled}`);
    const isStruck = (host: string) => strikes.some(({ fault, on }) => fault.everywhere || on.target === host);
    this.#rounds.push({
      faults: strikes.map(({ fault, on }) => ({ kind: fault.kind, target: on.target })),
      holder,
      mayDisturb: mayDisturb(
        strikes.map(({ fault, on }) => ({ disturbs: fault.disturbs, target: on.target })),
        holder,
      ),
      // What fences answers for a host that stood still: it is off before another takes anything over.
      overlapMsMax:
        this.#options.safeguard !== 'lease' ? 0 : Math.max(...strikes.map(({ fault }) => fault.overlapMsMax ?? 0)),
      stalledMs,
      fenced,
      fencedUnstruck: fenced.filter((host) => !isStruck(host)),
      fromMs,
      mendedMs,
      toMs: monotonicMs(),
      cleanAfterMs,
    });
    return wrong;
  }

  /** Half of all faults strike the holder, which is where they hurt. */
  #draw(holder: string): PlannedStrike[] {
    const random = this.#random;
    const others = this.#stage.nodes.filter((name) => name !== holder);
    const count = random.chance(pairChance) ? 2 : 1;
    const targets = random.chance(0.5) ? [holder, ...random.shuffled(others)] : random.shuffled(others);
    return targets.slice(0, count).map((target, index) => {
      const fault = drawFault(random, this.#faults);
      return {
        fault,
        on: { stage: this.#stage, target, random: random.fork(fault.kind) },
        afterMs: index === 0 ? 0 : random.between(0, 1500),
        lastsMs: random.between(50, fault.lastsMsMax),
      };
    });
  }

  async #keepLogs(wrong: readonly string[]): Promise<void> {
    const folder = this.#options.logFolder;
    writeFileSync(join(folder, 'wrong.txt'), `${wrong.join('\n')}\n`);
    for (const name of this.#stage.nodes) {
      const { stdout } = await this.#stage.lab.host(name).run(['sh', '-c', 'cat /var/log/haven.log']);
      writeFileSync(join(folder, `${name}.log`), stdout);
      const events = await this.#stage
        .api(name)
        .events()
        .catch(() => []);
      const lines = events.map(({ at, kind, text }) => `${new Date(at).toISOString()} ${kind} ${text}`);
      writeFileSync(join(folder, `${name}.events.log`), `${lines.join('\n')}\n`);
    }
    this.#options.say(`the hosts' logs are in ${folder}`);
  }
}

type PlannedStrike = {
  readonly fault: Fault;
  readonly on: Strike;
  readonly afterMs: number;
  readonly lastsMs: number;
};

async function perform({ fault, on, afterMs, lastsMs }: PlannedStrike): Promise<void> {
  await pause(afterMs);
  const before = fencedTimes(on.stage, on.target);
  await unlessFenced(on, before, () => fault.strike(on));
  await pause(lastsMs);
  if (fencedTimes(on.stage, on.target) > before) await untilPowered(on);
  await unlessFenced(on, before, () => fault.mend(on));
}
