// Memory, descriptors and processor time of each daemon and guardian over its life: what a leak would show in.
//
// Most lives are short here, and a garbage collector gives back what it likes when it likes. So what a life begins and
// ends with is the least of the looks at rest in its first and last third, from when it is warm; one life may differ by chance, most may not.
import { processes, type Stage } from '../stage/index.ts';
import { printedIfUp } from './strike.ts';

export const kinds = ['daemon', 'guardian'] as const;
export type Kind = (typeof kinds)[number];

/** A look at a process while the cluster is clean. */
export type Look = {
  readonly pssKib: number;
  /** Memory of its own, backed by no file (Anonymous of smaps_rollup): unlike Pss it does not depend on who else runs. */
  readonly ownKib: number;
  readonly descriptors: number;
  /** Processor time since it began. */
  readonly cpuMs: number;
  /** Since it began. */
  readonly ageMs: number;
};

export type Life = { readonly name: string; readonly kind: Kind; readonly looks: Look[] };

/** From the first third of the looks after the warm-up to the last third; undefined for a life that was too short to tell. */
export type Change = { readonly overMs: number; readonly ownKib: number; readonly descriptors: number };

/** Code is compiled, caches and the heap's generations are filled. */
export const warmAfterMs = 60_000;
/** Of a long life also what is kept of the past (5000 events, 200 decisions) is full by then: what still grows is a leak. */
const longLifeMs = 1_200_000;
const fullAfterMs = longLifeMs / 2;
const looksMin = 9;
const overMsMin = 45_000;

type Bounds = { readonly ownKib: number; readonly descriptors: number };
/**
 * Of one life: the heap's old generation is collected when it has grown by about as much; an operation that is under way at the
 * last look has two pipes, a pidfd and the watch of it.
 */
const lifeMax: Readonly<Record<Kind, Bounds>> = {
  daemon: { ownKib: 16 << 10, descriptors: 4 },
  guardian: { ownKib: 4 << 10, descriptors: 0 },
};
const longLifeMax: Readonly<Record<Kind, Bounds>> = {
  daemon: { ...lifeMax.daemon, ownKib: 8 << 10 },
  guardian: { ...lifeMax.guardian, ownKib: 2 << 10 },
};
/**
 * Of the middle one of many lives, most of them young: a daemon fills what it keeps of the past at 1 to 1.5 MiB a minute, for
 * about ten minutes.
 */
const medianMax: Readonly<Record<Kind, Bounds>> = {
  daemon: { ownKib: 8 << 10, descriptors: 0 },
  guardian: { ownKib: 1 << 10, descriptors: 0 },
};
const livesForMedian = 5;

function isLong(looks: readonly Look[]): boolean {
  return (looks.at(-1)?.ageMs ?? 0) >= longLifeMs;
}

export function changeOf({ looks }: Life): Change | undefined {
  const warm = looks.filter(({ ageMs }) => ageMs >= (isLong(looks) ? fullAfterMs : warmAfterMs));
  if (warm.length < looksMin) return undefined;
  const third = Math.floor(warm.length / 3);
  const [first, last] = [warm.slice(0, third), warm.slice(-third)];
  const overMs = (last[0]?.ageMs ?? 0) - (first[0]?.ageMs ?? 0);
  const by = (of: (look: Look) => number) => Math.min(...last.map(of)) - Math.min(...first.map(of));
  if (overMs < overMsMin) return undefined;
  return { overMs, ownKib: by(({ ownKib }) => ownKib), descriptors: by(({ descriptors }) => descriptors) };
}

/** Every look at every process, a line each, for whoever wants to see a curve: separated by tabs, a heading first. */
export function looksTable(lives: readonly Life[]): string {
  const head = 'process\tage (s)\tPss (KiB)\town (KiB)\tdescriptors\tprocessor (ms)\n';
  const row = (name: string, { ageMs, pssKib, ownKib, descriptors, cpuMs }: Look) =>
    `${[name, ageMs / 1000, pssKib, ownKib, descriptors, cpuMs].join('\t')}\n`;
  return head + lives.flatMap(({ name, looks }) => looks.map((look) => row(name, look))).join('');
}

