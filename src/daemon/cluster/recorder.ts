// What the daemon remembers for people: events, and the cluster's transitions with their inputs, the latest of each.
//
// The coordinator tells every member of its transitions, so that the history outlives it and can be read on any node. The
// input is not sent: who was a member had the same document.
import { join } from 'node:path';
import type { EventView, TransitionView } from '../../api/index.ts';
import type { XmlElement } from '../../cib/index.ts';
import type { ClusterMessage, ExecutionOrder, TransitionRecord, TransitionReport } from '../../controller/index.ts';
import type { Logger } from '../../kit/index.ts';
import { operationEventsOf } from './operation-event.ts';
import { RecentDocuments, versionOf } from './recent-documents.ts';
import { TransitionRecords } from './transition-records.ts';

const eventsMax = 5000;

export type RecorderOptions = {
  readonly stateDirectory: string;
  /** Name of this node. */
  readonly self: string;
  readonly logger: Logger;
  readonly say: (message: HistoryMessage) => void;
};

export type HistoryMessage = Extract<ClusterMessage, { kind: 'decision' | 'transition' }>;

export class Recorder {
  readonly #options: RecorderOptions;
  readonly #events: EventView[] = [];
  readonly #listeners = new Set<(event: EventView) => void>();
  readonly #transitions: TransitionRecords;
  readonly #documents = new RecentDocuments();
  #sequence = 0;
  /** The transition that this node carries out. */
  #own: { readonly number: number; readonly tasks: readonly number[] } | undefined;
  /** What another decided on, until it tells what it decided. */
  #decision: { readonly number: number; readonly input: XmlElement | undefined } | undefined;

  constructor(options: RecorderOptions) {
    this.#options = options;
    const complain = (text: string) => {
      options.logger.warning(text);
      this.event('log', 'warning', text);
    };
    this.#transitions = new TransitionRecords(join(options.stateDirectory, 'transitions'), complain);
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

  ordered({ operationKey }: ExecutionOrder): void {
    this.event('operation', 'info', `running ${operationKey} on ${this.#options.self}`);
  }

  /** What members told one another. */
  told(message: ClusterMessage): void {
    for (const { level, text } of operationEventsOf(message)) this.event('operation', level, text);
  }

  /** The document as it is now. */
  saw(cib: XmlElement): void {
    this.#documents.note(cib);
  }

  begun(record: TransitionRecord): void {
    const number = this.#transitions.nextNumber;
    const positions = record.transition.tasks.flatMap(({ work }, at) => (work.kind === 'milestone' ? [] : [at]));
    const view: TransitionView = {
      number,
      at: Date.now(),
      coordinator: this.#options.self,
      cause: record.causes.join('; '),
      state: 'running',
      durationMs: undefined,
      actions: record.transition.tasks
        .filter(({ work }) => work.kind !== 'milestone')
        .map(({ key, work }) => ({
          what: key,
          node: nodeOf(work),
          startedMs: undefined,
          durationMs: undefined,
          result: 'not begun',
          reason: undefined,
        })),
    };
    this.#own = { number, tasks: positions };
    this.#transitions.begin(view, record.input);
    const version = versionOf(record.input);
    if (this.#documents.of(version) === record.input) this.#options.say({ kind: 'decision', number, version });
    // After the orders of the transition.
    setImmediate(() => this.#options.say({ kind: 'transition', summary: view }));
    this.#tellBegun(view);
  }

  ended(report: TransitionReport): void {
    const own = this.#own;
    const view = this.transitions.find(({ number }) => number === own?.number);
    if (own === undefined || view === undefined) return;
    const actions = view.actions.map((action, at) => {
      const outcome = report.outcomes[own.tasks[at] ?? -1];
      if (outcome === undefined) return action;
      const { state, startedMs, endedMs, reason } = outcome;
      const durationMs = startedMs === undefined || endedMs === undefined ? undefined : Math.round(endedMs - startedMs);
      const beganMs = startedMs === undefined ? undefined : Math.round(startedMs);
      return { ...action, startedMs: beganMs, durationMs, result: resultWords[state], reason };
    });
    const ended = { ...view, state: report.end, durationMs: Date.now() - view.at, actions };
    this.#own = undefined;
    this.#transitions.update(ended);
    // After its beginning, which waits: with nothing to do both come in one step.
    setImmediate(() => this.#options.say({ kind: 'transition', summary: ended }));
    const { level, text } = this.#tellEnded(ended, report.reason);
    // By the number of the history, which outlives the coordinator's own count.
    this.#options.logger[level](text);
  }

  /** What another member decided. */
  heard(message: HistoryMessage): void {
    switch (message.kind) {
      case 'decision': {
        const { number, version } = message;
        this.#decision = { number, input: this.#documents.of(version) };
        return;
      }
      case 'transition':
        return this.#hear(message.summary);
    }
  }

  input(number: number): string | undefined {
    return this.#transitions.input(number);
  }

  #hear(summary: TransitionView): void {
    const { number, at, coordinator, state } = summary;
    const known = this.transitions.find((each) => each.number === number);
    if (known !== undefined && known.at === at && known.coordinator === coordinator) this.#transitions.update(summary);
    else this.#transitions.begin(summary, this.#decision?.number === number ? this.#decision.input : undefined);
    if (state === 'running') this.#tellBegun(summary);
    else this.#tellEnded(summary, '');
  }

  #tellBegun({ number, actions, cause }: TransitionView): void {
    this.event('transition', 'notice', `transition ${number} (${counted(actions.length)}): ${cause}`);
  }

  #tellEnded({ number, state, durationMs }: TransitionView, reason: string) {
    const end = state === 'complete' ? 'is complete' : state;
    const text = `transition ${number} ${end} after ${durationMs} ms${reason === '' ? '' : `: ${reason}`}`;
    this.event('transition', state === 'complete' ? 'info' : 'notice', text);
    return { text, level: state === 'failed' ? 'warning' : 'info' } as const;
  }
}

function counted(actions: number): string {
  return actions === 1 ? '1 action' : `${actions} actions`;
}

const resultWords = {
  confirmed: 'done',
  failed: 'failed',
  flying: 'not answered',
  waiting: 'not begun',
} as const satisfies Record<TransitionReport['outcomes'][number]['state'], string>;

function nodeOf(work: TransitionRecord['transition']['tasks'][number]['work']): string {
  if ('node' in work) return work.node.name;
  return 'target' in work ? work.target.name : '';
}
