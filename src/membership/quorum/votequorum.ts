// Quorum by votes: may this partition decide? Corosync's votequorum, pure.
//
// Every node tells the others its votes and how many votes it expects in the whole cluster. A partition that holds more
// than half of the highest expectation is quorate; expectations rise by themselves and fall only where an administrator
// or an option (last_man_standing, allow_downscale) says so. That asymmetry is the safety: two partitions can never both
// lower their expectations and both be quorate. Source: votequorum(5), and Corosync 3.1's observed behaviour.
import { assert, defined } from '../../kit/index.ts';
import {
  type Expectation,
  type NodeInfo,
  nodeFlags,
  type QuorumConfig,
  type QuorumEffect,
  type QuorumEvent,
  type QuorumNode,
  type QuorumState,
  type QuorumStep,
  type Reconfiguration,
} from './model.ts';

/** A node that has just started and knows only itself. `storedVotes` is what expected_votes_tracking kept. */
export function initialQuorum(config: QuorumConfig, storedVotes = 0): QuorumState {
  assert(config.expectedVotes > 0, 'a cluster expects at least one vote');
  const expectedVotes = config.expectedVotesTracking
    ? Math.max(config.expectedVotes, storedVotes)
    : config.expectedVotes;
  const flags = nodeFlags.first | (config.waitForAll ? nodeFlags.waitForAll : 0);
  const own: QuorumNode = { state: 'member', votes: config.votes, expectedVotes, flags };
  const state: QuorumState = {
    config: { ...config, expectedVotes },
    nodes: new Map([[config.nodeId, own]]),
    deviceVotes: 0,
    device: { registered: false, alive: false, castsVote: false },
    devicePollDeadlineMs: undefined,
    deviceSilentDeadlineMs: undefined,
    quorum: 0,
    quorate: false,
    waitingForAll: config.waitForAll,
    previousMembers: [],
    members: [config.nodeId],
    lowestNodeId: undefined,
    highestNodeId: undefined,
    trackedVotes: expectedVotes,
    lastManStandingDeadlineMs: undefined,
    lastManStanding: config.lastManStandingWindowMs !== undefined,
    syncing: true,
  };
  return { ...state, quorum: quorumOf(state, 'keep', 0) };
}

export function step(state: QuorumState, event: QuorumEvent): QuorumStep {
  switch (event.kind) {
    case 'nodeinfo':
      return onNodeInfo(state, event.from, event.info);
    case 'sync-init':
      return onSyncInit(state, event.nowMs, event.members);
    case 'sync-process':
      return onSyncProcess(state, event.nowMs);
    case 'sync-activate':
      return onSyncActivate(state);
    case 'sync-abort':
      return { state: { ...state, devicePollDeadlineMs: undefined }, effects: [] };
    case 'reconfigure':
      return onReconfigure(state, event.change);
    case 'node-list':
      return onNodeList(state, event.expectation);
    case 'configured':
      return onConfigured(state, event.config);
    case 'device':
      return onDevice(state, event.nowMs, event.change);
    case 'leave':
      return onLeave(state);
    case 'tick':
      return onTick(state, event.nowMs);
  }
}

