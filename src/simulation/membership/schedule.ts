// What goes wrong, and when: a fault schedule, drawn from one seed.
import { Random } from '../../kit/index.ts';
import { havenTiming } from '../../membership/index.ts';
import { hopPartMax } from './network.ts';
import type { KeyStage, Wiring } from './station.ts';

/** Absent `link`: on all of them. */
type OnLink = { readonly link?: number };

export type Fault = {
  readonly fromMs: number;
  readonly untilMs: number;
} & (
  | (OnLink & { readonly kind: 'loss' | 'duplication' | 'corruption'; readonly probability: number })
  /** Up to so much more for each datagram on its own: later ones overtake. */
  | (OnLink & { readonly kind: 'delay'; readonly extraMsMax: number })
  /** Nodes of different sides do not hear each other. */
  | (OnLink & { readonly kind: 'partition'; readonly sides: readonly (readonly number[])[] })
  /** `from` is not heard by `to`; the other way works. */
  | (OnLink & { readonly kind: 'one-way'; readonly from: readonly number[]; readonly to: readonly number[] })
  /** Single connections are cut; everyone else hears everyone. */
  | (OnLink & { readonly kind: 'partial'; readonly pairs: readonly (readonly [number, number])[] })
  /** One end of a link has no carrier, and its node knows. */
  | { readonly kind: 'carrier'; readonly node: number; readonly link: number }
  /** Someone without the key sends again what he saw: each datagram so often, up to so much later. Sealed rings only. */
  | { readonly kind: 'replay'; readonly probability: number; readonly afterMsMax: number }
  /** Someone without the key sends what does not verify to everybody. Sealed rings only. */
  | { readonly kind: 'flood'; readonly perSecond: number }
  /** A key is rolled, each step at its own time on each node. Sealed rings only, once in a schedule. */
  | { readonly kind: 'key-roll'; readonly steps: readonly KeyStep[] }
  /** The process dies and is started again. What was asked of the disk but not confirmed is kept or lost. */
  | {
      readonly kind: 'crash';
      readonly node: number;
      readonly disk: 'kept' | 'lost';
      readonly notice: 'guardian' | 'none';
    }
  /** Every process dies at once, and whatever no disk has confirmed is lost. */
  | { readonly kind: 'power-loss' }
  /** Each write takes up to so much longer. */
  | { readonly kind: 'slow-disk'; readonly extraMsMax: number }
  | { readonly kind: 'leave'; readonly node: number }
  /** The process gets no processor. */
  | { readonly kind: 'pause'; readonly node: number }
  /** Someone is told, wrongly, that a living member is dead. */
  | { readonly kind: 'false-hint'; readonly node: number; readonly about: number }
);

export type KeyStep = { readonly atMs: number; readonly node: number; readonly stage: KeyStage };

export type Schedule = {
  readonly seed: string;
  readonly nodeCount: number;
  readonly wiring: Wiring;
  /**
   * From when on the ring may not change: until the end no fault does more than take links of which another one connects
   * everybody, or send what does not verify. Infinity: faults may change it.
   */
  readonly steadyFromMs: number;
  /** Speed of each node's clock; 1 is right. */
  readonly clockRates: readonly number[];
  /** Messages a node says per second, on average. */
  readonly messagesPerSecond: number;
  readonly largeMessages: 'some' | 'none';
  readonly faults: readonly Fault[];
  /** No fault lasts beyond this. */
  readonly calmAfterMs: number;
};

export const nodeCountMin = 2;
export const nodeCountMax = 16;
const faultsMax = 8;
const faultyMsMax = 3000;
/** The first ring stands by then. */
const firstRingMs = 1200;
/** A link that carries again is trusted again after less. */
const linkRestMs = 1500;
/** Haven's timers are made for tokens that go round within a fifth of the token timeout. */
const rotationMsMax = havenTiming.tokenMs / 5;
/** Of the sealed rings: the real cipher takes ten times the time of all the rest together, and knows nothing of rings. */
const realCipherChance = 0.05;
const oneLink: Wiring = { linkCount: 1, linkMode: 'passive', security: 'plain', cipher: 'stand-in', hopMs: 1 };

/** What a schedule goes for. The pointed ones are short, and put together what seldom meets by chance. */
export const emphases = ['everything', 'disk', 'recovery', 'obligation', 'links'] as const;
export type Emphasis = (typeof emphases)[number];

