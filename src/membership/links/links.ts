// Several links to each peer, each with its own health, judged by its own timers: a link that fails is left within half a
// second whatever the token timeout is, and a ring does not change because a link did.
//
// Each side probes every link at a steady pace, and says in the probe whether it hears the other (as BFD does, RFC 5880): a
// link that carries only one way is down for both. It comes back after several probes in a row, so that a flapping cable
// does not flap the ring's path. Carrier loss takes a link down at once.
//
// Before a silent link is down it is in doubt, and so is one that lost a probe (they are numbered); the other end hears of it
// with the next probe. A passive peer then gets each datagram on the next link too, until nothing has been missed for a
// while. So a token finds its way before it counts as lost, a link that loses much but not all does no harm, and a probe
// that was merely late costs a few datagrams, not the link.
import { assert } from '../../kit/index.ts';

export const linksMax = 8;

export type LinkTiming = {
  /** From one probe to the next. */
  readonly probeMs: number;
  /** Nothing heard for so long: the link is in doubt. Time must be left to send a token again before it is missed. */
  readonly doubtMs: number;
  /** Nothing heard for so long: the link is down. */
  readonly downMs: number;
  /** Heard without a break for so long: the link is up again; without a loss: in doubt no more. */
  readonly upMs: number;
};

export const havenLinkTiming: LinkTiming = { probeMs: 100, doubtMs: 150, downMs: 450, upMs: 1000 };

/** active: everything on every healthy link; passive: on the first healthy one that is not in doubt, and those before it. Corosync's rrp_mode and link_mode. */
export type LinkMode = 'active' | 'passive';

export type LinksConfig = {
  readonly nodeId: number;
  readonly peers: readonly number[];
  readonly linkCount: number;
  readonly mode: LinkMode;
  readonly timing: LinkTiming;
};

export type LinksEvent = { readonly nowMs: number } & (
  | { readonly kind: 'start' }
  /** Anything authentic from this peer on this link; `probe` is what it says when it was one. */
  | { readonly kind: 'heard'; readonly peer: number; readonly link: number; readonly probe?: Probe }
  | { readonly kind: 'carrier'; readonly link: number; readonly state: 'up' | 'down' }
  | { readonly kind: 'deadline' }
);

/** How well one side hears the other. */
export type Hearing = 'well' | 'in-doubt' | 'not';

/** `number` counts the probes from one side on one link, 0..255 and on from 0. */
export type Probe = { readonly hearing: Hearing; readonly number: number };

export type LinkDownReason = 'silent' | 'one-way' | 'carrier';

export type LinksEffect =
  | { readonly kind: 'probe'; readonly peer: number; readonly link: number; readonly bytes: Uint8Array }
  /** To be logged and shown: one link to one peer changed. */
  | { readonly kind: 'link-up'; readonly peer: number; readonly link: number }
  | { readonly kind: 'link-down'; readonly peer: number; readonly link: number; readonly reason: LinkDownReason };

/** One link to one peer. A link starts up: a ring that forms must not wait for its probes. */
type Path = {
  health: 'up' | 'down';
  heardMs: number;
  /** Since when it is heard without a break. */
  heardSinceMs: number;
  /** Of the latest probe that came, 0..255. */
  probeHeard: number | undefined;
  /** In doubt until then: something was missed a short while ago. */
  trustedAtMs: number;
  /** What the peer says of us. */
  heardBy: Hearing;
  /** How we heard the peer when that was last judged. */
  hearing: Hearing;
  /** What the route was made by: either side doubts. */
  inDoubt: boolean;
  probeDueMs: number;
  /** Of the next probe, 0..255. */
  probeNumber: number;
};

export type Links = {
  readonly config: LinksConfig;
  readonly carrier: ('up' | 'down')[];
  /** By peer, then by link. */
  readonly paths: Map<number, Path[]>;
  /** By peer: the links its datagrams take now. */
  readonly routes: Map<number, readonly number[]>;
  started: boolean;
};

export type LinkHealth = { readonly peer: number; readonly link: number; readonly health: 'up' | 'down' };

export function createLinks(config: LinksConfig): Links {
  assert(config.linkCount >= 1 && config.linkCount <= linksMax, `1 to ${linksMax} links, not ${config.linkCount}`);
  const numbers = Array.from({ length: config.linkCount }, (_, link) => link);
  const links: Links = {
    config,
    carrier: numbers.map(() => 'up'),
    paths: new Map(config.peers.map((peer) => [peer, numbers.map(() => ({ ...freshPath(0), probeDueMs: Infinity }))])),
    routes: new Map(),
    started: false,
  };
  for (const peer of config.peers) reroute(links, peer);
  return links;
}