/** When `tick` is wanted (monotonic ms), or undefined. */
export function nextDeadline(state: QuorumState): number | undefined {
  const deadlines = [state.lastManStandingDeadlineMs, state.devicePollDeadlineMs, state.deviceSilentDeadlineMs];
  const known = deadlines.filter((deadline) => deadline !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** What must hold after every step. */
export function invariants(state: QuorumState): void {
  assert(state.quorum > 0, 'quorum is at least one vote');
  assert(ownOf(state).state === 'member' || ownOf(state).state === 'leaving', 'a node is a member of its own view');
  const { twoNode, autoTieBreaker } = state.config;
  if (!twoNode && autoTieBreaker === undefined && state.deviceVotes === 0 && state.quorate && !state.waitingForAll) {
    assert(totalVotes(state).votes >= state.quorum || state.syncing, 'a quorate partition holds its quorum');
  }
}

export function totalVotes(state: QuorumState): { readonly votes: number; readonly voters: number } {
  const members = [...state.nodes.values()].filter((node) => node.state === 'member');
  const votes = members.reduce((sum, node) => sum + node.votes, 0) + state.deviceVotes;
  return { votes, voters: members.length + (state.deviceVotes > 0 ? 1 : 0) };
}

/** What this node says of itself. */
export function ownInfo(state: QuorumState): NodeInfo {
  const own = ownOf(state);
  return { nodeId: state.config.nodeId, votes: own.votes, expectedVotes: own.expectedVotes, flags: own.flags };
}

/** Why a tool's request cannot be granted, or undefined. */
export function refusalOf(state: QuorumState, change: Reconfiguration): string | undefined {
  const total = totalVotes(state).votes;
  if (change.kind === 'cancel-wait-for-all') return undefined;
  if (change.kind === 'expected-votes') {
    if (change.votes < total) return `expected votes ${change.votes} is less than the ${total} votes present`;
    const asked = reconfigured(state, change);
    const quorum = quorumOf(asked, 'may-fall', change.votes);
    return state.quorate && total < quorum
      ? `the partition would lose quorum (${total} of ${quorum} votes)`
      : undefined;
  }
  const changed = reconfigured(state, change);
  const quorum = quorumOf(changed, 'may-fall', 0);
  const after = totalVotes(changed).votes;
  const possible = quorum >= after / 2 && quorum <= after;
  return possible
    ? undefined
    : `${change.votes} votes for node ${change.nodeId} would need a quorum of ${quorum} of ${after}`;
}

type Fall = 'keep' | 'may-fall';

function onNodeInfo(state: QuorumState, from: number, info: NodeInfo): QuorumStep {
  const senderQuorate = (info.flags & nodeFlags.quorate) !== 0;
  if (info.nodeId === 0) {
    const learns = !state.quorate && ((state.nodes.get(from)?.flags ?? 0) & nodeFlags.quorate) !== 0;
    const deviceVotes = learns ? info.votes : Math.max(state.deviceVotes, info.votes);
    if (deviceVotes === state.deviceVotes) return { state, effects: [] };
    return recalculate({ ...state, deviceVotes }, 'keep', 'all');
  }
  const leaving = (info.flags & nodeFlags.leaving) !== 0;
  const learnsExpectation = !state.quorate && senderQuorate;
  const before = state.nodes.get(info.nodeId);
  const node: QuorumNode = {
    state: leaving ? 'leaving' : 'member',
    votes: info.votes,
    flags: info.flags,
    expectedVotes:
      senderQuorate || state.config.expectedVotesTracking ? info.expectedVotes : ownOf(state).expectedVotes,
  };
  let next: QuorumState = { ...state, nodes: new Map(state.nodes).set(info.nodeId, node) };
  if (learnsExpectation) next = withOwn(next, { expectedVotes: info.expectedVotes });
  const effects: QuorumEffect[] = [];
  if (next.lastManStanding && info.votes > 1) {
    next = { ...next, lastManStanding: false, lastManStandingDeadlineMs: undefined };
    effects.push({
      kind: 'log',
      level: 'warning',
      text: 'last_man_standing is switched off: it works with one vote a node',
    });
  }
  const released = state.config.waitForAll && senderQuorate && (info.flags & nodeFlags.waitForAll) === 0;
  if (released) next = { ...next, waitingForAll: false };
  const isNews =
    before === undefined ||
    !sameNode(before, node) ||
    info.nodeId === state.config.nodeId ||
    (info.flags & nodeFlags.first) !== 0;
  if (!isNews) return { state: next, effects };
  const done = recalculate(next, leaving || learnsExpectation ? 'may-fall' : 'keep', leaving ? 'present' : 'all');
  return { state: done.state, effects: [...effects, ...done.effects] };
}

function onSyncInit(state: QuorumState, nowMs: number, members: readonly number[]): QuorumStep {
  const left = state.members.filter((nodeId) => !members.includes(nodeId));
  const nodes = new Map(state.nodes);
  for (const nodeId of left) {
    const node = nodes.get(nodeId);
    if (node !== undefined) nodes.set(nodeId, { ...node, state: 'dead' });
  }
  let next: QuorumState = { ...state, nodes, syncing: true, previousMembers: state.members, members };
  if (members.length > 1) next = withOwn(next, { flags: ownOf(next).flags & ~nodeFlags.first });
  const windowMs = state.config.lastManStandingWindowMs;
  if (windowMs !== undefined && state.lastManStanding && startsWindow(state, left, members)) {
    next = { ...next, lastManStandingDeadlineMs: nowMs + windowMs };
  }
  const { device } = state.config;
  const waits = device !== undefined && state.device.registered && state.device.alive;
  return { state: { ...next, devicePollDeadlineMs: waits ? nowMs + device.syncTimeoutMs : undefined }, effects: [] };
}

function startsWindow(state: QuorumState, left: readonly number[], members: readonly number[]): boolean {
  if (members.length >= state.quorum && left.length > 0) return true;
  const lowest = state.lowestNodeId;
  const holdsTie = state.config.autoTieBreaker !== undefined && lowest !== undefined && members.includes(lowest);
  return members.length <= state.quorum && holdsTie;
}

function onSyncProcess(state: QuorumState, nowMs: number): QuorumStep {
  if (state.devicePollDeadlineMs !== undefined && nowMs < state.devicePollDeadlineMs) return { state, effects: [] };
  return {
    state: { ...state, devicePollDeadlineMs: undefined },
    effects: [
      { kind: 'send-nodeinfo', info: ownInfo(state) },
      { kind: 'send-nodeinfo', info: deviceInfo(state) },
      { kind: 'sync-done' },
    ],
  };
}

function onSyncActivate(state: QuorumState): QuorumStep {
  const done = recalculate({ ...state, syncing: true }, 'keep', 'all');
  const settled: QuorumState = { ...done.state, syncing: false };
  return { state: settled, effects: [...done.effects, publication(settled)] };
}

function onReconfigure(state: QuorumState, change: Reconfiguration): QuorumStep {
  if (change.kind === 'cancel-wait-for-all') return recalculate(reconfigured(state, change), 'keep', 'all');
  return recalculate(reconfigured(state, change), 'may-fall', 'all');
}

/** The cluster has grown or shrunk. Who has quorum keeps it, and does not begin to wait for the node that is to come. */
function onNodeList(state: QuorumState, expectation: Expectation): QuorumStep {
  const { expectedVotes, waitForAll } = expectation;
  const nodes = new Map(state.nodes);
  for (const [id, node] of nodes) if (node.state === 'member') nodes.set(id, { ...node, expectedVotes });
  const config = { ...state.config, ...expectation };
  const next = { ...state, nodes, config, waitingForAll: state.waitingForAll && waitForAll };
  const done = recalculate(next, 'may-fall', 'all');
  // The votes are to be shown, whether or not they decide anything anew.
  const effects = done.effects.filter(({ kind }) => kind !== 'publish');
  return { state: done.state, effects: [...effects, publication(done.state)] };
}

/** What a reload changes of the votes and options is at once in force here, and told to the others. */
function onConfigured(state: QuorumState, config: QuorumConfig): QuorumStep {
  const had = state.config.lastManStandingWindowMs !== undefined;
  const has = config.lastManStandingWindowMs !== undefined;
  const next = withOwn(
    {
      ...state,
      config: { ...config, expectedVotes: state.config.expectedVotes },
      lastManStanding: has && (state.lastManStanding || !had),
      lastManStandingDeadlineMs: has ? state.lastManStandingDeadlineMs : undefined,
    },
    { votes: config.votes },
  );
  const expectedVotes = config.expectedVotesTracking
    ? Math.max(config.expectedVotes, state.trackedVotes)
    : config.expectedVotes;
  const { twoNode, waitForAll } = config;
  return announced(onNodeList(next, { expectedVotes, twoNode, waitForAll }));
}

function reconfigured(state: QuorumState, change: Reconfiguration): QuorumState {
  switch (change.kind) {
    case 'cancel-wait-for-all':
      return { ...state, waitingForAll: false };
    case 'expected-votes': {
      const nodes = new Map(state.nodes);
      const { expectedVotesTracking, nodeId } = state.config;
      for (const [id, node] of nodes) {
        const floor = expectedVotesTracking && id === nodeId ? state.trackedVotes : 0;
        if (node.state === 'member') nodes.set(id, { ...node, expectedVotes: Math.max(change.votes, floor) });
      }
      return { ...state, nodes, config: { ...state.config, expectedVotes: change.votes } };
    }
    case 'node-votes': {
      const node = state.nodes.get(change.nodeId);
      if (node === undefined) return state;
      return { ...state, nodes: new Map(state.nodes).set(change.nodeId, { ...node, votes: change.votes }) };
    }
  }
}

function onDevice(
  state: QuorumState,
  nowMs: number,
  change: 'register' | 'unregister' | 'vote' | 'no-vote',
): QuorumStep {
  const config = state.config.device;
  if (config === undefined) return { state, effects: [] };
  const registered = change !== 'unregister';
  const polled = change === 'vote' || change === 'no-vote';
  const device = { registered, alive: registered && (polled || state.device.alive), castsVote: change === 'vote' };
  const next = withDeviceFlags({
    ...state,
    device,
    deviceVotes: registered ? config.votes : 0,
    devicePollDeadlineMs: polled ? nowMs : state.devicePollDeadlineMs,
    deviceSilentDeadlineMs: registered ? nowMs + config.timeoutMs : undefined,
  });
  if (next.device.alive === state.device.alive && next.device.castsVote === state.device.castsVote) {
    return { state: next, effects: [] };
  }
  return announced(recalculate(next, 'may-fall', 'all'));
}

/**
 * Whoever hears it expects one vote fewer and needs as many as that takes, as votequorum(5) says. Corosync 3.1.7 lowers the
 * expectation but not the quorum, so that its partitions block in the end; its man page calls the option incomplete.
 */
function onLeave(state: QuorumState): QuorumStep {
  if (!state.config.allowDownscale) return { state, effects: [] };
  const info = ownInfo(state);
  return { state, effects: [{ kind: 'send-nodeinfo', info: { ...info, flags: info.flags | nodeFlags.leaving } }] };
}

function onTick(state: QuorumState, nowMs: number): QuorumStep {
  if (state.lastManStandingDeadlineMs !== undefined && nowMs >= state.lastManStandingDeadlineMs) {
    const next: QuorumState = { ...state, lastManStandingDeadlineMs: undefined };
    return state.quorate ? recalculate(next, 'may-fall', 'present') : { state: next, effects: [] };
  }
  if (state.deviceSilentDeadlineMs !== undefined && nowMs >= state.deviceSilentDeadlineMs) {
    const device = { ...state.device, alive: false, castsVote: false };
    const next = withDeviceFlags({ ...state, device, deviceSilentDeadlineMs: undefined });
    const done = announced(recalculate(next, 'keep', 'all'));
    const log: QuorumEffect = { kind: 'log', level: 'warning', text: 'lost contact with quorum device' };
    return { state: done.state, effects: [log, ...done.effects] };
  }
  if (state.devicePollDeadlineMs !== undefined && nowMs >= state.devicePollDeadlineMs)
    return onSyncProcess(state, nowMs);
  return { state, effects: [] };
}

function announced(done: QuorumStep): QuorumStep {
  const infos = [ownInfo(done.state), deviceInfo(done.state)];
  return {
    state: done.state,
    effects: [...done.effects, ...infos.map((info) => ({ kind: 'send-nodeinfo' as const, info }))],
  };
}

/** Votes have changed: what is the quorum now, and do we have it? `present` counts one expected vote a voter present. */
function recalculate(state: QuorumState, fall: Fall, expectation: 'all' | 'present'): QuorumStep {
  const effects: QuorumEffect[] = [];
  const { votes, voters } = totalVotes(state);
  const count = expectation === 'present' ? voters : 0;
  let next = votes > ownOf(state).expectedVotes ? withOwn(state, { expectedVotes: votes }) : state;
  if (next.config.expectedVotesTracking && ownOf(next).expectedVotes > next.trackedVotes) {
    next = { ...next, trackedVotes: ownOf(next).expectedVotes };
    effects.push({ kind: 'store-tracked-votes', votes: next.trackedVotes });
  }
  next = { ...next, quorum: quorumOf(next, fall, count) };
  if (count > 0) {
    const nodes = new Map(next.nodes);
    for (const [id, node] of nodes) if (node.state === 'member') nodes.set(id, { ...node, expectedVotes: count });
    next = { ...next, nodes };
  }
  const decided = decide(next, votes);
  return { state: decided.state, effects: [...effects, ...decided.effects] };
}

function quorumOf(state: QuorumState, fall: Fall, expectedVotes: number): number {
  const members = [...state.nodes.values()].filter((node) => node.state === 'member');
  const barrier = state.config.allowDownscale && fall === 'may-fall' ? state.config.expectedVotes : 0;
  const highest =
    expectedVotes > 0 ? Math.max(expectedVotes, barrier) : Math.max(...members.map((node) => node.expectedVotes));
  const device = state.device.castsVote ? state.deviceVotes : 0;
  const total = members.reduce((sum, node) => sum + node.votes, device);
  const majority = Math.max(Math.floor((highest + 2) / 2), Math.floor((total + 2) / 2));
  const quorum = fall === 'keep' ? Math.max(majority, state.quorum) : majority;
  return state.config.twoNode && members.length <= 2 ? 1 : quorum;
}

function decide(state: QuorumState, votes: number): QuorumStep {
  const { waitForAll } = state.config;
  const expected = ownOf(state).expectedVotes;
  if (waitForAll && state.waitingForAll && votes !== expected) {
    const text = `Waiting for all cluster members. Current votes: ${votes} expected_votes: ${expected}`;
    return { state: withQuorate(state, state.quorate), effects: [{ kind: 'log', level: 'notice', text }] };
  }
  let next = state;
  let quorate = votes >= state.quorum;
  if (quorate) next = withExtremes(next);
  if (!quorate) quorate = winsTie(next, votes, expected) || masterWins(next);
  const settled = withQuorate({ ...next, waitingForAll: waitForAll && !quorate }, quorate);
  const changed = settled.quorate !== state.quorate;
  return { state: settled, effects: changed && !state.syncing ? [publication(settled)] : [] };
}

/** With exactly half of the votes, and only where the other half cannot have been a whole quorum by itself. */
function winsTie(state: QuorumState, votes: number, expected: number): boolean {
  const breaker = state.config.autoTieBreaker;
  if (breaker === undefined || votes !== Math.floor(expected / 2)) return false;
  if (state.previousMembers.filter((nodeId) => !state.members.includes(nodeId)).length >= state.quorum) return false;
  const present = (nodeId: number | undefined) => nodeId !== undefined && state.nodes.get(nodeId)?.state === 'member';
  switch (breaker.kind) {
    case 'lowest':
      return present(state.lowestNodeId);
    case 'highest':
      return present(state.highestNodeId);
    case 'list':
      for (const nodeId of breaker.nodeIds) {
        if (present(nodeId)) return true;
        if (state.previousMembers.includes(nodeId)) return false;
      }
      return false;
  }
}

function masterWins(state: QuorumState): boolean {
  const wanted = nodeFlags.deviceMasterWins | nodeFlags.deviceCastsVote;
  return [...state.nodes.values()].some((node) => node.state === 'member' && (node.flags & wanted) === wanted);
}

function publication(state: QuorumState): QuorumEffect {
  return { kind: 'publish', quorate: state.quorate, members: state.members };
}

function withExtremes(state: QuorumState): QuorumState {
  const members = [...state.nodes].filter(([, node]) => node.state === 'member').map(([nodeId]) => nodeId);
  return { ...state, lowestNodeId: Math.min(...members), highestNodeId: Math.max(...members) };
}

function withQuorate(state: QuorumState, quorate: boolean): QuorumState {
  const kept = ownOf(state).flags & ~(nodeFlags.quorate | nodeFlags.waitForAll);
  const flags = kept | (quorate ? nodeFlags.quorate : 0) | (state.waitingForAll ? nodeFlags.waitForAll : 0);
  return withOwn({ ...state, quorate }, { flags });
}

function withDeviceFlags(state: QuorumState): QuorumState {
  const { registered, alive, castsVote } = state.device;
  const { deviceRegistered, deviceAlive, deviceCastsVote } = nodeFlags;
  const kept = ownOf(state).flags & ~(deviceRegistered | deviceAlive | deviceCastsVote);
  const set = (registered ? deviceRegistered : 0) | (alive ? deviceAlive : 0) | (castsVote ? deviceCastsVote : 0);
  return withOwn(state, { flags: kept | set });
}

function withOwn(state: QuorumState, change: Partial<QuorumNode>): QuorumState {
  return { ...state, nodes: new Map(state.nodes).set(state.config.nodeId, { ...ownOf(state), ...change }) };
}

function ownOf(state: QuorumState): QuorumNode {
  return defined(state.nodes.get(state.config.nodeId), 'a node knows itself');
}

function deviceInfo(state: QuorumState): NodeInfo {
  return { nodeId: 0, votes: state.deviceVotes, expectedVotes: 0, flags: 0 };
}

function sameNode(left: QuorumNode, right: QuorumNode): boolean {
  return (
    left.state === right.state &&
    left.votes === right.votes &&
    left.flags === right.flags &&
    left.expectedVotes === right.expectedVotes
  );
}
