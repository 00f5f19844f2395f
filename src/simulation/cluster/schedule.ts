// What a whole-node run goes through: the cluster that is configured, and what goes wrong in it, drawn from one seed.
import { Random } from '../../kit/index.ts';

export type AgentTrouble = 'fail' | 'hang' | 'garbage' | 'flood';

export type Fault = {
  readonly fromMs: number;
  readonly untilMs: number;
} /** `daemon`: the process dies, what it started stays, its guardian takes the addresses. `host`: power fails. */ & (
  | { readonly kind: 'crash'; readonly node: number; readonly what: 'daemon' | 'host' }
  /** Power fails everywhere; the nodes come back one after the other. */
  | { readonly kind: 'power-failure' }
  /** Of single datagrams: only the real ring knows such. */
  | { readonly kind: 'loss' | 'duplication'; readonly probability: number }
  | { readonly kind: 'delay'; readonly extraMsMax: number }
  | { readonly kind: 'partition'; readonly sides: readonly (readonly number[])[] }
  | { readonly kind: 'one-way'; readonly from: readonly number[]; readonly to: readonly number[] }
  | { readonly kind: 'partial'; readonly pairs: readonly (readonly [number, number])[] }
  /** `daemon`: its processes are stopped, not its guardian. `host`: everything is, as of a virtual machine. */
  | { readonly kind: 'pause'; readonly node: number; readonly what: 'daemon' | 'host' }
  | { readonly kind: 'agents'; readonly node: number; readonly trouble: AgentTrouble; readonly probability: number }
  /** A service dies by itself; nobody is told. */
  | { readonly kind: 'service-death'; readonly node: number }
  | { readonly kind: 'disk'; readonly node: number; readonly code: 'EIO' | 'ENOSPC'; readonly lasting: boolean }
  | { readonly kind: 'fence-device'; readonly trouble: 'fail' | 'hang' }
  | { readonly kind: 'standby'; readonly node: number }
  /** The administrator stops the node, and starts it again later. */
  | { readonly kind: 'shutdown'; readonly node: number }
  | { readonly kind: 'changes'; readonly node: number; readonly count: number }
  /** The wall clock goes wrong by so much, and is put right again at the end. */
  | { readonly kind: 'clock'; readonly node: number; readonly byMs: number }
);

export type FaultKind = Fault['kind'];

/** As reports count it. */
export function describeKind(fault: Fault): string {
  switch (fault.kind) {
    case 'crash':
    case 'pause':
      return `${fault.kind} of a ${fault.what}`;
    case 'agents':
      return `agents that ${troubleWords[fault.trouble]}`;
    case 'disk':
      return `disk ${fault.code}`;
    case 'fence-device':
      return fault.trouble === 'fail' ? 'fence device that fails' : 'fence device that hangs';
    case 'clock':
      return fault.byMs > 0 ? 'clock that jumps ahead' : 'clock that jumps back';
    default:
      return fault.kind;
  }
}

const troubleWords: Readonly<Record<AgentTrouble, string>> = {
  fail: 'fail',
  hang: 'hang',
  garbage: 'talk garbage',
  flood: 'flood their output',
};

export type Schedule = {
  readonly seed: string;
  readonly nodeCount: number;
  /** `perfect`: an order without datagrams. `totem`: the real ring on a network that loses and delays. */
  readonly ring: 'perfect' | 'totem';
  readonly fencing: 'configured' | 'none';
  readonly noQuorumPolicy: 'stop' | 'freeze';
  readonly services: number;
  readonly addresses: number;
  readonly faults: readonly Fault[];
  /** No fault lasts beyond this. */
  readonly calmAfterMs: number;
};

const faultsMax = 6;
/** The real ring costs the more processor time, the perfect order is the more wicked. */
const totemShare = 0.3;
const wireFaultsMax = 3;
const extraChance = 0.3;
const clockJumpsMs = [10_000, 3_600_000, 86_400_000, 31_536_000_000] as const;

export function drawSchedule(seed: string): Schedule {
  const random = new Random(`node-schedule/${seed}`);
  const nodeCount = random.chance(0.7) ? 3 : random.between(4, 7);
  const fencing = random.chance(0.6) ? 'configured' : 'none';
  const calmAfterMs = random.between(10_000, 60_000);
  const ring = random.chance(totemShare) ? 'totem' : 'perfect';
  const bounds = { nodeCount, calmAfterMs };
  const faults = Array.from({ length: random.between(1, faultsMax) }, () => drawFault(random, bounds));
  const wires = Array.from({ length: ring === 'totem' ? random.between(0, wireFaultsMax) : 0 }, () =>
    drawWireFault(random, bounds),
  );
  return {
    seed,
    nodeCount,
    ring,
    fencing,
    noQuorumPolicy: random.chance(0.7) ? 'stop' : 'freeze',
    services: random.between(1, 2),
    addresses: random.between(1, 2),
    faults: [...[...faults, ...wires].sort((left, right) => left.fromMs - right.fromMs), ...drawExtras(seed, bounds)],
    calmAfterMs,
  };
}

