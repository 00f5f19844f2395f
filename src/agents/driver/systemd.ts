// systemd units as resources, over D-Bus (org.freedesktop.systemd1(5)).
//
// The reply to StartUnit only says that a job was queued: what came of it is told by the signal JobRemoved. A unit on its
// way between two states is waited for, each change of its properties being a signal too. Nothing is polled.
import { existsSync } from 'node:fs';
import { err, ok, type Result } from '../../kit/index.ts';
import type { Value, Variant } from '../dbus/marshalling.ts';
import type { Message } from '../dbus/message.ts';
import type { Operation } from '../environment.ts';
import type { OcfCode, Outcome } from '../outcome.ts';
import { BusConnection, type BusError, busItself } from './bus.ts';
import { DropIn, havenUnit } from './systemd-drop-in.ts';

/** Where systemd is met: the socket of its bus, and the folder that exists only when it runs (sd_booted(3)). */
export type SystemdPlaces = { readonly bus: string; readonly runtime: string };

export const standardSystemd: SystemdPlaces = {
  bus: '/run/dbus/system_bus_socket',
  runtime: '/run/systemd/system',
};

const service = 'org.freedesktop.systemd1';
const manager = { destination: service, path: '/org/freedesktop/systemd1', interface: `${service}.Manager` } as const;
const propertiesInterface = 'org.freedesktop.DBus.Properties';

const methods = { start: 'StartUnit', stop: 'StopUnit', restart: 'RestartUnit' } as const;
type Change = keyof typeof methods;
type Answer = Pick<Outcome, 'status' | 'code' | 'reason'>;

/** The outcome never rejects. `kill` stops waiting: a job that systemd has taken on goes on. */
export function runSystemdUnit(name: string, operation: Operation, places = standardSystemd) {
  const startedMs = performance.now();
  const deadlineMs = startedMs + operation.timeoutMs;
  let kill = () => {};
  let isKilled = false;
  const answered = BusConnection.open(places.bus, deadlineMs).then(async (bus) => {
    if (!bus.ok) return unanswered(bus.error, name, places);
    kill = () => bus.value.close();
    if (isKilled) kill();
    const done = await new SystemdUnit(bus.value, { unit: unitName(name), deadlineMs, places }).run(operation.action);
    bus.value.close();
    return done.ok ? done.value : unanswered(done.error, name, places);
  });
  const outcome = answered.then((answer): Outcome => {
    return { ...answer, output: '', durationMs: performance.now() - startedMs };
  });
  const killNow = () => {
    isKilled = true;
    kill();
  };
  return { outcome, kill: killNow };
}

/** What the unit says it is; undefined when there is none such. */
export async function describeUnit(
  name: string,
  timeoutMs: number,
  places = standardSystemd,
): Promise<Result<string | undefined, BusError>> {
  const deadlineMs = performance.now() + timeoutMs;
  const bus = await BusConnection.open(places.bus, deadlineMs);
  if (!bus.ok) return bus;
  const described = await new SystemdUnit(bus.value, { unit: unitName(name), deadlineMs, places }).description();
  bus.value.close();
  return described;
}

function unitName(name: string): string {
  return /\.(service|socket|target|mount|timer|path|slice|scope)$/.test(name) ? name : `${name}.service`;
}

type UnitRequest = { readonly unit: string; readonly deadlineMs: number; readonly places: SystemdPlaces };

/** One unit, over one connection that ends with the operation. */
class SystemdUnit {
  readonly #bus: BusConnection;
  readonly #unit: string;
  readonly #deadlineMs: number;
  readonly #dropIn: DropIn;
  #path = '';
  /** How the jobs ended that were removed since the signals were asked for. */
  readonly #jobResults = new Map<string, string>();
  #lost: BusError | undefined;
  /** Counts what was heard, so that nothing heard between a look and a wait is missed. */
  #heard = 0;
  #wake = () => {};

  constructor(bus: BusConnection, { unit, deadlineMs, places }: UnitRequest) {
    this.#bus = bus;
    this.#unit = unit;
    this.#deadlineMs = deadlineMs;
    this.#dropIn = new DropIn(places.runtime, unit);
    bus.onMessage = (message) => this.#hear(message);
    bus.onEnd = (error) => {
      this.#lost = error;
      this.#wake();
    };
  }