export function drawSchedule(seed: string, emphasis: Emphasis = 'everything'): Schedule {
  const random = new Random(`schedule/${seed}`);
  switch (emphasis) {
    case 'everything':
      return drawAny(random, seed);
    case 'disk':
      return drawForDisk(random, seed);
    case 'recovery':
      return drawForRecovery(random, seed);
    case 'obligation':
      return drawForObligation(random, seed);
    case 'links':
      return drawForLinks(random, seed);
  }
}

/** Power that fails again and again while the disks are slow: a ring number may be used, and forgotten. */
function drawForDisk(random: Random, seed: string): Schedule {
  const calmAfterMs = 1500;
  const faults: Fault[] = [{ fromMs: 0, untilMs: calmAfterMs, kind: 'slow-disk', extraMsMax: 400 }];
  for (let fromMs = random.between(1, 600); fromMs < calmAfterMs - 20; fromMs += random.between(50, 600))
    faults.push({ fromMs, untilMs: fromMs + 10, kind: 'power-loss' });
  return { ...calmSchedule(seed, random.between(nodeCountMin, 3)), faults, calmAfterMs };
}

/** Lossy wires, much to say, and members that come and go faster than a ring recovers. */
function drawForRecovery(random: Random, seed: string): Schedule {
  const calmAfterMs = 1500;
  const nodeCount = random.between(3, 4);
  const faults: Fault[] = [
    { fromMs: 200, untilMs: calmAfterMs, kind: 'loss', probability: random.pick([0.05, 0.15, 0.4]) ?? 0 },
  ];
  for (let fromMs = random.between(200, 500); fromMs < calmAfterMs; fromMs += random.between(5, 300))
    faults.push(
      drawBreak(random, nodeCount, { fromMs, untilMs: Math.min(calmAfterMs, fromMs + random.between(5, 400)) }),
    );
  const messagesPerSecond = 60 / nodeCount;
  return { ...calmSchedule(seed, nodeCount), faults, calmAfterMs, messagesPerSecond, largeMessages: 'some' };
}

/**
 * A message that only the next member hears, which is cut off with its sender: the rest say more behind that gap, and part
 * while they install the ring they form, so that one of them has delivered what the others then owe.
 */
function drawForObligation(random: Random, seed: string): Schedule {
  const nodeCount = random.between(4, 5);
  const nodes = Array.from({ length: nodeCount }, (_, index) => index + 1);
  const at = random.below(nodeCount);
  const lost = [0, 1].map((next) => nodes[(at + next) % nodeCount] ?? 0);
  const rest = nodes.filter((node) => !lost.includes(node));
  const unheardMs = 400 + random.below(100);
  const cutMs = unheardMs + 1 + 4 * random.fraction();
  const partMs = cutMs + 3.5 + 6.5 * random.fraction();
  const calmAfterMs = Math.ceil(partMs) + 100;
  const [alone = 0, ...together] = random.shuffled(rest);
  const hint = (node: number, about: number, fromMs: number): Fault => {
    return { kind: 'false-hint', node, about, fromMs, untilMs: calmAfterMs };
  };
  const faults: Fault[] = [
    { kind: 'one-way', from: lost.slice(0, 1), to: rest, fromMs: unheardMs, untilMs: calmAfterMs },
    { kind: 'partition', sides: [lost, rest], fromMs: cutMs, untilMs: calmAfterMs },
    ...rest.flatMap((node) => lost.map((about) => hint(node, about, cutMs))),
    { kind: 'partition', sides: [[alone], together], fromMs: partMs, untilMs: calmAfterMs },
    ...together.map((about) => hint(alone, about, partMs + 1)),
  ];
  return { ...calmSchedule(seed, nodeCount), faults, calmAfterMs, messagesPerSecond: 2000 / nodeCount };
}

function drawBreak(random: Random, nodeCount: number, span: { fromMs: number; untilMs: number }): Fault {
  const node = random.between(1, nodeCount);
  switch (random.below(5)) {
    case 0:
      return { ...span, kind: 'partition', sides: drawSides(random, nodeCount) };
    case 1:
      return { ...span, kind: 'one-way', ...drawOneWay(random, nodeCount) };
    case 2:
      return { ...span, kind: 'partial', pairs: drawPairs(random, nodeCount) };
    case 3:
      return { ...span, kind: 'pause', node };
    default:
      return { ...span, kind: 'false-hint', node, about: random.between(1, nodeCount) };
  }
}

function calmSchedule(seed: string, nodeCount: number): Schedule {
  return {
    seed,
    nodeCount,
    wiring: oneLink,
    steadyFromMs: Infinity,
    clockRates: Array.from({ length: nodeCount }, () => 1),
    messagesPerSecond: 20 / nodeCount,
    largeMessages: 'none',
    faults: [],
    calmAfterMs: 0,
  };
}

