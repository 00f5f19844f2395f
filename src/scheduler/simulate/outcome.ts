// The document after a transition that was done in thought, from what each node has to show of it.
//
// Each node's history is written at once, so that the cost follows the size of the transition and not its product with the
// size of the document.

import { childAt, replaceElements, XmlElement, xmlElement } from '../../cib/index.ts';
import { inject, type OperationResult } from './injection.ts';

/** What an operation that succeeded is recorded as, on whichever node it was done. */
export type OperationRecord = {
  /** The name the history is shown under. */
  readonly shownName: string;
  /** An `lrm_resource` without entries. */
  readonly history: XmlElement;
  readonly id: string;
  readonly exitCode: string;
  /** Attributes of the entry before and behind those of the single call, names and values alternating. */
  readonly beginning: readonly string[];
  readonly ending: readonly string[];
};

export type NodeOutcome = {
  readonly name: string;
  readonly id: string;
  readonly fenced: boolean;
  /** In the order in which they were done; where the node was fenced, since then. */
  readonly records: readonly OperationRecord[];
};

export type Outcome = {
  /** The document before. */
  readonly cib: XmlElement;
  readonly nodes: readonly NodeOutcome[];
  /** The operation that failed, and ended the transition. */
  readonly failed: OperationResult | undefined;
  readonly nowSeconds: number;
};

/** The document after the transition. */
export function documentAfter({ cib, nodes, failed, nowSeconds }: Outcome): XmlElement {
  const known = childAt(cib, 'status');
  const status = known ?? xmlElement('status');
  const before = known === undefined ? cib.append(status) : cib;
  const after = replaceElements(before, new Map([[status, statusAfter(status, nodes)]])) ?? before;
  return failed === undefined ? after : withFailure(after, failed, nowSeconds);
}

/** A failed operation is recorded, and counted on its node. */
function withFailure(cib: XmlElement, result: OperationResult, nowSeconds: number): XmlElement {
  const recorded = inject(cib, { kind: 'operation', result, nowSeconds, exitReason: 'User-injected result' });
  const counted = recorded.ok ? inject(recorded.value, { kind: 'failure', result, nowSeconds }) : recorded;
  return counted.ok ? counted.value : cib;
}

/** Nodes are found by name, else by id; what has no state yet gets one. */
function statusAfter(status: XmlElement, nodes: readonly NodeOutcome[]): XmlElement {
  const states = status.childrenNamed('node_state');
  const calls = new Calls();
  const changed = new Map<XmlElement, XmlElement>();
  const added: XmlElement[] = [];
  for (const node of nodes) {
    const known = states.find((state) => state.get('uname') === node.name) ?? states.find(({ id }) => id === node.id);
    if (known !== undefined) changed.set(known, stateAfter(known, node, calls));
    else added.push(stateAfter(xmlElement('node_state', { id: node.id, uname: node.name }), node, calls));
  }
  return status.withNodes([...status.children.map((child) => changed.get(child) ?? child), ...added]);
}

function stateAfter(before: XmlElement, { name, fenced, records }: NodeOutcome, calls: Calls): XmlElement {
  const known = fenced ? [] : (childAt(before, 'lrm', 'lrm_resources')?.children ?? []);
  const histories = new Map(known.map((each) => [each.id ?? '', new HistoryDraft(each)]));
  for (const record of records) historyOf(histories, record).record(record, name, calls);
  const finished = Array.from(histories.values(), (draft) => draft.finish());
  const resources = xmlElement('lrm_resources', {}, finished);
  const lrm = (childAt(before, 'lrm') ?? xmlElement('lrm', { id: before.id })).withNodes([resources]);
  const others = before.children.filter(
    (child) => child.name !== 'lrm' && !(fenced && child.name === 'transient_attributes'),
  );
  const state = before.withNodes(finished.length > 0 ? [...others, lrm] : others);
  return fenced ? state.with({ in_ccm: 'false', crmd: 'offline', join: 'down', expected: 'down' }) : state;
}

/** The history under the name shown, else under the configured id, else a new one. */
function historyOf(histories: Map<string, HistoryDraft>, { shownName, history }: OperationRecord): HistoryDraft {
  const id = history.id ?? shownName;
  const known = histories.get(shownName) ?? histories.get(id);
  if (known !== undefined) return known;
  const made = new HistoryDraft(history);
  histories.set(id, made);
  return made;
}

/** One call that succeeded, as the numbers and names in its record. */
type CallTexts = { readonly callText: string; readonly key: string; readonly magic: string };

const transitionUuid = 'xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx';

/** Calls of one number and exit code are told of in the same words. */
class Calls {
  readonly #byExitCode = new Map<string, Map<number, CallTexts>>();

  of(callId: number, exitCode: string): CallTexts {
    let calls = this.#byExitCode.get(exitCode);
    if (calls === undefined) {
      calls = new Map();
      this.#byExitCode.set(exitCode, calls);
    }
    const known = calls.get(callId);
    if (known !== undefined) return known;
    const key = `${callId}:-1:${exitCode}:${transitionUuid}`;
    const made = { callText: String(callId), key, magic: `0:${exitCode};${key}` };
    calls.set(callId, made);
    return made;
  }
}

class HistoryDraft {
  readonly #history: XmlElement;
  #entries: XmlElement[] | undefined;
  #callId = 0;

  constructor(history: XmlElement) {
    this.#history = history;
  }

  /** Puts the result of the next call in place of the entry of its id, else after the others. */
  record(record: OperationRecord, node: string, calls: Calls): void {
    this.#callId = (this.#entries === undefined ? lastCallIn(this.#history) : this.#callId) + 1;
    const pairs = entryOf(record, node, calls.of(this.#callId, record.exitCode));
    const known = this.#history.children;
    // Most histories had no entry before and get one: a list written out has no room to spare.
    if (this.#entries === undefined && known.length === 0) {
      this.#entries = [new XmlElement('lrm_rsc_op', pairs)];
      return;
    }
    this.#entries ??= [...known];
    const at = this.#entries.findIndex((entry) => entry.id === record.id);
    const entry = at === -1 ? undefined : this.#entries[at];
    if (entry === undefined) this.#entries.push(new XmlElement('lrm_rsc_op', pairs));
    else this.#entries[at] = withPairs(entry, pairs);
  }

  finish(): XmlElement {
    return this.#entries === undefined ? this.#history : this.#history.withNodes(this.#entries);
  }
}

/** Names and values of an `lrm_rsc_op`, alternating: a list that is put together at once has no room to spare. */
function entryOf(record: OperationRecord, node: string, { key, magic, callText }: CallTexts): readonly string[] {
  return record.beginning.concat(
    ['transition-key', key, 'transition-magic', magic, 'exit-reason', ''],
    ['on_node', node, 'call-id', callText, 'rc-code', record.exitCode, 'op-status', '0'],
    record.ending,
  );
}

function withPairs(entry: XmlElement, pairs: readonly string[]): XmlElement {
  const changes: Record<string, string | undefined> = {};
  for (let index = 0; index < pairs.length; index += 2) changes[pairs[index] ?? ''] = pairs[index + 1];
  return entry.with(changes);
}

function lastCallIn(history: XmlElement): number {
  return history.children.reduce((last, entry) => Math.max(last, Number(entry.get('call-id') ?? 0) || 0), 0);
}
