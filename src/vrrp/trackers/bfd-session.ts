// A BFD session in asynchronous mode, RFC 5880 §6.8: both ends send at the slower of what one wants to send and the other
// wants to receive, and a session whose packets stop for the detection time is down. The three-way handshake Down, Init,
// Up makes sure that both hear each other. Variables carry the names of §6.8.1.
import { assert, type Random } from '../../kit/index.ts';
import type { BfdConfiguration, TrackerReport } from '../tracker.ts';
import { type BfdDiagnostic, type BfdPacket, type BfdState, decodeBfd, diagnostics, encodeBfd } from './bfd-packet.ts';

export type BfdSession = {
  readonly configuration: BfdConfiguration;
  readonly random: Random;
  readonly localDiscriminator: number;
  state: BfdState;
  diagnostic: BfdDiagnostic;
  /** What the other end said last; `minRxUs` 1 and the rest 0 before it has said anything. */
  remote: {
    discriminator: number;
    state: BfdState;
    minRxUs: number;
    desiredMinTxUs: number;
    detectMultiplier: number;
  };
  desiredMinTxUs: number;
  /** Sending faster than before must wait for nothing; sending slower waits until the other end knows. */
  usedMinTxUs: number;
  polling: boolean;
  nextSendMs: number;
  detectAtMs: number;
};

export type BfdEvent = { readonly nowMs: number } & (
  | { readonly kind: 'deadline' }
  /** `hopLimit`: TTL or hop limit as received. */
  | { readonly kind: 'packet'; readonly bytes: Uint8Array; readonly hopLimit: number | undefined }
  | { readonly kind: 'stop' }
);

export type BfdEffect =
  | { readonly kind: 'send'; readonly bytes: Uint8Array }
  | { readonly kind: 'report'; readonly report: TrackerReport }
  | { readonly kind: 'log'; readonly level: 'info' | 'detail'; readonly message: string };

/** keepalived.conf(5) max_hops: 255 disables the check. */
const anyHops = 255;
const silentRemote = { discriminator: 0, state: 'down', minRxUs: 1, desiredMinTxUs: 0, detectMultiplier: 0 } as const;

export function bfdSession(configuration: BfdConfiguration, random: Random, nowMs: number): BfdSession {
  return {
    configuration,
    random,
    localDiscriminator: random.nextUint32() || 1,
    state: 'down',
    diagnostic: 'none',
    remote: { ...silentRemote },
    desiredMinTxUs: configuration.idleTxMs * 1000,
    usedMinTxUs: configuration.idleTxMs * 1000,
    polling: false,
    nextSendMs: nowMs,
    detectAtMs: Number.POSITIVE_INFINITY,
  };
}

export function stepBfd(session: BfdSession, event: BfdEvent): readonly BfdEffect[] {
  const effects: BfdEffect[] = [];
  if (event.kind === 'packet') receive(session, event, effects);
  else if (event.kind === 'stop') stop(session, effects);
  else passTime(session, event.nowMs, effects);
  return effects;
}

/** When stepBfd wants a `deadline` event. */
export function nextBfdDeadline(session: BfdSession): number {
  return Math.min(isSending(session) ? session.nextSendMs : Number.POSITIVE_INFINITY, session.detectAtMs);
}

export function bfdInvariants(session: BfdSession): void {
  assert(session.localDiscriminator !== 0, 'a session has a discriminator');
  assert(session.state !== 'up' || session.remote.discriminator !== 0, 'an up session knows the other end');
  assert(session.state === 'up' || session.desiredMinTxUs >= 1_000_000, 'RFC 5880 §6.8.3: slow until up');
}

/** §6.8.7: a passive end speaks when spoken to; an end that wants no packets gets none. */
function isSending({ configuration, remote, state }: BfdSession): boolean {
  if (state === 'admin-down') return false;
  return (remote.discriminator !== 0 || !configuration.passive) && remote.minRxUs !== 0;
}

function passTime(session: BfdSession, nowMs: number, effects: BfdEffect[]): void {
  if (nowMs >= session.detectAtMs) {
    session.detectAtMs = Number.POSITIVE_INFINITY;
    if (session.state === 'up' || session.state === 'init')
      change(session, 'down', 'detection-time-expired', nowMs, effects);
    // §6.8.1: after a detection time of silence the other end may have become another.
    session.remote = { ...silentRemote };
  }
  if (isSending(session) && nowMs >= session.nextSendMs) {
    send(session, { final: false }, effects);
    session.nextSendMs = nowMs + jittered(session);
  }
}

/** §6.8.6, in its order. */
function receive(
  session: BfdSession,
  { bytes, hopLimit, nowMs }: { bytes: Uint8Array; hopLimit: number | undefined; nowMs: number },
  effects: BfdEffect[],
): void {
  const packet = decodeBfd(bytes);
  const refusal = typeof packet === 'string' ? packet : refusalOf(session, packet, hopLimit);
  if (typeof packet === 'string' || refusal !== undefined) {
    effects.push({
      kind: 'log',
      level: 'detail',
      message: `BFD_Instance(${session.configuration.name}) discards a packet: ${refusal}`,
    });
    return;
  }
  const before = session.remote;
  session.remote = {
    discriminator: packet.myDiscriminator,
    state: packet.state,
    minRxUs: packet.requiredMinRxUs,
    desiredMinTxUs: packet.desiredMinTxUs,
    detectMultiplier: packet.detectMultiplier,
  };
  if (packet.final && session.polling) {
    session.polling = false;
    session.usedMinTxUs = session.desiredMinTxUs;
  }
  follow(session, packet.state, nowMs, effects);
  session.detectAtMs = nowMs + detectionMs(session);
  if (before.minRxUs !== session.remote.minRxUs || before.discriminator === 0) {
    session.nextSendMs = Math.min(session.nextSendMs, nowMs + jittered(session));
  }
  if (packet.poll) send(session, { final: true }, effects);
}

