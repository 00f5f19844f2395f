// Tells the administrator's scripts and FIFOs what happened, strictly in order: for each instance or group one script
// runs at a time, and the next one begins when it has ended. FIFO lines are written at once, in the order of all news.
import { BoundedQueue } from '../../kit/index.ts';
import type { ScriptUser, VrrpConfiguration } from '../configuration.ts';
import { fifoLine, type Notification, type NotifyConfiguration, scriptsFor } from '../notification.ts';
import { type NotifyFifo, openNotifyFifo } from './notify-fifo.ts';
import { runScript, type ScriptCall, type ScriptRun } from './script-run.ts';

/** News kept for one instance while its script runs; a thousand changes behind, order no longer matters to anyone. */
const scriptsMax = 1000;
/** A script that others wait for is asked to end after this time, and killed after that. */
const patienceMs = 60_000;
const terminationMs = 2000;

export type NotifierLog = (level: 'warning' | 'info' | 'detail', message: string) => void;

export class Notifier {
  readonly #log: NotifierLog;
  #notify = new Map<string, NotifyConfiguration>();
  #scriptUser: ScriptUser | undefined;
  #lines = new Map<string, ScriptLine>();
  /** The state each instance and group was last said to be in: said again after a reload where that is asked for. */
  readonly #states = new Map<string, string>();
  #fifos: readonly NotifyFifo[] = [];
  #fifoPaths = '';

  constructor(configuration: VrrpConfiguration, log: NotifierLog) {
    this.#log = log;
    this.reconfigure(configuration);
  }

  /** What a reload removed keeps its scripts: its last news is still on its way. */
  reconfigure(configuration: VrrpConfiguration): void {
    this.#scriptUser = configuration.global.scriptUser;
    this.#notify = new Map([
      ...this.#notify,
      ...configuration.instances.map(({ name, notify }) => [subjectKey('INSTANCE', name), notify] as const),
      ...configuration.syncGroups.map(({ name, notify }) => [subjectKey('GROUP', name), notify] as const),
    ]);
    this.#reopenFifos(configuration);
    if (!configuration.global.fifoWriteVrrpStatesOnReload) return;
    for (const line of this.#states.values()) for (const fifo of this.#fifos) fifo.write(line);
  }

  notify(notification: Notification): void {
    const line = fifoLine(notification);
    for (const fifo of this.#fifos) fifo.write(line);
    const key = subjectKey(notification.subject, notification.name);
    if (['MASTER', 'BACKUP', 'FAULT'].includes(notification.state)) this.#states.set(key, line);
    const configuration = this.#notify.get(key);
    if (configuration === undefined) return;
    for (const { command, user } of scriptsFor(notification, configuration)) {
      this.#lineOf(key).add({ command, user: user ?? this.#scriptUser });
    }
  }

  /** Resolves when every script has run, or at `withinMs`: then what still runs is killed. */
  async close(withinMs: number): Promise<void> {
    const lines = [...this.#lines.values()];
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, withinMs);
    });
    await Promise.race([Promise.all(lines.map((line) => line.whenIdle())), tooLong]);
    clearTimeout(timer);
    for (const line of lines) line.abandon();
    for (const fifo of this.#fifos) fifo.close();
    this.#fifos = [];
  }

  #lineOf(key: string): ScriptLine {
    const known = this.#lines.get(key);
    if (known !== undefined) return known;
    const line = new ScriptLine(key, this.#log);
    this.#lines.set(key, line);
    return line;
  }

  #reopenFifos({ global: { notifyFifo, vrrpNotifyFifo } }: VrrpConfiguration): void {
    const wanted = [notifyFifo, vrrpNotifyFifo].filter((fifo) => fifo !== undefined);
    const paths = JSON.stringify(wanted);
    if (paths === this.#fifoPaths) return;
    this.#fifoPaths = paths;
    for (const fifo of this.#fifos) fifo.close();
    this.#fifos = wanted.map((fifo) => openNotifyFifo(fifo, this.#log)).filter((fifo) => fifo !== undefined);
  }
}

function subjectKey(subject: Notification['subject'], name: string): string {
  return `${subject} ${name}`;
}

/** The scripts of one instance or group, one after the other. */
class ScriptLine {
  readonly #subject: string;
  readonly #log: NotifierLog;
  readonly #waiting = new BoundedQueue<ScriptCall>(scriptsMax);
  #running: { readonly run: ScriptRun; readonly since: number; patience: NodeJS.Timeout | undefined } | undefined;
  #idle: (() => void)[] = [];

  constructor(subject: string, log: NotifierLog) {
    this.#subject = subject;
    this.#log = log;
  }

  add(call: ScriptCall): void {
    if (!this.#waiting.push(call)) {
      this.#log(
        'warning',
        `${this.#subject}: ${scriptsMax} notify scripts are waiting; lost ${call.command.join(' ')}`,
      );
      return;
    }
    if (this.#running === undefined) this.#startNext();
    else this.#losePatience();
  }

  async whenIdle(): Promise<void> {
    if (this.#running === undefined) return;
    await new Promise<void>((resolve) => {
      this.#idle.push(resolve);
    });
  }

  abandon(): void {
    this.#waiting.clear();
    clearTimeout(this.#running?.patience);
    this.#running?.run.signal('SIGKILL');
  }

  #startNext(): void {
    this.#running = undefined;
    const call = this.#waiting.shift();
    if (call === undefined) {
      for (const resolve of this.#idle) resolve();
      this.#idle = [];
      return;
    }
    const run = runScript(call, (outcome) => {
      clearTimeout(this.#running?.patience);
      if (outcome.kind === 'not-started') {
        this.#log('warning', `${this.#subject}: notify script ${call.command[0]} could not be run: ${outcome.why}`);
      } else if (outcome.kind === 'signalled' || outcome.status !== 0) {
        const how = outcome.kind === 'signalled' ? `on signal ${outcome.signal}` : `with status ${outcome.status}`;
        this.#log('detail', `${this.#subject}: notify script ${call.command[0]} ended ${how}`);
      }
      this.#startNext();
    });
    this.#running = { run, since: performance.now(), patience: undefined };
    if (this.#waiting.size > 0) this.#losePatience();
  }

  /** While nothing waits a script may take as long as it likes. */
  #losePatience(): void {
    const running = this.#running;
    if (running === undefined || running.patience !== undefined) return;
    const leftMs = Math.max(0, running.since + patienceMs - performance.now());
    running.patience = setTimeout(() => {
      this.#log(
        'warning',
        `${this.#subject}: a notify script has run for ${patienceMs / 1000} s while news waits; ending it`,
      );
      running.run.signal('SIGTERM');
      running.patience = setTimeout(() => running.run.signal('SIGKILL'), terminationMs);
    }, leftMs);
  }
}