/** Other peers from now on; what is known of those that stay stays. */
export function setPeers(links: Links, peers: readonly number[], nowMs: number): void {
  for (const peer of links.paths.keys()) {
    if (peers.includes(peer)) continue;
    links.paths.delete(peer);
    links.routes.delete(peer);
  }
  for (const peer of peers) {
    if (links.paths.has(peer)) continue;
    links.paths.set(
      peer,
      links.carrier.map(() => freshPath(nowMs)),
    );
    reroute(links, peer);
  }
}

/** Changes `links` in place; answers what to do, in order. */
export function stepLinks(links: Links, event: LinksEvent): LinksEffect[] {
  switch (event.kind) {
    case 'start':
      return start(links, event.nowMs);
    case 'heard':
      return heard(links, event);
    case 'carrier':
      return carrierChanged(links, event);
    case 'deadline':
      return links.started ? examine(links, event.nowMs) : [];
  }
}

/** When to call `stepLinks` with a `deadline`; Infinity before the start. */
export function nextLinkDeadline(links: Links): number {
  let earliest = Infinity;
  for (const paths of links.paths.values()) {
    for (const path of paths) {
      earliest = Math.min(earliest, path.probeDueMs, judgedAtMs(path, links.config.timing));
    }
  }
  return links.started ? earliest : Infinity;
}

/** The links that a datagram to `peer` takes. Never empty: when all are down, all are tried. */
export function routeTo(links: Links, peer: number): readonly number[] {
  return links.routes.get(peer) ?? [0];
}

/** Every link to `peer` that may work: for what went unanswered on the links of its route. Never empty. */
export function usableLinks(links: Links, peer: number): readonly number[] {
  const paths = links.paths.get(peer) ?? [];
  const healthy = healthyOf(paths);
  return healthy.length > 0 ? healthy : links.carrier.map((_, link) => link);
}

export function linkHealth(links: Links): LinkHealth[] {
  return [...links.paths].flatMap(([peer, paths]) => paths.map(({ health }, link) => ({ peer, link, health })));
}

function freshPath(nowMs: number): Path {
  return {
    health: 'up',
    heardMs: nowMs,
    heardSinceMs: nowMs,
    probeHeard: undefined,
    trustedAtMs: nowMs,
    heardBy: 'well',
    hearing: 'well',
    inDoubt: false,
    probeDueMs: nowMs,
    probeNumber: 0,
  };
}

function start(links: Links, nowMs: number): LinksEffect[] {
  links.started = true;
  for (const paths of links.paths.values()) {
    for (const path of paths)
      Object.assign(path, { heardMs: nowMs, heardSinceMs: nowMs, trustedAtMs: nowMs, probeDueMs: nowMs });
  }
  return examine(links, nowMs);
}

function heard(links: Links, event: Extract<LinksEvent, { kind: 'heard' }>): LinksEffect[] {
  const path = links.paths.get(event.peer)?.[event.link];
  if (path === undefined) return [];
  const { nowMs, probe } = event;
  const { doubtMs, upMs } = links.config.timing;
  if (hearingOf(links, path, nowMs) === 'not') path.heardSinceMs = nowMs;
  if (nowMs >= path.heardMs + doubtMs || (probe !== undefined && isProbeMissing(path, probe)))
    path.trustedAtMs = nowMs + upMs;
  path.heardMs = nowMs;
  if (probe !== undefined) {
    path.heardBy = probe.hearing;
    path.probeHeard = probe.number;
  }
  return judge(links, { peer: event.peer, link: event.link, nowMs });
}

/** One between this probe and the one before it did not come. A peer that starts again counts as a loss: it does no harm. */
function isProbeMissing({ probeHeard }: Path, { number }: Probe): boolean {
  return probeHeard !== undefined && number !== (probeHeard + 1) % probeNumbers;
}

function carrierChanged(links: Links, event: Extract<LinksEvent, { kind: 'carrier' }>): LinksEffect[] {
  const { link, nowMs } = event;
  if (links.carrier[link] === undefined) return [];
  links.carrier[link] = event.state;
  return [...links.paths].flatMap(([peer, paths]) => {
    const path = paths[link];
    // What was heard before the carrier went says nothing about the link that comes back.
    if (path !== undefined && event.state === 'up') path.heardSinceMs = nowMs;
    return judge(links, { peer, link, nowMs });
  });
}

function examine(links: Links, nowMs: number): LinksEffect[] {
  const effects: LinksEffect[] = [];
  for (const [peer, paths] of links.paths) {
    paths.forEach((path, link) => {
      for (const effect of judge(links, { peer, link, nowMs })) effects.push(effect);
      if (path.probeDueMs > nowMs) return;
      path.probeDueMs = nowMs + links.config.timing.probeMs;
      if (links.carrier[link] === 'down') return;
      const hearing = hearingOf(links, path, nowMs);
      effects.push({ kind: 'probe', peer, link, bytes: encodeProbe(link, { hearing, number: path.probeNumber }) });
      path.probeNumber = (path.probeNumber + 1) % probeNumbers;
    });
  }
  return effects;
}

