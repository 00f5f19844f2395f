// Closed process groups: which processes of which nodes are in which group, agreed by all members at the same point of
// the message stream, and messages to a group. (Corosync's cpg service; cpg_overview(3).)
import { type CpgMessage, decodeCpg, encodeCpg, type Process, reasons } from './cpg-message.ts';

/** A process in a group; `reason` says why it is in a joined or left list (0 in a member list). */
export type GroupProcess = { readonly nodeId: number; readonly processId: number; readonly reason: number };

type Entry = { readonly nodeId: number; readonly processId: number; readonly group: string };

export type CpgState = {
  readonly nodeId: number;
  /** Everybody known, sorted by node, then process. */
  readonly entries: readonly Entry[];
  /** Processes of this node: those whose join has not come back through the order yet, and those that are leaving. */
  readonly joining: readonly Process[];
  readonly leaving: readonly Process[];
  readonly members: readonly number[];
  /**
   * Who came with us through every configuration since the last sync that was completed: who did not has missed messages,
   * even when it is back by the time the next sync is. Undefined: there was none since.
   */
  readonly companions: readonly number[] | undefined;
  /** During a sync. */
  readonly sync:
    | { readonly members: readonly number[]; readonly left: readonly number[]; readonly joinLists: readonly Entry[] }
    | undefined;
  /** Messages that come in parts, by sender. */
  readonly partial: ReadonlyMap<string, readonly Uint8Array[]>;
};

export type CpgEvent =
  | { readonly kind: 'join' | 'leave'; readonly process: Process }
  | { readonly kind: 'gone'; readonly processId: number }
  | { readonly kind: 'message'; readonly from: number; readonly body: Uint8Array }
  | { readonly kind: 'sync-init'; readonly transitional: readonly number[]; readonly members: readonly number[] }
  | { readonly kind: 'sync-process' | 'sync-activate' | 'sync-abort' };

export type CpgEffect =
  | { readonly kind: 'send'; readonly body: Uint8Array }
  | { readonly kind: 'sync-done' }
  | {
      readonly kind: 'group-changed';
      readonly group: string;
      readonly members: readonly GroupProcess[];
      readonly joined: readonly GroupProcess[];
      readonly left: readonly GroupProcess[];
    }
  | {
      readonly kind: 'deliver';
      readonly group: string;
      readonly nodeId: number;
      readonly processId: number;
      readonly body: Uint8Array;
    };

export type CpgStep = { readonly state: CpgState; readonly effects: readonly CpgEffect[] };

export function initialCpg(nodeId: number): CpgState {
  return {
    nodeId,
    entries: [],
    joining: [],
    leaving: [],
    members: [],
    companions: undefined,
    sync: undefined,
    partial: new Map(),
  };
}

export function step(state: CpgState, event: CpgEvent): CpgStep {
  switch (event.kind) {
    case 'join':
      return onJoin(state, event.process);
    case 'leave':
      return onLeave(state, [event.process], reasons.leave);
    case 'gone':
      return onLeave(state, localProcesses(state, event.processId), reasons.processDown);
    case 'message': {
      const message = decodeCpg(event.body);
      return message === undefined ? { state, effects: [] } : onMessage(state, event.from, message);
    }
    case 'sync-init': {
      const before = state.companions ?? event.transitional;
      const companions = event.transitional.filter((nodeId) => before.includes(nodeId));
      const left = state.members.filter((nodeId) => !companions.includes(nodeId));
      return { state: { ...state, companions, sync: { members: event.members, left, joinLists: [] } }, effects: [] };
    }
    case 'sync-process':
      return onSyncProcess(state);
    case 'sync-activate':
      return onSyncActivate(state);
    case 'sync-abort':
      return { state: { ...state, sync: undefined }, effects: [] };
  }
}

/** May this process send to the group? From its join on, before the join has come back. */
export function maySend(state: CpgState, process: Process): boolean {
  const own = { ...process, nodeId: state.nodeId };
  return (
    state.joining.some((other) => sameProcess(other, process)) || state.entries.some((entry) => sameEntry(entry, own))
  );
}

export function groupMembers(state: CpgState, group: string): readonly GroupProcess[] {
  return state.entries
    .filter((entry) => entry.group === group && !isLeaving(state, entry))
    .map(({ nodeId, processId }) => ({ nodeId, processId, reason: 0 }));
}