type Bounds = Pick<Schedule, 'nodeCount' | 'calmAfterMs'>;
type Span = { readonly fromMs: number; readonly untilMs: number };

function drawSpan(random: Random, { calmAfterMs }: Bounds): Span {
  // The first seconds belong to the start of the cluster, most of the time.
  const fromMs = random.between(random.chance(0.2) ? 0 : 3000, calmAfterMs - 1);
  const lengthMs = random.chance(0.4) ? random.between(1, 2000) : random.between(1000, 30_000);
  return { fromMs, untilMs: Math.min(calmAfterMs, fromMs + lengthMs) };
}

function drawWireFault(random: Random, bounds: Bounds): Fault {
  const span = drawSpan(random, bounds);
  switch (random.below(3)) {
    case 0:
      return { ...span, kind: 'loss', probability: random.pick([0.02, 0.1, 0.3]) ?? 0 };
    case 1:
      return { ...span, kind: 'duplication', probability: random.pick([0.1, 0.5]) ?? 0 };
    default:
      return { ...span, kind: 'delay', extraMsMax: random.pick([2, 20, 100]) ?? 0 };
  }
}

function drawFault(random: Random, bounds: Bounds): Fault {
  const { nodeCount } = bounds;
  const span = drawSpan(random, bounds);
  const node = random.between(1, nodeCount);
  switch (random.below(14)) {
    case 0:
    case 1:
      return { ...span, kind: 'crash', node, what: random.chance(0.5) ? 'daemon' : 'host' };
    case 2:
    case 3:
    case 4:
      return drawCut(random, span, bounds);
    case 5:
      return { ...span, kind: 'pause', node, what: random.chance(0.5) ? 'daemon' : 'host' };
    case 6:
    case 7:
      return {
        ...span,
        kind: 'agents',
        node,
        trouble: random.pick<AgentTrouble>(['fail', 'hang', 'garbage']) ?? 'fail',
        probability: random.pick([0.2, 0.6, 1]) ?? 1,
      };
    case 8:
      return { ...span, kind: 'service-death', node };
    case 9:
      return {
        ...span,
        kind: 'disk',
        node,
        code: random.chance(0.5) ? 'EIO' : 'ENOSPC',
        lasting: random.chance(0.5),
      };
    case 10:
      return random.chance(0.3)
        ? { ...span, kind: 'power-failure' }
        : { ...span, kind: 'fence-device', trouble: random.chance(0.5) ? 'fail' : 'hang' };
    case 11:
      return { ...span, kind: 'standby', node };
    case 12:
      return { ...span, kind: 'shutdown', node };
    default:
      return { ...span, kind: 'changes', node, count: random.between(1, 6) };
  }
}

/** From a stream of their own, and last: the schedules that are remembered by their numbers stay what they are. */
function drawExtras(seed: string, bounds: Bounds): Fault[] {
  const random = new Random(`node-extras/${seed}`);
  if (!random.chance(extraChance)) return [];
  const span = drawSpan(random, bounds);
  const node = random.between(1, bounds.nodeCount);
  if (random.chance(0.5)) return [{ ...span, kind: 'agents', node, trouble: 'flood', probability: 0.6 }];
  return [{ ...span, kind: 'clock', node, byMs: (random.pick(clockJumpsMs) ?? 0) * (random.chance(0.5) ? 1 : -1) }];
}

function drawCut(random: Random, span: Span, { nodeCount }: Bounds): Fault {
  const nodes = random.shuffled(Array.from({ length: nodeCount }, (_, index) => index + 1));
  switch (random.below(4)) {
    case 0: {
      const split = random.between(1, nodeCount - 1);
      return { ...span, kind: 'one-way', from: nodes.slice(0, split), to: nodes.slice(split) };
    }
    case 1: {
      const pairs = Array.from({ length: random.between(1, nodeCount) }, (): [number, number] => [
        random.between(1, nodeCount),
        random.between(1, nodeCount),
      ]);
      return { ...span, kind: 'partial', pairs };
    }
    default: {
      const sides: number[][] = Array.from({ length: random.between(2, 3) }, () => []);
      for (const node of nodes) random.pick(sides)?.push(node);
      return { ...span, kind: 'partition', sides };
    }
  }
}

/** Only the faults at these places: what the shrinker tries, and what a replay command names. */
export function keepFaults(schedule: Schedule, kept: readonly number[]): Schedule {
  return { ...schedule, faults: schedule.faults.filter((_, index) => kept.includes(index)) };
}
