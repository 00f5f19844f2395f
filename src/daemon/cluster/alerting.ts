// Calls alert agents for what happens. Each event is told by one member: the coordinator tells of the cluster (nodes,
// fencing, attributes), a node of its own resources. As with Pacemaker, agents run as the user hacluster where there is one.
import { accountOf, runChild } from '../../agents/index.ts';
import type { Instant, XmlElement } from '../../cib/index.ts';
import {
  type AlertCall,
  type AlertEvent,
  alertCallsFor,
  alertEventsOf,
  type ClusterMessage,
  fencingEvent,
} from '../../controller/index.ts';
import { BoundedQueue, type Logger } from '../../kit/index.ts';

/** An agent that hangs must not fill the machine with its like. */
const runningMax = 10;
const waitingMax = 1000;
const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Who this node is, and who coordinates. */
export type Voice = { readonly self: string; readonly coordinator: string | undefined };

/** What this node is to tell of, of what was said in the cluster. */
export function eventsToTell(message: ClusterMessage, { self, coordinator }: Voice): AlertEvent[] {
  switch (message.kind) {
    case 'status':
      return message.updates
        .flatMap((update) => (update.kind === 'node-history' ? [] : alertEventsOf(update)))
        .filter((event) => self === (event.kind === 'resource' ? event.node.name : coordinator));
    case 'fenced':
      return self === coordinator ? [fencingEvent(message)] : [];
    default:
      return [];
  }
}

export class Alerting {
  readonly #logger: Logger;
  readonly #waiting = new BoundedQueue<AlertCall>(waitingMax);
  #running = 0;
  #sequence = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  tell(cib: XmlElement, events: readonly AlertEvent[]): void {
    for (const event of events) {
      const calls = alertCallsFor(cib, event, { ...moment(), sequence: ++this.#sequence });
      for (const call of calls) {
        if (!this.#waiting.push(call))
          this.#logger.warning(`alert ${call.alert} is left out: ${waitingMax} are waiting already`);
      }
    }
    this.#next();
  }

  #next(): void {
    while (this.#running < runningMax) {
      const call = this.#waiting.shift();
      if (call === undefined) return;
      this.#running++;
      void this.#run(call).finally(() => {
        this.#running--;
        this.#next();
      });
    }
  }

  async #run({ alert, path: program, environment, timeoutMs }: AlertCall): Promise<void> {
    const account = accountOf('hacluster');
    const { result } = runChild({
      argv: [program],
      environment: { PATH: path, ...environment },
      timeoutMs,
      ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
    });
    const ended = await result;
    const failure = `alert ${alert} (${program})`;
    if (ended.kind === 'timeout') this.#logger.warning(`${failure} was killed: it took more than ${timeoutMs} ms`);
    if (ended.kind === 'not-started') this.#logger.warning(`${failure} cannot be run: ${ended.message}`);
    if (ended.kind === 'signalled') this.#logger.warning(`${failure} was ended by ${ended.signal}`);
    if (ended.kind === 'exited' && ended.code !== 0)
      this.#logger.warning(`${failure} answered ${ended.code}: ${ended.errors.trim()}`);
  }
}

function moment(): { readonly now: Instant; readonly microseconds: number } {
  const now = new Date();
  return {
    now: { epochSeconds: Math.floor(now.getTime() / 1000), offsetSeconds: -now.getTimezoneOffset() * 60 },
    microseconds: now.getMilliseconds() * 1000,
  };
}
