// A connection to a D-Bus message bus over its Unix socket (D-Bus Specification, "Authentication Protocol", "Message Bus
// Specification"): one who asks, or who serves a name.
import { createConnection, type Socket } from 'node:net';
import { err, ok, type Result } from '../../kit/index.ts';
import { MalformedMessage, type Value } from '../dbus/marshalling.ts';
import { decodeMessage, encodeMessage, type Message, messageLength } from '../dbus/message.ts';

/** Why there is no answer: the bus is not there or went away, the time is over, or the other side refuses, by a name. */
export type BusError =
  | { readonly kind: 'unreachable' | 'lost' | 'timeout'; readonly message: string }
  | { readonly kind: 'refused'; readonly name: string; readonly message: string };

export type BusCall = {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature?: string;
  readonly arguments?: readonly Value[];
};

type Waiting = { readonly settle: (reply: Result<readonly Value[], BusError>) => void };

export const busItself = { destination: 'org.freedesktop.DBus', path: '/org/freedesktop/DBus' } as const;

const authenticationBytesMax = 4096;

export class BusConnection {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  #received = Buffer.alloc(0);
  #serial = 0;
  #phase: 'authentication' | 'messages' = 'authentication';
  #ended: BusError | undefined;
  #ready: (opened: BusError | undefined) => void = () => {};
  /** Signals and calls as they come; what it throws ends the program. */
  onMessage: (message: Message) => void = () => {};
  /** The connection is gone, also when it was closed here. */
  onEnd: (error: BusError) => void = () => {};

  private constructor(path: string) {
    this.#socket = createConnection(path);
    this.#socket.on('connect', () => this.#authenticate());
    this.#socket.on('data', (bytes) => this.#receive(bytes));
    this.#socket.on('error', ({ message }) => {
      const kind = this.#phase === 'messages' ? 'lost' : 'unreachable';
      this.#end({ kind, message: `the system bus at ${path}: ${message}` });
    });
    this.#socket.on('close', () => this.#end({ kind: 'lost', message: `the system bus at ${path} hung up` }));
  }

  /** Connects as this process's user, and introduces itself to the bus. `deadlineMs` is on the clock of performance.now(). */
  static async open(path: string, deadlineMs: number): Promise<Result<BusConnection, BusError>> {
    const connection = new BusConnection(path);
    const failed = await new Promise<BusError | undefined>((resolve) => {
      const timeout: BusError = { kind: 'timeout', message: `the system bus at ${path} does not answer` };
      const timer = setTimeout(() => resolve(timeout), Math.max(0, deadlineMs - performance.now()));
      connection.#ready = (error) => {
        clearTimeout(timer);
        resolve(error);
      };
    });
    const hello = { ...busItself, interface: 'org.freedesktop.DBus', member: 'Hello' };
    const greeted = failed === undefined ? await connection.call(hello, deadlineMs) : err(failed);
    if (greeted.ok) return ok(connection);
    connection.close();
    return greeted;
  }

  /** The values of the answer. Never rejects. */
  call(call: BusCall, deadlineMs: number): Promise<Result<readonly Value[], BusError>> {
    if (this.#ended !== undefined) return Promise.resolve(err(this.#ended));
    const { arguments: body = [], ...header } = call;
    return new Promise((resolve) => {
      const serial = this.send({ type: 'call', ...header, body });
      const expire = () => {
        this.#waiting.delete(serial);
        resolve(err({ kind: 'timeout', message: `${call.destination} did not answer to ${call.member} in time` }));
      };
      const timer = setTimeout(expire, Math.max(0, deadlineMs - performance.now()));
      const settle: Waiting['settle'] = (reply) => {
        clearTimeout(timer);
        resolve(reply);
      };
      this.#waiting.set(serial, { settle });
    });
  }

  /** Sends without waiting for anything. Answers the serial number. */
  send(message: Omit<Message, 'serial'>): number {
    const serial = ++this.#serial;
    this.#socket.write(encodeMessage({ ...message, serial }));
    return serial;
  }

  close(): void {
    this.#end({ kind: 'lost', message: 'the connection to the system bus was closed' });
  }

  /** SASL EXTERNAL: the kernel vouches for the user, whose number goes in hexadecimal digits of its decimal ones. */
  #authenticate(): void {
    const user = Buffer.from(String(process.geteuid?.() ?? 0)).toString('hex');
    this.#socket.write(`\0AUTH EXTERNAL ${user}\r\n`);
  }

  #receive(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    try {
      if (this.#phase === 'authentication' && !this.#authenticated()) return;
      this.#readMessages();
    } catch (thrown) {
      if (!(thrown instanceof MalformedMessage)) throw thrown;
      this.#end({ kind: 'lost', message: `the system bus: ${thrown.message}` });
    }
  }

  #authenticated(): boolean {
    const end = this.#received.indexOf('\r\n');
    if (end < 0 && this.#received.length < authenticationBytesMax) return false;
    const line = this.#received.toString('latin1', 0, Math.max(0, end));
    if (!line.startsWith('OK ')) {
      this.#end({ kind: 'unreachable', message: `the system bus does not let this user in: '${line}'` });
      return false;
    }
    this.#received = this.#received.subarray(end + 2);
    this.#phase = 'messages';
    this.#socket.write('BEGIN\r\n');
    this.#ready(undefined);
    return true;
  }

  #readMessages(): void {
    for (;;) {
      const length = messageLength(this.#received);
      if (length === undefined || this.#received.length < length) return;
      const message = decodeMessage(this.#received.subarray(0, length));
      this.#received = this.#received.subarray(length);
      if (message !== undefined) this.#take(message);
    }
  }

  #take(message: Message): void {
    if (message.type !== 'return' && message.type !== 'error') return this.onMessage(message);
    const waiting = this.#waiting.get(message.replySerial ?? 0);
    this.#waiting.delete(message.replySerial ?? 0);
    if (message.type === 'return') return waiting?.settle(ok(message.body));
    const name = message.errorName ?? '';
    waiting?.settle(err({ kind: 'refused', name, message: String(message.body[0] ?? name) }));
  }

  #end(error: BusError): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#socket.destroy();
    this.#ready(error);
    for (const { settle } of this.#waiting.values()) settle(err(error));
    this.#waiting.clear();
    this.onEnd(error);
  }
}
