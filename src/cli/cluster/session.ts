// What the cluster's commands have in common: the node's daemon, its document, a change and the wait until it is done.
import { ApiClient, type Command, clockInstant, documentView, type EventView } from '../../api/index.ts';
import { parseXml, type XmlElement } from '../../cib/index.ts';
import type { Edit } from '../../controller/index.ts';
import { CommandFailure, type Diagnostic, formatDiagnostic, formatDuration } from '../../kit/index.ts';
import { checkedEdit, together } from '../edits/check.ts';
import { isTerminal, styleFor } from '../terminal/style.ts';

export type AnswerFlags = { readonly json?: boolean };
export type ChangeFlags = AnswerFlags & { readonly wait?: number };

/** How often progress is looked at while waiting. */
const progressPeriodMs = 500;

export class ClusterSession {
  readonly client = new ApiClient();

  /** The document of this moment. */
  async document(): Promise<XmlElement> {
    const parsed = parseXml(await this.client.document());
    if (parsed.ok) return parsed.value;
    throw new CommandFailure({ kind: 'failed', what: `the daemon's document: ${formatDiagnostic(parsed.error)}` });
  }

  /**
   * Checks the edits against the document, sends them as one, waits if asked to, and answers. No edits: `unchanged` is
   * said, and nothing is sent.
   */
  async change(flags: ChangeFlags, request: ChangeRequest): Promise<void> {
    const { document, edits, done, unchanged } = request;
    if (edits.length === 0) return void answer(flags, unchanged, { changed: false });
    const { edit, after, warnings } = checkedEdit(document, together(edits));
    for (const warning of warnings) heed(warning, request);
    for (const what of uncovered(document, after)) warn({ severity: 'warning', place: {}, what });
    await this.client.edit(edit);
    await this.settle(flags);
    answer(flags, done, { changed: true, settled: flags.wait !== undefined });
  }

  /** A command that is no change of the configuration. */
  async command(flags: ChangeFlags, command: Command, done: string): Promise<void> {
    await this.client.command(command);
    await this.settle(flags);
    answer(flags, done, { done: true, settled: flags.wait !== undefined });
  }

  /** Waits for the cluster to settle when `--wait` says so. @throws CommandFailure `timeout` */
  async settle({ wait }: ChangeFlags): Promise<void> {
    if (wait !== undefined) await this.settleWithin(wait);
  }

  /** @throws CommandFailure `timeout` with what is still under way */
  async settleWithin(waitMs: number): Promise<void> {
    const stopProgress = this.#showProgress();
    const deadlineMs = performance.now() + waitMs;
    try {
      for (;;) {
        const leftMs = deadlineMs - performance.now();
        if (await this.client.settled(Math.max(1, Math.min(leftMs, progressPeriodMs)))) return;
        if (leftMs <= 0) break;
      }
    } finally {
      stopProgress();
    }
    const { activity } = await this.client.status();
    const why = activity.map(({ what, node }) => `${what} on ${node}`).join(', ') || 'a transition is under way';
    const what = `the change is made, but the cluster has not settled within ${formatDuration(waitMs)}`;
    throw new CommandFailure({ kind: 'timeout', what, why, fix: 'Look on with: haven status --watch' });
  }

  /** What happens meanwhile, on standard error of a terminal. */
  #showProgress(): () => void {
    if (!isTerminal(process.stderr)) return () => {};
    const { quiet } = styleFor(process.stderr);
    const show = ({ kind, text }: EventView) => {
      if (kind === 'operation' || kind === 'fencing') process.stderr.write(`${quiet(`  ${text}`)}\n`);
    };
    return this.client.follow(show, () => {});
  }
}

/** What would not be covered after the change, and is before: in the words in which the status says it from then on. */
function uncovered(before: XmlElement, after: XmlElement): string[] {
  const known = new Set(documentView(before, clockInstant()).warnings);
  return documentView(after, clockInstant()).warnings.filter((warning) => !known.has(warning));
}

export type ChangeRequest = {
  readonly document: XmlElement;
  readonly edits: readonly Edit[];
  /** One sentence, of what was changed. */
  readonly done: string;
  /** One sentence, when there was nothing to change. */
  readonly unchanged: string;
  /** A change of the kind that has to be right; otherwise warnings are said, and it is made. */
  readonly strict?: true;
};

/** @throws CommandFailure when strict */
function heed(finding: Diagnostic, { strict }: ChangeRequest): void {
  if (strict === true) throw new CommandFailure({ kind: 'usage', ...wordsOf(finding) });
  warn(finding);
}

/** On standard error. Lines of the document mean nothing to whoever typed the change: the path does. */
export function warn(finding: Diagnostic): void {
  const { severity, place } = finding;
  const path = place.path === undefined ? {} : { path: place.path };
  process.stderr.write(`${formatDiagnostic({ severity, place: path, ...wordsOf(finding) })}\n`);
}

function wordsOf({ what, why, fix }: Diagnostic): Pick<Diagnostic, 'what' | 'why' | 'fix'> {
  return { what, ...(why === undefined ? {} : { why }), ...(fix === undefined ? {} : { fix }) };
}

/** One sentence for people, or an object for programs. */
export function answer(flags: AnswerFlags, sentence: string, object: object): void {
  process.stdout.write(flags.json === true ? `${JSON.stringify(object)}\n` : `${sentence}\n`);
}

/** Prints rows for people, or the object itself for programs. */
export function show(flags: AnswerFlags, object: unknown, lines: () => readonly string[]): void {
  const text = flags.json === true ? JSON.stringify(object) : lines().join('\n');
  if (text !== '') process.stdout.write(`${text}\n`);
}
