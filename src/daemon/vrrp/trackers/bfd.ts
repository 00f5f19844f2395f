// Runs the BFD sessions: one socket for what arrives (RFC 5881 §4, port 3784), one for each session to send from.
import { formatFailure, Random } from '../../../kit/index.ts';
import {
  type IpSocket,
  kernelFailure,
  monotonicMs,
  openUdpSocket,
  type ReceivedMessage,
} from '../../../linux/index.ts';
import {
  type BfdConfiguration,
  type BfdEffect,
  type BfdEvent,
  type BfdSession,
  bfdSession,
  canonicalAddress,
  nextBfdDeadline,
  stepBfd,
} from '../../../vrrp/index.ts';
import type { TrackerNews } from '../message.ts';
import { Alarm } from './alarm.ts';
import { logLevelOf, type TrackerListener } from './listener.ts';

const controlPort = 3784;
/** RFC 5881 §4: the source port is in this range, one for each session. */
const sourcePorts = { first: 49_152, last: 65_535 };
/** Class selector 6, as routing protocols use. */
const trafficClass = 0xc0;

type RunningSession = { readonly session: BfdSession; readonly socket: IpSocket; readonly alarm: Alarm };

export class BfdSessions {
  readonly #listener: TrackerListener;
  readonly #random = new Random(`${process.pid} ${process.hrtime.bigint()}`);
  readonly #sessions: RunningSession[] = [];
  readonly #receivers: IpSocket[] = [];

  constructor(configurations: readonly BfdConfiguration[], listener: TrackerListener) {
    this.#listener = listener;
    for (const configuration of configurations) this.#start(configuration);
    const families = new Set(configurations.map(({ neighbour }) => familyOf(neighbour)));
    for (const family of families) this.#receive(family);
  }

  /** A session that could not be started is down. */
  reports(): readonly TrackerNews[] {
    return this.#sessions.map(({ session }) => ({
      tracker: 'bfd',
      name: session.configuration.name,
      report: { kind: session.state === 'up' ? 'up' : 'down' },
    }));
  }

  close(): void {
    for (const running of this.#sessions) {
      this.#step(running, { kind: 'stop' });
      running.alarm.close();
      running.socket.close();
    }
    for (const socket of this.#receivers) socket.close();
  }

  #start(configuration: BfdConfiguration): void {
    this.#listener.onNews({ tracker: 'bfd', name: configuration.name, report: { kind: 'down' } });
    const socket = this.#openSender(configuration);
    if (socket === undefined) return;
    const session = bfdSession(configuration, this.#random.fork(configuration.name), monotonicMs());
    const running: RunningSession = {
      session,
      socket,
      alarm: new Alarm(() => this.#step(running, { kind: 'deadline' })),
    };
    this.#sessions.push(running);
    running.alarm.set(nextBfdDeadline(session));
  }

  #openSender({ name, neighbour, source, ttl }: BfdConfiguration): IpSocket | undefined {
    const family = familyOf(neighbour);
    const address = source === undefined ? {} : { address: source };
    for (let tries = 0; tries < 20; tries++) {
      const port = this.#random.between(sourcePorts.first, sourcePorts.last);
      const opened = openUdpSocket({ family, port, hopLimit: ttl, trafficClass, ...address });
      if (opened.ok) return opened.value;
      if (opened.error.errno === 'EADDRINUSE') continue;
      this.#listener.log('error', `BFD_Instance(${name}): ${formatFailure(kernelFailure(opened.error))}`);
      return undefined;
    }
    this.#listener.log('error', `BFD_Instance(${name}): no free source port was found`);
    return undefined;
  }

  #receive(family: 'ipv4' | 'ipv6'): void {
    const opened = openUdpSocket({ family, port: controlPort });
    if (!opened.ok) {
      this.#listener.log('error', formatFailure(kernelFailure(opened.error)));
      return;
    }
    this.#receivers.push(opened.value);
    opened.value.listen({
      onMessage: (message) => this.#hear(message),
      onError: (error) => this.#listener.log('warning', formatFailure(kernelFailure(error))),
    });
  }

  /** By the addresses: one session a pair of addresses, RFC 5881 §3. */
  #hear({ source: { address }, bytes, hopLimit }: ReceivedMessage): void {
    const source = canonicalAddress(address);
    for (const running of this.#sessions) {
      if (running.session.configuration.neighbour !== source) continue;
      this.#step(running, { kind: 'packet', bytes, hopLimit });
    }
  }

  #step(running: RunningSession, event: EventWithoutTime): void {
    for (const effect of stepBfd(running.session, { ...event, nowMs: monotonicMs() })) this.#carryOut(running, effect);
    running.alarm.set(nextBfdDeadline(running.session));
  }

  #carryOut({ session, socket }: RunningSession, effect: BfdEffect): void {
    const { name, neighbour } = session.configuration;
    if (effect.kind === 'log') this.#listener.log(logLevelOf(effect.level), effect.message);
    else if (effect.kind === 'report') this.#listener.onNews({ tracker: 'bfd', name, report: effect.report });
    else {
      // A neighbour that cannot be reached is what the session is there to find out.
      socket.send(effect.bytes, { to: { address: neighbour, port: controlPort } });
    }
  }
}

type EventWithoutTime = BfdEvent extends infer Event ? (Event extends BfdEvent ? Omit<Event, 'nowMs'> : never) : never;

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}