function judge(links: Links, at: { peer: number; link: number; nowMs: number }): LinksEffect[] {
  const path = links.paths.get(at.peer)?.[at.link];
  if (path === undefined) return [];
  const reason = troubleOf(links, path, at);
  if (path.health === 'up' && reason !== undefined) {
    path.health = 'down';
    reroute(links, at.peer);
    return [{ kind: 'link-down', peer: at.peer, link: at.link, reason }];
  }
  const steady = at.nowMs - path.heardSinceMs >= links.config.timing.upMs;
  if (path.health === 'down' && reason === undefined && steady) {
    path.health = 'up';
    reroute(links, at.peer);
    return [{ kind: 'link-up', peer: at.peer, link: at.link }];
  }
  noteDoubt(links, path, at);
  return [];
}

function noteDoubt(links: Links, path: Path, at: { peer: number; nowMs: number }): void {
  const hearing = hearingOf(links, path, at.nowMs);
  // The other side is to know at once, not with the next probe.
  if (hearing === 'in-doubt' && path.hearing === 'well') path.probeDueMs = at.nowMs;
  path.hearing = hearing;
  const inDoubt = hearing !== 'well' || path.heardBy === 'in-doubt';
  if (inDoubt === path.inDoubt) return;
  path.inDoubt = inDoubt;
  reroute(links, at.peer);
}

function judgedAtMs(path: Path, { doubtMs, downMs }: LinkTiming): number {
  if (path.health === 'down') return Infinity;
  return path.heardMs + (path.hearing === 'well' ? doubtMs : downMs);
}

function troubleOf(links: Links, path: Path, at: { link: number; nowMs: number }): LinkDownReason | undefined {
  if (links.carrier[at.link] === 'down') return 'carrier';
  if (hearingOf(links, path, at.nowMs) === 'not') return 'silent';
  return path.heardBy === 'not' ? 'one-way' : undefined;
}

/** By the same sums as `judgedAtMs`, so that a judgement that is due changes something. */
function hearingOf(links: Links, { heardMs, trustedAtMs }: Path, nowMs: number): Hearing {
  const { doubtMs, downMs } = links.config.timing;
  if (nowMs >= heardMs + downMs) return 'not';
  return nowMs >= heardMs + doubtMs || nowMs < trustedAtMs ? 'in-doubt' : 'well';
}

function reroute(links: Links, peer: number): void {
  const paths = links.paths.get(peer) ?? [];
  const healthy = healthyOf(paths);
  const usable = usableLinks(links, peer);
  const sure = healthy.findIndex((link) => paths[link]?.inDoubt === false);
  const passive = links.config.mode === 'passive' && sure >= 0;
  links.routes.set(peer, passive ? usable.slice(0, sure + 1) : usable);
}

function healthyOf(paths: readonly Path[]): number[] {
  return paths.flatMap((path, link) => (path.health === 'up' ? [link] : []));
}

const probeMagic = [0x48, 0x70] as const;
const probeBytes = 5;
const probeNumbers = 256;

const hearings: readonly Hearing[] = ['not', 'well', 'in-doubt'];

/** 'H' 'p', the link's number, how the sender hears the receiver on it, the probe's number. Sealed like everything else. */
function encodeProbe(link: number, { hearing, number }: Probe): Uint8Array {
  return Uint8Array.of(...probeMagic, link, hearings.indexOf(hearing), number);
}

/** Undefined: not a probe, so a ring message. */
export function decodeProbe(bytes: Uint8Array): (Probe & { readonly link: number }) | undefined {
  if (bytes.length !== probeBytes || bytes[0] !== probeMagic[0] || bytes[1] !== probeMagic[1]) return undefined;
  return { link: bytes[2] ?? 0, hearing: hearings[bytes[3] ?? 0] ?? 'not', number: bytes[4] ?? 0 };
}

const announcementBytes = 8;
const announcementMark = 2;

/** 'H' 'p', the link's number, 2, and who says so: to a group, on a link where somebody's address is still unknown. */
export function encodeAnnouncement(link: number, nodeId: number): Uint8Array {
  const bytes = new Uint8Array(announcementBytes);
  bytes.set([...probeMagic, link, announcementMark]);
  new DataView(bytes.buffer).setUint32(4, nodeId);
  return bytes;
}

/** The node that announces itself; undefined: not an announcement. */
export function decodeAnnouncement(bytes: Uint8Array): number | undefined {
  if (bytes.length !== announcementBytes || bytes[0] !== probeMagic[0] || bytes[1] !== probeMagic[1]) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(4);
}