/** Links that fail one after the other, never the one that connects everybody, while someone without the key tries his luck. */
function drawForLinks(random: Random, seed: string): Schedule {
  const nodeCount = random.between(nodeCountMin, random.chance(0.8) ? 5 : 8);
  const wiring = drawWiring(random, { seed, nodeCount, linkCountMin: 2 });
  const faults: Fault[] = [];
  let calmAfterMs = firstRingMs;
  for (let episode = 0; episode < 2; episode++) {
    const fromMs = calmAfterMs;
    calmAfterMs += random.between(300, 1200);
    const spared = random.below(wiring.linkCount);
    for (let link = 0; link < wiring.linkCount; link++)
      if (link !== spared) faults.push(drawLinkFault(random, nodeCount, { fromMs, untilMs: calmAfterMs, link }));
    calmAfterMs += linkRestMs;
  }
  if (wiring.security === 'sealed') faults.push(...drawAttack(random, { fromMs: firstRingMs, untilMs: calmAfterMs }));
  if (wiring.security === 'sealed' && random.chance(0.5)) faults.push(drawKeyRoll(random, nodeCount, calmAfterMs));
  return { ...calmSchedule(seed, nodeCount), wiring, steadyFromMs: firstRingMs, faults, calmAfterMs };
}

function drawLinkFault(
  random: Random,
  nodeCount: number,
  span: { fromMs: number; untilMs: number; link: number },
): Fault {
  switch (random.below(5)) {
    case 0:
      return { ...span, kind: 'carrier', node: random.between(1, nodeCount) };
    case 1:
      return { ...span, kind: 'partition', sides: drawSides(random, nodeCount) };
    case 2:
      return { ...span, kind: 'one-way', ...drawOneWay(random, nodeCount) };
    case 3:
      return { ...span, kind: 'partial', pairs: drawPairs(random, nodeCount) };
    default:
      return { ...span, kind: 'loss', probability: random.pick([0.3, 0.5, 0.8, 1]) ?? 1 };
  }
}

function drawAttack(random: Random, span: { fromMs: number; untilMs: number }): Fault[] {
  return [
    { ...span, kind: 'replay', probability: 0.2, afterMsMax: random.pick([5, 200, 2000]) ?? 0 },
    { ...span, kind: 'flood', perSecond: random.pick([50, 500]) ?? 0 },
  ];
}

/** Everybody knows the new key before anybody uses it, and uses it before anybody drops the old one. */
function drawKeyRoll(random: Random, nodeCount: number, untilMs: number): Fault {
  const stages = [1, 2, 3] as const;
  const partMs = untilMs / stages.length;
  const steps = stages.flatMap((stage) =>
    Array.from({ length: nodeCount }, (_, index): KeyStep => {
      return { atMs: (stage - 1 + 0.9 * random.fraction()) * partMs, node: index + 1, stage };
    }),
  );
  return { kind: 'key-roll', fromMs: 0, untilMs, steps };
}

function drawWiring(
  random: Random,
  { seed, nodeCount, linkCountMin }: { seed: string; nodeCount: number; linkCountMin: number },
): Wiring {
  return {
    linkCount: Math.max(linkCountMin, random.pick([1, 1, 1, 2, 2, 3]) ?? 1),
    linkMode: random.chance(0.5) ? 'active' : 'passive',
    security: random.chance(0.4) ? 'sealed' : 'plain',
    cipher: new Random(`cipher/${seed}`).chance(realCipherChance) ? 'aes-gcm' : 'stand-in',
    hopMs: Math.min(random.pick([1, 1, 5, 20]) ?? 1, rotationMsMax / (nodeCount * hopPartMax)),
  };
}

function drawAny(random: Random, seed: string): Schedule {
  const nodeCount = random.chance(0.85) ? random.between(nodeCountMin, 5) : random.between(6, nodeCountMax);
  const skew = random.pick([0, 0, 0.02, 0.15]) ?? 0;
  const calmAfterMs = random.between(500, faultyMsMax);
  const wiring = drawWiring(random, { seed, nodeCount, linkCountMin: 1 });
  const faults = Array.from({ length: random.between(1, faultsMax) }, () =>
    onSomeLink(random, wiring, drawFault(random, nodeCount, calmAfterMs)),
  );
  if (wiring.security === 'sealed') {
    if (random.chance(0.5))
      faults.push(...drawAttack(random, { fromMs: random.below(calmAfterMs), untilMs: calmAfterMs }));
    if (random.chance(0.4)) faults.push(drawKeyRoll(random, nodeCount, calmAfterMs));
  }
  return {
    seed,
    nodeCount,
    wiring,
    steadyFromMs: Infinity,
    clockRates: Array.from({ length: nodeCount }, () => 1 + skew * (2 * random.fraction() - 1)),
    messagesPerSecond: (random.pick([0, 20, 60, 200]) ?? 0) / nodeCount,
    largeMessages: random.chance(0.3) ? 'some' : 'none',
    faults: faults.sort((left, right) => left.fromMs - right.fromMs),
    calmAfterMs,
  };
}