function onJoin(state: CpgState, process: Process): CpgStep {
  if (maySend(state, process)) return { state, effects: [] };
  const body = encodeCpg({ kind: 'proc-join', ...process, reason: reasons.join }, state.nodeId);
  return { state: { ...state, joining: [...state.joining, process] }, effects: [{ kind: 'send', body }] };
}

function onLeave(state: CpgState, processes: readonly Process[], reason: number): CpgStep {
  const present = processes.filter((process) => maySend(state, process));
  return {
    state: { ...state, leaving: [...state.leaving, ...present] },
    effects: present.map((process) => ({
      kind: 'send',
      body: encodeCpg({ kind: 'proc-leave', ...process, reason }, state.nodeId),
    })),
  };
}

function onMessage(state: CpgState, from: number, message: CpgMessage): CpgStep {
  switch (message.kind) {
    case 'proc-join':
      return onProcJoin(state, from, message);
    case 'proc-leave':
      return onProcLeave(state, from, message);
    case 'mcast':
      return { state, effects: delivery(state, { ...message, nodeId: from }) };
    case 'partial-mcast':
      return onPartial(state, from, message);
    case 'join-list': {
      if (state.sync === undefined) return { state, effects: [] };
      const named = message.processes.map((process) => ({ ...process, nodeId: from }));
      return {
        state: { ...state, sync: { ...state.sync, joinLists: [...state.sync.joinLists, ...named] } },
        effects: [],
      };
    }
    case 'down-list':
      return { state, effects: [] };
  }
}

type Membership = Extract<CpgMessage, { kind: 'proc-join' | 'proc-leave' }>;

function onProcJoin(state: CpgState, nodeId: number, message: Membership): CpgStep {
  const entry: Entry = { nodeId, processId: message.processId, group: message.group };
  const joining =
    nodeId === state.nodeId ? state.joining.filter((process) => !sameProcess(process, entry)) : state.joining;
  if (state.entries.some((other) => sameEntry(other, entry))) return { state: { ...state, joining }, effects: [] };
  const next: CpgState = { ...state, joining, entries: sorted([...state.entries, entry]) };
  const joined = [{ nodeId, processId: message.processId, reason: message.reason }];
  return { state: next, effects: groupChange(next, message.group, { joined, left: [] }) };
}

function onProcLeave(state: CpgState, nodeId: number, message: Membership): CpgStep {
  const entry: Entry = { nodeId, processId: message.processId, group: message.group };
  if (!state.entries.some((other) => sameEntry(other, entry))) return { state, effects: [] };
  const left = [{ nodeId, processId: message.processId, reason: message.reason }];
  const remaining: CpgState = { ...state, entries: state.entries.filter((other) => !sameEntry(other, entry)) };
  const hasLocal = state.entries.some((other) => other.nodeId === state.nodeId && other.group === message.group);
  const members = groupMembers(remaining, message.group);
  const effects: CpgEffect[] = hasLocal
    ? [{ kind: 'group-changed', group: message.group, members, joined: [], left }]
    : [];
  const leaving = remaining.leaving.filter((process) => nodeId !== state.nodeId || !sameProcess(process, entry));
  return { state: { ...remaining, leaving }, effects };
}

/** The parts of a message follow one another in its sender's stream; a first part forgets what came before. */
function onPartial(state: CpgState, from: number, message: Extract<CpgMessage, { kind: 'partial-mcast' }>): CpgStep {
  const key = `${from}/${message.processId}/${message.group}`;
  const before = message.part === 'first' ? [] : state.partial.get(key);
  const partial = new Map(state.partial);
  partial.delete(key);
  if (before === undefined) return { state: { ...state, partial }, effects: [] };
  const pieces = [...before, message.body.slice()];
  if (message.part !== 'last') return { state: { ...state, partial: partial.set(key, pieces) }, effects: [] };
  const body = concatenated(pieces);
  if (body.length !== message.messageBytes) return { state: { ...state, partial }, effects: [] };
  return { state: { ...state, partial }, effects: delivery(state, { ...message, nodeId: from, body }) };
}

