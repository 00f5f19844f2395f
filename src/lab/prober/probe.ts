// A prober seen from the lab: started in a client host, watched, and stopped for its report.
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import { CommandFailure } from '../../kit/index.ts';
import { programPath } from '../../linux/index.ts';
import type { Host, HostProcess } from '../host.ts';
import type { ProbeEvent } from './log.ts';
import {
  answerWithinDefaultMs,
  echoHttpPort,
  echoPort,
  everyDefaultMs,
  type ProbeReport,
  type ProberMessage,
  type ProberOptions,
  type Question,
} from './options.ts';

export type ProbeOptions = {
  /** The IPv4 or IPv6 address to ask, usually a virtual one. */
  readonly address: string;
  /** Default `udp`. */
  readonly ask?: Question;
  /** Default: each millisecond; each 10 for `tcp` and `http`. */
  readonly everyMs?: number;
  /** A later answer is none. Default 250. */
  readonly answerWithinMs?: number;
  /** Default: the responder's; for another server's, its own. */
  readonly port?: number;
  /** Of `http`. Default `/`. */
  readonly path?: string;
};

export type SeenListener = (seen: { readonly by: 'question' | 'arp'; readonly event: ProbeEvent }) => void;

/** Events kept for `sees`; a prober that reports more is watching a flapping address. */
const eventsKeptMax = 100_000;

/** A prober at work. */
export class Probe {
  readonly #process: HostProcess;
  readonly #messages: EventEmitter;
  readonly #report: Promise<ProbeReport>;
  /** What the question has shown; `sees` has looked at those before `#looked`. */
  readonly #events: ProbeEvent[] = [];
  #looked = 0;

  constructor(process: HostProcess, messages: EventEmitter) {
    this.#process = process;
    this.#messages = messages;
    this.#report = once(messages, 'report').then(([report]) => report as ProbeReport);
    // Looked at by `stop`; a prober that dies before is not an unhandled rejection.
    this.#report.catch(() => {});
    this.onSeen(({ by, event }) => {
      if (by === 'question' && this.#events.length < eventsKeptMax) this.#events.push(event);
    });
  }

  /** Told of each change, past and future, as it is seen: 20 ms later, an outage that begins `answerWithinMs` later. */
  onSeen(listener: SeenListener): void {
    for (const event of this.#events) listener({ by: 'question', event });
    this.#messages.on('seen', listener);
  }

  /** The next event that is wanted, after the one that the call before answered. @throws CommandFailure `timeout` */
  async sees(what: string, wanted: (event: ProbeEvent) => boolean, withinMs = 120_000): Promise<ProbeEvent> {
    const signal = AbortSignal.timeout(withinMs);
    for (;;) {
      const event = this.#events[this.#looked];
      if (event === undefined) await this.#nextEvent(what, signal, withinMs);
      else {
        this.#looked++;
        if (wanted(event)) return event;
      }
    }
  }

  /** Ends the questions and waits for the last answers. @throws CommandFailure `failed`: the prober died. */
  async stop(): Promise<ProbeReport> {
    this.#process.child.stdin?.end();
    return this.#report;
  }

  async #nextEvent(what: string, signal: AbortSignal, withinMs: number): Promise<void> {
    try {
      await once(this.#messages, 'seen', { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new CommandFailure({ kind: 'timeout', what: `the prober did not see ${what} in ${withinMs / 1000} s` });
    }
  }
}

/** Starts asking from `client`. @throws CommandFailure `not-found`: no route; `failed` with what the prober said. */
export async function startProbe(client: Host, options: ProbeOptions, hosts: readonly Host[]): Promise<Probe> {
  const complete = await completeOptions(client, options, hosts);
  const { NODE_EXTRA_CA_CERTS: _, ...environment } = process.env;
  const words = [process.execPath, programPath(), 'lab', 'prober', JSON.stringify(complete)];
  const started = client.spawn(words, { stdio: ['pipe', 'pipe', 'pipe'], env: environment });
  const messages = new EventEmitter();
  messages.setMaxListeners(0);
  const complaint: string[] = [];
  started.child.stderr?.on('data', (chunk: Buffer) => complaint.push(chunk.toString()));
  started.child.stdin?.on('error', () => {});
  if (started.child.stdout !== null) {
    createInterface({ input: started.child.stdout }).on('line', (line) => dispatch(messages, line));
  }
  void started.exited.then(
    (code) => messages.emit('error', died(client, complaint.join('').trim() || `exit code ${code}`)),
    (error: Error) => messages.emit('error', died(client, error.message)),
  );
  messages.on('error', () => {});
  const probe = new Probe(started, messages);
  await once(messages, 'asking');
  return probe;
}

function dispatch(messages: EventEmitter, line: string): void {
  const message = JSON.parse(line) as ProberMessage;
  switch (message.kind) {
    case 'asking':
      messages.emit('asking');
      return;
    case 'seen':
      messages.emit('seen', { by: message.by, event: message.event });
      return;
    case 'report':
      messages.emit('report', message.report);
      return;
    case 'failed':
      messages.emit('error', new CommandFailure({ kind: 'failed', what: message.what }));
  }
}

async function completeOptions(client: Host, options: ProbeOptions, hosts: readonly Host[]): Promise<ProberOptions> {
  const { address, ask = 'udp' } = options;
  const interfaceName = await interfaceTo(client, address);
  const macs = hosts.flatMap((host) => host.plan.interfaces.map((one) => [one.mac, host.name] as const));
  return {
    address,
    ask,
    everyMs: options.everyMs ?? everyDefaultMs[ask],
    answerWithinMs: options.answerWithinMs ?? answerWithinDefaultMs,
    port: options.port ?? (ask === 'http' ? echoHttpPort : echoPort),
    path: options.path ?? '/',
    interfaceName,
    hostOfMac: Object.fromEntries(macs),
  };
}

async function interfaceTo(client: Host, address: string): Promise<string> {
  const done = await client.run(['ip', '-json', 'route', 'get', address]);
  const [route] = done.code === 0 ? (JSON.parse(done.stdout) as { readonly dev?: string }[]) : [];
  if (route?.dev !== undefined) return route.dev;
  throw new CommandFailure({
    kind: 'not-found',
    what: `host '${client.name}' has no route to '${address}'`,
    why: done.stderr.trim() || 'no interface of it is in that network',
    fix: `Give it an address there: haven lab exec ${client.name} -- ip address add ADDRESS/PREFIX dev INTERFACE`,
  });
}

function died(client: Host, why: string): CommandFailure {
  return new CommandFailure({ kind: 'failed', what: `the prober in host '${client.name}' ended`, why });
}
