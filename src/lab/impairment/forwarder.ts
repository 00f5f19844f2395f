// The forwarder's own process, in the switch: takes frames from a host's port and from the bridge's, and passes them on as
// a bad link would. It ends when the bridge's side is taken away.
import { CommandFailure } from '../../kit/index.ts';
import {
  linkByName,
  monotonicMs,
  openPacketSocket,
  openRouteSocket,
  orFail,
  type PacketSocket,
  setRealTime,
  settleWatchMethod,
} from '../../linux/index.ts';
import { completeChecksum } from './checksum.ts';
import { Impairment, type ImpairmentOptions } from './impairment.ts';

export type ForwarderOptions = ImpairmentOptions & {
  readonly hostPort: string;
  readonly bridgePort: string;
  /** Which frames suffer, seen from the host. */
  readonly direction: 'in' | 'out' | 'both';
};

/** A link that holds more than this drops, like any queue. */
const framesWaitingMax = 10_000;
const realTimePriority = 2;

/** @param text a `ForwarderOptions` in JSON */
export async function runForwarder(text: string): Promise<void> {
  const options = JSON.parse(text) as ForwarderOptions;
  await settleWatchMethod();
  void setRealTime(realTimePriority);
  const [host, bridge] = [openSide(options.hostPort), openSide(options.bridgePort)];
  const impaired = (direction: 'in' | 'out') => options.direction === 'both' || options.direction === direction;
  forward(host, bridge, new Impairment(impaired('out') ? options : {}, 'out'));
  forward(bridge, host, new Impairment(impaired('in') ? options : {}, 'in'));
  process.stdout.write('ready\n');
}

type Side = { readonly socket: PacketSocket; readonly index: number; readonly name: string };

function openSide(name: string): Side {
  const routes = orFail(openRouteSocket());
  const link = orFail(linkByName(routes, name));
  routes.close();
  if (link === undefined) throw new CommandFailure({ kind: 'not-found', what: `the switch has no port ${name}` });
  const { index } = link;
  const socket = orFail(
    openPacketSocket({ etherType: 'all', interfaceIndex: index, outgoing: 'ignore', promiscuous: 'yes' }),
  );
  return { socket, index, name };
}

function forward(from: Side, to: Side, impairment: Impairment): void {
  const line = new DelayLine((frame) => void to.socket.send(frame, to.index));
  orFail(
    from.socket.listen({
      onFrame: ({ bytes }) => {
        const nowMs = monotonicMs();
        completeChecksum(bytes);
        for (const atMs of impairment.deliveries(nowMs)) line.put(bytes, atMs, nowMs);
      },
      onError: () => {
        if (!isThere(from.name)) process.exit(0);
      },
    }),
  );
}

/** A port that is down comes up again; one that is gone ends the forwarder. */
function isThere(name: string): boolean {
  const routes = orFail(openRouteSocket());
  const link = orFail(linkByName(routes, name));
  routes.close();
  return link !== undefined;
}

/** Frames on their way, handed over in the order of their times. */
class DelayLine {
  readonly #deliver: (frame: Buffer) => void;
  readonly #waiting: { readonly frame: Buffer; readonly atMs: number }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(deliver: (frame: Buffer) => void) {
    this.#deliver = deliver;
  }

  put(frame: Buffer, atMs: number, nowMs: number): void {
    if (atMs <= nowMs && this.#waiting.length === 0) return this.#deliver(frame);
    if (this.#waiting.length >= framesWaitingMax) return;
    let place = this.#waiting.length;
    while (place > 0 && (this.#waiting[place - 1]?.atMs ?? 0) > atMs) place--;
    this.#waiting.splice(place, 0, { frame, atMs });
    this.#arm(nowMs);
  }

  #arm(nowMs: number): void {
    clearTimeout(this.#timer);
    const first = this.#waiting[0];
    if (first !== undefined) this.#timer = setTimeout(() => this.#release(), Math.max(0, first.atMs - nowMs));
  }

  #release(): void {
    const nowMs = monotonicMs();
    while (this.#waiting[0] !== undefined && this.#waiting[0].atMs <= nowMs + 0.5) {
      const next = this.#waiting.shift();
      if (next !== undefined) this.#deliver(next.frame);
    }
    this.#arm(nowMs);
  }
}