/** Only where a local process is in the group, and only from a node that has one in it too. */
function delivery(state: CpgState, message: Entry & { readonly body: Uint8Array }): CpgEffect[] {
  const { group, nodeId, processId, body } = message;
  const inGroup = (wanted: number) => state.entries.some((entry) => entry.group === group && entry.nodeId === wanted);
  if (!inGroup(state.nodeId) || !inGroup(nodeId)) return [];
  return [{ kind: 'deliver', group, nodeId, processId, body }];
}

function onSyncProcess(state: CpgState): CpgStep {
  const left = state.sync?.left ?? [];
  const local = state.entries.filter((entry) => entry.nodeId === state.nodeId);
  const effects: CpgEffect[] = [
    { kind: 'send', body: encodeCpg({ kind: 'down-list', oldMembers: state.members.length, left }, state.nodeId) },
  ];
  if (local.length > 0)
    effects.push({ kind: 'send', body: encodeCpg({ kind: 'join-list', processes: local }, state.nodeId) });
  return { state, effects: [...effects, { kind: 'sync-done' }] };
}

/**
 * Processes of nodes that left go first, then those that the join lists bring come, then those of other nodes that no
 * join list named any more: a restarted node's old processes.
 */
function onSyncActivate(state: CpgState): CpgStep {
  const { sync } = state;
  if (sync === undefined) return { state, effects: [] };
  const effects: CpgEffect[] = [];
  let next: CpgState = { ...state, members: sync.members, companions: undefined, sync: undefined };
  const remove = (isGone: (entry: Entry) => boolean, reason: number) => {
    const gone = next.entries.filter(isGone);
    next = { ...next, entries: next.entries.filter((entry) => !isGone(entry)) };
    for (const [group, left] of byGroup(gone, reason)) effects.push(...groupChange(next, group, { joined: [], left }));
  };
  remove((entry) => sync.left.includes(entry.nodeId) && entry.nodeId !== state.nodeId, reasons.nodeDown);
  const named = sync.joinLists.filter((entry) => entry.nodeId !== state.nodeId);
  const arrived = named.filter((entry, index) => {
    const known = next.entries.some((other) => sameEntry(other, entry));
    return !known && named.findIndex((other) => sameEntry(other, entry)) === index;
  });
  next = { ...next, entries: sorted([...next.entries, ...arrived]) };
  for (const [group, joined] of byGroup(arrived, reasons.nodeUp)) {
    effects.push(...groupChange(next, group, { joined, left: [] }));
  }
  const isUnnamed = (entry: Entry) => entry.nodeId !== state.nodeId && !named.some((other) => sameEntry(other, entry));
  remove(isUnnamed, reasons.processDown);
  return { state: next, effects };
}

function groupChange(
  state: CpgState,
  group: string,
  change: { readonly joined: readonly GroupProcess[]; readonly left: readonly GroupProcess[] },
): CpgEffect[] {
  const hasLocal = state.entries.some((entry) => entry.nodeId === state.nodeId && entry.group === group);
  return hasLocal ? [{ kind: 'group-changed', group, members: groupMembers(state, group), ...change }] : [];
}

function byGroup(entries: readonly Entry[], reason: number): Map<string, GroupProcess[]> {
  const groups = new Map<string, GroupProcess[]>();
  for (const { group, nodeId, processId } of entries) {
    groups.set(group, [...(groups.get(group) ?? []), { nodeId, processId, reason }]);
  }
  return groups;
}

function localProcesses(state: CpgState, processId: number): Process[] {
  const entered = state.entries.filter((entry) => entry.nodeId === state.nodeId);
  return [...entered, ...state.joining].filter((process) => process.processId === processId);
}

function isLeaving(state: CpgState, entry: Entry): boolean {
  return entry.nodeId === state.nodeId && state.leaving.some((process) => sameProcess(process, entry));
}

function sameProcess(left: Process, right: Process): boolean {
  return left.processId === right.processId && left.group === right.group;
}

function sameEntry(left: Entry, right: Entry): boolean {
  return left.nodeId === right.nodeId && sameProcess(left, right);
}

function sorted(entries: readonly Entry[]): Entry[] {
  return [...entries].sort((left, right) => left.nodeId - right.nodeId || left.processId - right.processId);
}

function concatenated(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