  async run(action: string): Promise<Result<Answer, BusError>> {
    const loaded = await this.#load();
    if (!loaded.ok) return isUnknownUnit(loaded.error) ? ok(this.#missing(action)) : loaded;
    switch (action) {
      case 'monitor':
      case 'status':
        return this.#monitor(loaded.value);
      case 'start':
      case 'stop':
      case 'restart':
        return this.#change(action, loaded.value);
      default:
        return ok({ status: 'not-supported', code: 3, reason: `a systemd unit knows no action '${action}'` });
    }
  }

  async description(): Promise<Result<string | undefined, BusError>> {
    const loaded = await this.#load();
    if (!loaded.ok) return isUnknownUnit(loaded.error) ? ok(undefined) : loaded;
    return loaded.value === 'not-found' ? ok(undefined) : this.#property('Description');
  }

  async #monitor(loadState: string): Promise<Result<Answer, BusError>> {
    const state = await this.#settled();
    if (!state.ok) return state;
    if (loadState === 'not-found' && state.value === 'inactive') return ok(this.#missing('monitor'));
    if (isUp(state.value)) return ok(done(0));
    const masked = loadState === 'masked' ? ' and masked' : '';
    return ok(done(7, state.value === 'inactive' && masked === '' ? '' : `'${this.#unit}' is ${state.value}${masked}`));
  }

  async #change(change: Change, loadState: string): Promise<Result<Answer, BusError>> {
    const before = await this.#property('ActiveState');
    if (!before.ok) return before;
    const isDown = before.value === 'inactive' || before.value === 'failed';
    if (change === 'stop' && isDown) return this.#released(done(0));
    const obstacle = change === 'stop' ? undefined : this.#obstacle(change, loadState);
    if (obstacle !== undefined) return ok(obstacle);
    const marked = change === 'stop' ? ok(undefined) : await this.#marked();
    if (!marked.ok) return marked;
    const queued = await this.#queue(change);
    if (!queued.ok) return isMasked(queued.error) ? ok(this.#masked()) : queued;
    const result = await this.#until(async () => ok(this.#jobResults.get(queued.value)));
    if (!result.ok) return result;
    if (result.value !== 'done') return ok(done(1, this.#failure(change, result.value)));
    if (change === 'stop') return this.#released(done(0));
    const state = await this.#settled();
    if (!state.ok) return state;
    const good = isUp(state.value);
    const hint = 'look with systemctl status; a oneshot service needs RemainAfterExit=yes to count as running';
    return ok(good ? done(0) : done(1, `'${this.#unit}' is ${state.value} after its ${change}: ${hint}`));
  }

  /** Tells systemd, before the unit starts, that the cluster has it in hand. */
  async #marked(): Promise<Result<undefined, BusError>> {
    const written = this.#dropIn.write();
    if (!written.ok) return err({ kind: 'unreachable', message: written.error });
    return written.value === 'there' ? ok(undefined) : this.#reload();
  }

  /** The unit is systemd's alone again. */
  async #released(answer: Answer): Promise<Result<Answer, BusError>> {
    if (!this.#dropIn.remove()) return ok(answer);
    const reloaded = await this.#reload();
    return reloaded.ok ? ok(answer) : reloaded;
  }

  async #reload(): Promise<Result<undefined, BusError>> {
    const reloaded = await this.#manager('Reload');
    return reloaded.ok ? ok(undefined) : reloaded;
  }

  #obstacle(change: Change, loadState: string): Answer | undefined {
    switch (loadState) {
      case 'loaded':
      case 'merged':
        return undefined;
      case 'not-found':
        return this.#missing(change);
      case 'masked':
        return this.#masked();
      default: {
        const why = `systemd cannot load the unit '${this.#unit}' (${loadState})`;
        return notInstalled(`${why}: systemd-analyze verify ${this.#unit} says what is wrong with it`);
      }
    }
  }

