// What the daemon remembers for people: events, and transitions with their inputs, the latest of each.
import { join } from 'node:path';
import type { EventView, TransitionView } from '../../api/index.ts';
import type { TransitionRecord, TransitionReport } from '../../controller/index.ts';
import type { Logger } from '../../kit/index.ts';
import { TransitionRecords } from './transition-records.ts';

const eventsMax = 5000;

export class Recorder {
  readonly #events: EventView[] = [];
  readonly #listeners = new Set<(event: EventView) => void>();
  readonly #transitions: TransitionRecords;
  readonly #logger: Logger;
  #sequence = 0;
  #next: number;

  constructor(stateDirectory: string, logger: Logger) {
    this.#logger = logger;
    const complain = (text: string) => this.event('log', 'warning', text);
    this.#transitions = new TransitionRecords(join(stateDirectory, 'transitions'), complain);
    this.#next = this.#transitions.nextNumber;
  }

  get events(): readonly EventView[] {
    return this.#events;
  }

  get transitions(): readonly TransitionView[] {
    return this.#transitions.views;
  }

  onEvent(listener: (event: EventView) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  event(kind: EventView['kind'], level: EventView['level'], text: string): void {
    const event = { sequence: ++this.#sequence, at: Date.now(), kind, level, text };
    this.#events.push(event);
    if (this.#events.length > eventsMax) this.#events.shift();
    for (const listener of this.#listeners) listener(event);
  }

  begun(record: TransitionRecord): void {
    const number = this.#next++;
    const actions = record.transition.tasks
      .filter((task) => task.work.kind !== 'milestone')
      .map((task) => ({
        what: task.key,
        node: nodeOf(task.work),
        startedMs: undefined,
        durationMs: undefined,
        result: 'not begun',
        reason: undefined,
      }));
    const view: TransitionView = {
      number,
      at: Date.now(),
      cause: record.causes.join('; '),
      state: 'running',
      durationMs: undefined,
      actions,
    };
    this.#transitions.begin(view, record.input);
    const keys = record.transition.tasks.filter((task) => task.work.kind !== 'milestone').map((task) => task.id);
    this.#open = { number, keys };
    this.event('transition', 'notice', `transition ${number} (${actions.length} actions): ${view.cause}`);
  }

  #open: { readonly number: number; readonly keys: readonly number[] } | undefined;

  ended(report: TransitionReport): void {
    const open = this.#open;
    const view = this.transitions.find(({ number }) => number === open?.number);
    if (open === undefined || view === undefined) return;
    const timings = new Map(report.timings.map((timing) => [timing.task, timing]));
    const actions = view.actions.map((action, position) => {
      const timing = timings.get(open.keys[position] ?? -1);
      if (timing === undefined) return action;
      return { ...action, startedMs: timing.startedMs, durationMs: timing.endedMs - timing.startedMs, result: 'done' };
    });
    const durationMs = Date.now() - view.at;
    this.#transitions.update({ ...view, state: report.end, durationMs, actions });
    const end = report.end === 'complete' ? 'is complete' : report.end;
    const why = report.end === 'complete' ? '' : `: ${report.reason}`;
    const text = `transition ${view.number} ${end} after ${durationMs} ms${why}`;
    // By the number of the history, which outlives the coordinator's own count.
    this.#logger[report.end === 'failed' ? 'warning' : 'info'](text);
    this.event('transition', report.end === 'complete' ? 'info' : 'notice', text);
  }

  input(number: number): string | undefined {
    return this.#transitions.input(number);
  }
}

function nodeOf(work: TransitionRecord['transition']['tasks'][number]['work']): string {
  if ('node' in work) return work.node.name;
  return 'target' in work ? work.target.name : '';
}