/** Of several links a fault of the network takes one, more often than all; at times a cable instead. */
function onSomeLink(random: Random, { linkCount }: Wiring, fault: Fault): Fault {
  if (linkCount === 1) return fault;
  const link = random.below(linkCount);
  switch (fault.kind) {
    case 'loss':
    case 'duplication':
    case 'corruption':
    case 'delay':
    case 'partition':
    case 'one-way':
    case 'partial':
      return random.chance(0.6) ? { ...fault, link } : fault;
    case 'pause':
    case 'false-hint':
      return random.chance(0.4)
        ? { kind: 'carrier', node: fault.node, link, fromMs: fault.fromMs, untilMs: fault.untilMs }
        : fault;
    default:
      return fault;
  }
}

function drawFault(random: Random, nodeCount: number, calmAfterMs: number): Fault {
  const fromMs = random.below(calmAfterMs);
  const untilMs = Math.min(calmAfterMs, fromMs + random.between(1, random.chance(0.3) ? 2000 : 500));
  const span = { fromMs, untilMs };
  const node = random.between(1, nodeCount);
  switch (random.below(12)) {
    case 0:
      return { ...span, kind: 'loss', probability: random.pick([0.02, 0.15, 0.4]) ?? 0 };
    case 1:
      return { ...span, kind: 'duplication', probability: random.pick([0.1, 0.5]) ?? 0 };
    case 2:
      return { ...span, kind: 'corruption', probability: 0.1 };
    case 3:
      return { ...span, kind: 'delay', extraMsMax: random.pick([2, 20, 150]) ?? 0 };
    case 4:
    case 5:
      return { ...span, kind: 'partition', sides: drawSides(random, nodeCount) };
    case 6:
      return { ...span, kind: 'one-way', ...drawOneWay(random, nodeCount) };
    case 7:
      return { ...span, kind: 'partial', pairs: drawPairs(random, nodeCount) };
    case 8:
      return drawCrash(random, span, node);
    case 9:
      return random.chance(0.7) ? { ...span, kind: 'pause', node } : { ...span, kind: 'leave', node };
    case 10:
      return random.chance(0.5)
        ? { ...span, kind: 'power-loss' }
        : { ...span, kind: 'slow-disk', extraMsMax: random.pick([100, 400]) ?? 0 };
    default:
      return random.chance(0.7)
        ? drawCrash(random, span, node)
        : { ...span, kind: 'false-hint', node, about: random.between(1, nodeCount) };
  }
}

function drawCrash(random: Random, span: { fromMs: number; untilMs: number }, node: number): Fault {
  const disk = random.chance(0.5) ? 'lost' : 'kept';
  return { ...span, kind: 'crash', node, disk, notice: random.chance(0.3) ? 'guardian' : 'none' };
}

function drawSides(random: Random, nodeCount: number): number[][] {
  const sides: number[][] = Array.from({ length: random.between(2, 3) }, () => []);
  for (let node = 1; node <= nodeCount; node++) random.pick(sides)?.push(node);
  return sides;
}

function drawOneWay(random: Random, nodeCount: number): { from: number[]; to: number[] } {
  const nodes = random.shuffled(Array.from({ length: nodeCount }, (_, index) => index + 1));
  const split = random.between(1, nodeCount - 1);
  return { from: nodes.slice(0, split), to: nodes.slice(split) };
}

function drawPairs(random: Random, nodeCount: number): [number, number][] {
  return Array.from({ length: random.between(1, nodeCount) }, () => [
    random.between(1, nodeCount),
    random.between(1, nodeCount),
  ]);
}

/** Only the faults at these places: what the shrinker tries, and what a replay command names. */
export function keepFaults(schedule: Schedule, kept: readonly number[]): Schedule {
  return { ...schedule, faults: schedule.faults.filter((_, index) => kept.includes(index)) };
}