/** What has grown, a sentence each; none when nothing has. */
export function findGrowth(lives: readonly Life[]): string[] {
  const changed = lives.flatMap((life) => {
    const change = changeOf(life);
    return change === undefined ? [] : [{ ...life, change }];
  });
  const ofLives = changed.flatMap(({ name, kind, looks, change }) =>
    exceeding(name, change, isLong(looks) ? longLifeMax[kind] : lifeMax[kind]),
  );
  const ofKinds = kinds.flatMap((kind) => {
    const changes = changed.filter((life) => life.kind === kind).map(({ change }) => change);
    if (changes.length < livesForMedian) return [];
    const middle = {
      overMs: median(changes.map(({ overMs }) => overMs)),
      ownKib: median(changes.map(({ ownKib }) => ownKib)),
      descriptors: median(changes.map(({ descriptors }) => descriptors)),
    };
    return exceeding(`the middle one of ${changes.length} lives of a ${kind}`, middle, medianMax[kind]);
  });
  return [...ofLives, ...ofKinds];
}

function exceeding(what: string, { overMs, ownKib, descriptors }: Change, max: Bounds): string[] {
  const over = `in ${Math.round(overMs / 1000)} s`;
  const mib = (kib: number) => (kib / 1024).toFixed(1);
  return [
    ...(ownKib > max.ownKib ? [`${what}: ${mib(ownKib)} MiB more ${over}, at most ${mib(max.ownKib)} may be`] : []),
    ...(descriptors > max.descriptors
      ? [`${what}: ${descriptors} descriptors more ${over}, at most ${max.descriptors} may be`]
      : []),
  ];
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}

/** `sysconf(_SC_CLK_TCK)` of every Linux that Node.js runs on. */
const msPerTick = 10;

/** A line each: the pid, Pss and Anonymous of smaps_rollup, open descriptors; stat's utime, stime and starttime; uptime (proc(5)). */
const lookScript = `for p in $(pgrep -f '${processes.all}'); do
  memory=$(sed -n 's/^\\(Pss\\|Anonymous\\): *\\([0-9]*\\).*/\\2/p' /proc/$p/smaps_rollup) && fds=$(ls /proc/$p/fd | wc -l) &&
  grep -q guardian /proc/$p/cmdline && who=guardian || who=daemon
  echo $who $p $memory $fds $(sed 's/.*) //' /proc/$p/stat | cut -d' ' -f12,13,20) $(cut -d' ' -f1 /proc/uptime)
done 2>/dev/null; true`;
const numbersPerLine = 7;

export class Growth {
  /** By host, kind, process id and start: a restarted daemon begins a new life, also under an id that was used before. */
  readonly #lives = new Map<string, Life>();

  get lives(): readonly Life[] {
    return [...this.#lives.values()];
  }

  async look(stage: Stage): Promise<void> {
    await Promise.all(stage.nodes.map((name) => this.#lookAt(stage, name)));
  }

  async #lookAt(stage: Stage, host: string): Promise<void> {
    const stdout = await printedIfUp(stage, host, ['sh', '-c', lookScript]);
    for (const line of stdout.trim().split('\n')) {
      const [word, pid = '', ...rest] = line.split(' ');
      const kind = kinds.find((each) => each === word);
      const numbers = rest.map(Number);
      // A process that ended while it was being looked at has fewer words.
      if (kind === undefined || numbers.length !== numbersPerLine) continue;
      const [pssKib = 0, ownKib = 0, descriptors = 0, userTicks = 0, systemTicks = 0, startTicks = 0, uptimeS = 0] =
        numbers;
      const cpuMs = msPerTick * (userTicks + systemTicks);
      const ageMs = uptimeS * 1000 - startTicks * msPerTick;
      const name = `${host} ${kind} ${pid}`;
      this.#lifeOf(`${name} ${startTicks}`, { name, kind }).looks.push({ pssKib, ownKib, descriptors, cpuMs, ageMs });
    }
  }

  #lifeOf(id: string, { name, kind }: Pick<Life, 'name' | 'kind'>): Life {
    const known = this.#lives.get(id) ?? { name, kind, looks: [] };
    this.#lives.set(id, known);
    return known;
  }
}
