// A bus of one's own, and on it a manager of units that answers like systemd's. The bus is the real dbus-daemon.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Value } from '../dbus/marshalling.ts';
import type { Message } from '../dbus/message.ts';
import { BusConnection, busItself } from '../driver/bus.ts';

export class TestBus {
  readonly path: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'haven-bus-'));
  #daemon: ChildProcess | undefined;

  constructor() {
    this.path = join(this.#folder, 'socket');
  }

  async start(): Promise<void> {
    const allowed = '<allow send_destination="*" eavesdrop="true"/><allow own="*"/><allow receive_sender="*"/>';
    const policy = `<policy context="default">${allowed}</policy><auth>EXTERNAL</auth>`;
    const file = join(this.#folder, 'bus.conf');
    writeFileSync(file, `<busconfig><type>session</type><listen>unix:path=${this.path}</listen>${policy}</busconfig>`);
    this.#daemon = spawn('dbus-daemon', ['--nofork', '--nopidfile', `--config-file=${file}`], { stdio: 'ignore' });
    // Its socket is there before it listens.
    const deadlineMs = performance.now() + 60_000;
    for (let last = 'it has not been asked'; last !== ''; ) {
      if (performance.now() > deadlineMs) throw new Error(`the bus does not listen: ${last}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      const opened = await BusConnection.open(this.path, deadlineMs);
      last = opened.ok ? '' : opened.error.message;
      if (opened.ok) opened.value.close();
    }
  }

  /** As when the bus crashes. */
  kill(): void {
    this.#daemon?.kill('SIGKILL');
  }

  remove(): void {
    this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export type FakeUnit = {
  load: string;
  active: string;
  /** How its next job ends; `never` leaves it queued. */
  result: string;
  /** The state after the job, where it is not the one asked for. */
  afterJob?: string;
};

export class FakeManager {
  readonly units = new Map<string, FakeUnit>();
  /** Calls as they came: `StartUnit web.service replace`. */
  readonly calls: string[] = [];
  readonly #connection: BusConnection;

  private constructor(connection: BusConnection) {
    this.#connection = connection;
    connection.onMessage = (message) => this.#serve(message);
  }

  static async on(path: string): Promise<FakeManager> {
    const deadlineMs = performance.now() + 30_000;
    const opened = await BusConnection.open(path, deadlineMs);
    if (!opened.ok) throw new Error(opened.error.message);
    const manager = new FakeManager(opened.value);
    const request = { ...busItself, interface: 'org.freedesktop.DBus', member: 'RequestName' };
    const call = { ...request, signature: 'su', arguments: ['org.freedesktop.systemd1', 0] };
    const owned = await opened.value.call(call, deadlineMs);
    if (!owned.ok) throw new Error(owned.error.message);
    return manager;
  }

  unit(name: string, unit: Partial<FakeUnit>): void {
    this.units.set(name, { load: 'loaded', active: 'inactive', result: 'done', ...unit });
  }

  /** The unit changes by itself, and systemd says so. */
  become(name: string, active: string): void {
    const unit = this.units.get(name);
    if (unit !== undefined) unit.active = active;
    const at = { path: pathOf(name), interface: 'org.freedesktop.DBus.Properties', member: 'PropertiesChanged' };
    const changed = [['ActiveState', { signature: 's', value: active }]];
    const body: Value[] = ['org.freedesktop.systemd1.Unit', changed, []];
    this.#connection.send({ type: 'signal', ...at, signature: 'sa{sv}as', body });
  }

  close(): void {
    this.#connection.close();
  }

  #serve(message: Message): void {
    if (message.type !== 'call') return;
    const words = message.body.map(String);
    const [name = '', property = ''] = words;
    this.calls.push([message.member, ...words].join(' '));
    switch (message.member) {
      case 'Subscribe':
      case 'Reload':
        return this.#reply(message, '', []);
      case 'LoadUnit':
        if (!this.units.has(name)) this.unit(name, { load: 'not-found' });
        return this.#reply(message, 'o', [pathOf(name)]);
      case 'Get': {
        const found = [...this.units].find(([known]) => pathOf(known) === message.path);
        const [unitName = '', unit] = found ?? [];
        const values = { LoadState: unit?.load, ActiveState: unit?.active, Description: `The service ${unitName}` };
        return this.#reply(message, 'v', [{ signature: 's', value: values[property as keyof typeof values] ?? '' }]);
      }
      default:
        return this.#job(message, name);
    }
  }

  #job(message: Message, name: string): void {
    const job = `/org/freedesktop/systemd1/job/${this.calls.length}`;
    const unit = this.units.get(name);
    this.#reply(message, 'o', [job]);
    if (unit === undefined || unit.result === 'never') return;
    if (unit.result === 'done') unit.active = unit.afterJob ?? (message.member === 'StopUnit' ? 'inactive' : 'active');
    else unit.active = 'failed';
    const at = { path: '/org/freedesktop/systemd1', interface: 'org.freedesktop.systemd1.Manager' };
    const body = [this.calls.length, job, name, unit.result];
    this.#connection.send({ type: 'signal', ...at, member: 'JobRemoved', signature: 'uoss', body });
  }

  #reply(to: Message, signature: string, body: readonly Value[]): void {
    const destination = to.sender ?? '';
    this.#connection.send({ type: 'return', replySerial: to.serial, destination, signature, body });
  }
}

function pathOf(unit: string): string {
  return `/org/freedesktop/systemd1/unit/${unit.replace(/[^A-Za-z0-9]/g, (sign) => `_${sign.charCodeAt(0).toString(16)}`)}`;
}