  /** Stopping what does not exist is done. */
  #missing(action: string): Answer {
    if (action === 'stop') return done(0);
    return notInstalled(`there is no unit '${this.#unit}' on this node: install its package, or correct the name`);
  }

  #masked(): Answer {
    return notInstalled(`the unit '${this.#unit}' is masked on this node: systemctl unmask ${this.#unit} frees it`);
  }

  #failure(change: Change, result: string): string {
    const hints: Readonly<Record<string, string>> = {
      canceled: 'another job took its place',
      timeout: "systemd's own time for it was over",
      dependency: 'a unit that it depends on failed',
      skipped: 'a condition of the unit does not hold',
    };
    const hint = hints[result] ?? `journalctl -u ${this.#unit} says why`;
    return `the ${change} of '${this.#unit}' ended as '${result}': ${hint}`;
  }

  /** Answers the path of the job. */
  async #queue(change: Change): Promise<Result<string, BusError>> {
    const listening = await this.#listen(`interface='${manager.interface}',member='JobRemoved'`);
    // Without a subscriber the manager sends no signals; the connection's end ends the subscription.
    const subscribed = listening.ok ? await this.#manager('Subscribe') : listening;
    if (!subscribed.ok) return subscribed;
    const queued = firstText(await this.#manager(methods[change], this.#unit, 'replace'));
    if (change !== 'stop' || !queued.ok) return queued;
    const held = await this.#isHeldByHaven();
    if (!held.ok || !held.value) return held.ok ? queued : held;
    return firstText(await this.#manager(methods.stop, this.#unit, 'ignore-dependencies'));
  }

  /**
   * While systemd stops Haven, a unit that is to stop after it waits for it, and it for the unit. What depends on the unit was
   * queued with it; its own job is let out of the order.
   */
  async #isHeldByHaven(): Promise<Result<boolean, BusError>> {
    const path = firstText(await this.#manager('LoadUnit', havenUnit));
    if (!path.ok) return isUnknownUnit(path.error) ? ok(false) : path;
    const state = await this.#property('ActiveState', path.value);
    return state.ok ? ok(state.value === 'deactivating') : state;
  }

  async #load(): Promise<Result<string, BusError>> {
    const path = firstText(await this.#manager('LoadUnit', this.#unit));
    if (!path.ok) return path;
    this.#path = path.value;
    return this.#property('LoadState');
  }

  /** The ActiveState, once the unit is not on its way to another. */
  async #settled(): Promise<Result<string, BusError>> {
    const first = await this.#property('ActiveState');
    if (!first.ok || !isPassing(first.value)) return first;
    const listening = await this.#listen(`interface='${propertiesInterface}',path='${this.#path}'`);
    const subscribed = listening.ok ? await this.#manager('Subscribe') : listening;
    if (!subscribed.ok) return subscribed;
    return this.#until(async () => {
      const state = await this.#property('ActiveState');
      return state.ok && isPassing(state.value) ? ok(undefined) : state;
    });
  }

  /** Looks now and after everything heard, until there is something to see. */
  async #until(look: () => Promise<Result<string | undefined, BusError>>): Promise<Result<string, BusError>> {
    for (;;) {
      const heard = this.#heard;
      const seen = await look();
      if (!seen.ok) return seen;
      if (seen.value !== undefined) return ok(seen.value);
      if (this.#lost !== undefined) return err(this.#lost);
      if (performance.now() >= this.#deadlineMs)
        return err({ kind: 'timeout', message: `'${this.#unit}' did not get there in time` });
      if (heard === this.#heard) await this.#news();
    }
  }

  #news(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake(), Math.max(0, Math.ceil(this.#deadlineMs - performance.now())));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #hear(message: Message): void {
    if (message.type !== 'signal') return;
    const [, job, , result] = message.body;
    if (message.member === 'JobRemoved') this.#jobResults.set(String(job), String(result));
    this.#heard++;
    this.#wake();
  }

  #listen(rule: string): Promise<Result<readonly Value[], BusError>> {
    const match = `type='signal',sender='${service}',${rule}`;
    const call = { ...busItself, interface: 'org.freedesktop.DBus', member: 'AddMatch' };
    return this.#bus.call({ ...call, signature: 's', arguments: [match] }, this.#deadlineMs);
  }

  #manager(member: string, ...values: readonly string[]): Promise<Result<readonly Value[], BusError>> {
    const call = { ...manager, member, signature: 's'.repeat(values.length), arguments: values };
    return this.#bus.call(call, this.#deadlineMs);
  }

  async #property(name: string, path = this.#path): Promise<Result<string, BusError>> {
    const target = { destination: service, path, interface: propertiesInterface, member: 'Get' };
    const call = { ...target, signature: 'ss', arguments: [`${service}.Unit`, name] };
    const answer = await this.#bus.call(call, this.#deadlineMs);
    return answer.ok ? ok(String((answer.value[0] as Variant).value)) : answer;
  }
}

function firstText(answer: Result<readonly Value[], BusError>): Result<string, BusError> {
  return answer.ok ? ok(String(answer.value[0])) : answer;
}

function done(code: OcfCode, reason = ''): Answer {
  return { status: 'done', code, reason };
}

function notInstalled(reason: string): Answer {
  return { status: 'not-installed', code: 5, reason };
}

/** A node without systemd cannot have the unit; one whose bus is away for the moment may. */
function unanswered(error: BusError, name: string, places: SystemdPlaces): Answer {
  const isAbsent = error.kind === 'refused' && /\.(ServiceUnknown|NameHasNoOwner)$/.test(error.name);
  const isUnbooted = error.kind === 'unreachable' && !existsSync(places.runtime);
  if (isAbsent || isUnbooted)
    return notInstalled(`systemd does not run on this machine, so the unit '${name}' cannot be used here`);
  if (error.kind === 'timeout') return { status: 'timeout', code: 1, reason: error.message };
  return { status: 'error', code: 1, reason: error.message };
}

function isUnknownUnit(error: BusError): boolean {
  return error.kind === 'refused' && /\.(NoSuchUnit|LoadFailed)$/.test(error.name);
}

function isMasked(error: BusError): boolean {
  return error.kind === 'refused' && error.name.endsWith('.UnitMasked');
}

function isPassing(activeState: string): boolean {
  return activeState === 'activating' || activeState === 'deactivating';
}

function isUp(activeState: string): boolean {
  return activeState === 'active' || activeState === 'reloading' || activeState === 'refreshing';
}