function refusalOf(session: BfdSession, packet: BfdPacket, hopLimit: number | undefined): string | undefined {
  const { ttl, hopsMax } = session.configuration;
  if (hopsMax !== anyHops && hopLimit !== undefined && hopLimit < ttl - hopsMax) {
    return `its TTL ${hopLimit} is below ${ttl - hopsMax}, so it came from further away than max_hops allows`;
  }
  if (session.state === 'admin-down') return 'the session is stopped';
  const { yourDiscriminator } = packet;
  if (yourDiscriminator !== 0 && yourDiscriminator !== session.localDiscriminator) return 'it is for another session';
  if (yourDiscriminator === 0 && packet.state !== 'down' && packet.state !== 'admin-down') {
    return `it says ${packet.state} without knowing this session`;
  }
  return undefined;
}

function follow(session: BfdSession, remote: BfdState, nowMs: number, effects: BfdEffect[]): void {
  const { state } = session;
  if (remote === 'admin-down' || (remote === 'down' && state === 'up')) {
    if (state !== 'down') change(session, 'down', 'neighbour-signalled-down', nowMs, effects);
  } else if (state === 'down' && remote === 'down') change(session, 'init', 'none', nowMs, effects);
  else if (state === 'down' && remote === 'init') change(session, 'up', 'none', nowMs, effects);
  else if (state === 'init' && remote !== 'down') change(session, 'up', 'none', nowMs, effects);
}

function change(
  session: BfdSession,
  state: BfdState,
  diagnostic: BfdDiagnostic,
  nowMs: number,
  effects: BfdEffect[],
): void {
  const wasUp = session.state === 'up';
  session.state = state;
  session.diagnostic = diagnostic;
  wantTransmission(session, state === 'up' ? session.configuration.minTxMs : session.configuration.idleTxMs);
  // The other end is told at once, §6.8.7 permits it on any change.
  session.nextSendMs = nowMs;
  const why = diagnostic === 'none' ? '' : ` (${diagnostic.replaceAll('-', ' ')})`;
  const level = wasUp || state === 'up' ? 'info' : 'detail';
  effects.push({
    kind: 'log',
    level,
    message: `BFD_Instance(${session.configuration.name}) Entering ${state.toUpperCase()} state${why}`,
  });
  if (wasUp !== (state === 'up')) effects.push({ kind: 'report', report: { kind: state === 'up' ? 'up' : 'down' } });
}

/** §6.8.3: a change of interval is polled; a longer one counts only when the other end has confirmed it. */
function wantTransmission(session: BfdSession, minTxMs: number): void {
  const minTxUs = session.state === 'up' ? minTxMs * 1000 : Math.max(1_000_000, minTxMs * 1000);
  if (minTxUs === session.desiredMinTxUs) return;
  session.desiredMinTxUs = minTxUs;
  session.polling = session.state === 'up';
  if (!session.polling || minTxUs < session.usedMinTxUs) session.usedMinTxUs = minTxUs;
}

function stop(session: BfdSession, effects: BfdEffect[]): void {
  session.state = 'admin-down';
  session.diagnostic = 'admin-down';
  wantTransmission(session, session.configuration.idleTxMs);
  session.detectAtMs = Number.POSITIVE_INFINITY;
  if (session.remote.discriminator !== 0) send(session, { final: false }, effects);
}

function send(session: BfdSession, { final }: { readonly final: boolean }, effects: BfdEffect[]): void {
  const { configuration, remote } = session;
  const bytes = encodeBfd({
    diagnostic: diagnostics[session.diagnostic],
    state: session.state,
    poll: session.polling && !final,
    final,
    detectMultiplier: configuration.multiplier,
    myDiscriminator: session.localDiscriminator,
    yourDiscriminator: remote.discriminator,
    desiredMinTxUs: session.desiredMinTxUs,
    requiredMinRxUs: configuration.minRxMs * 1000,
  });
  effects.push({ kind: 'send', bytes });
}

/** §6.8.4: the other end's multiplier times the slower of what it sends and what is wanted here. */
function detectionMs({ configuration, remote }: BfdSession): number {
  return (remote.detectMultiplier * Math.max(configuration.minRxMs * 1000, remote.desiredMinTxUs)) / 1000;
}

/** §6.8.7: 75 to 100 % of the interval, so that two ends do not keep step; below 90 % when one loss is too many. */
function jittered(session: BfdSession): number {
  const intervalMs = Math.max(session.usedMinTxUs, session.remote.minRxUs) / 1000;
  const spread = session.configuration.multiplier === 1 ? 0.15 : 0.25;
  return intervalMs * (0.75 + session.random.fraction() * spread);
}
