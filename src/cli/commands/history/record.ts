// A recorded transition and its input, and what the scheduler of today makes of that input.
import type { TransitionView } from '../../../api/index.ts';
import { parseXml, type XmlElement } from '../../../cib/index.ts';
import { transitionOf } from '../../../controller/index.ts';
import { CommandFailure, formatDiagnostic } from '../../../kit/index.ts';
import { schedule } from '../../../scheduler/index.ts';
import { ClusterSession } from '../../cluster/session.ts';

export type RecordedTransition = { readonly view: TransitionView; readonly input: XmlElement };

/** @throws CommandFailure `not-found` with the nearest recorded numbers */
export function recordedAs(text: string, history: readonly TransitionView[]): TransitionView {
  const view = history.find(({ number }) => String(number) === text);
  if (view !== undefined) return view;
  const fix = nearestNumbers(
    Number(text),
    history.map(({ number }) => number),
  );
  throw new CommandFailure({ kind: 'not-found', what: `no transition '${text}' is recorded`, fix });
}

/** @throws CommandFailure `not-found` with the nearest recorded numbers; `failed` for an input that cannot be read. */
export async function readRecord(text: string): Promise<RecordedTransition> {
  const { client } = new ClusterSession();
  const history = await client.history();
  const view = recordedAs(text, history);
  const parsed = parseXml(await inputOf(client, view));
  if (parsed.ok) return { view, input: parsed.value };
  const others = history.map(({ number }) => number).filter((number) => number !== view.number);
  throw new CommandFailure({
    kind: 'failed',
    what: `the recorded input of transition ${text} is damaged: ${formatDiagnostic(parsed.error)}`,
    fix: nearestNumbers(view.number, others),
  });
}

/**
 * The text that was decided on. A node that was no member at that moment had no document to keep with the decision.
 * @throws CommandFailure `not-found`, `failed` for a damaged one
 */
export async function inputOf(
  client: ClusterSession['client'],
  { number, coordinator }: TransitionView,
): Promise<string> {
  try {
    return await client.historyInput(number);
  } catch (thrown) {
    if (!(thrown instanceof CommandFailure) || thrown.failure.kind !== 'not-found') throw thrown;
    const what = `this node has not recorded what transition ${number} was decided on`;
    const { node } = await client.status();
    const who = node === coordinator ? 'another node that was a member then' : `${coordinator}, which decided`;
    throw new CommandFailure({ kind: 'not-found', what, fix: `Ask on ${who}` });
  }
}

/** What is to be done, one line an action: its operation key and its node. */
export function plannedNow({ view, input }: RecordedTransition): string[] {
  const epochSeconds = Math.floor(view.at / 1000);
  const now = { epochSeconds, offsetSeconds: 0 };
  const plan = schedule({ cib: input, now, reasons: false, secrets: 'compared' });
  const { tasks } = transitionOf(plan, { number: view.number, uuid: '', nowSeconds: epochSeconds });
  return tasks
    .filter(({ work }) => work.kind !== 'milestone')
    .map(({ key, work }) => line(key, 'node' in work ? work.node.name : 'target' in work ? work.target.name : ''))
    .sort();
}

export function plannedThen({ view }: RecordedTransition): string[] {
  return view.actions.map(({ what, node }) => line(what, node)).sort();
}

export type Difference = { readonly gone: readonly string[]; readonly added: readonly string[] };

export function difference(before: readonly string[], after: readonly string[]): Difference {
  return {
    gone: before.filter((each) => !after.includes(each)),
    added: after.filter((each) => !before.includes(each)),
  };
}

export function differenceLines({ gone, added }: Difference): string[] {
  return [...gone.map((each) => `- ${each}`), ...added.map((each) => `+ ${each}`)];
}

function line(what: string, node: string): string {
  return node === '' ? what : `${what} on ${node}`;
}

const nearestMax = 3;

function nearestNumbers(wanted: number, numbers: readonly number[]): string {
  if (numbers.length === 0) return 'None is recorded';
  const distance = (number: number) => (Number.isNaN(wanted) ? -number : Math.abs(number - wanted));
  const near = [...numbers].sort((left, right) => distance(left) - distance(right)).slice(0, nearestMax);
  return `The nearest are ${near.sort((left, right) => left - right).join(', ')}`;
}
