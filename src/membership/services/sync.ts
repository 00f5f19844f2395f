// After every regular configuration the services of all members bring each other up to date, one service after the
// other, before ordinary messages flow again. Everything goes through the total order, so all members pass each step at
// the same point of the message stream. (Corosync's sync service, group `sync`.)
//
// A barrier names no service: barriers are counted by position. A member that leaves one out stops the whole cluster,
// so a service we do not have still gets its turn and our barrier.
import { assert } from '../../kit/index.ts';
import { type RingId, sameRing } from '../totem/index.ts';
import { MessageReader, MessageWriter } from './wire.ts';

const barrierId = 0;
const serviceBuildId = 1;
const barrierBytes = 32;
const serviceBuildBytes = 552;
const servicesMax = 128;

/** Corosync's numbers of the services that take a turn. */
export const syncServices = { cmap: 0, cpg: 2, quorum: 3, votequorum: 5 } as const;
export type SyncService = (typeof syncServices)[keyof typeof syncServices];

const ownServices: readonly SyncService[] = [0, 2, 3, 5];

export type SyncState = {
  readonly phase: 'idle' | 'build' | 'turns';
  readonly ringId: RingId | undefined;
  readonly members: readonly number[];
  /** Members that came along from our previous configuration. */
  readonly transitional: readonly number[];
  /** Union of all members' services, ascending; `position` is the one whose turn it is. */
  readonly services: readonly number[];
  readonly position: number;
  readonly heardFrom: ReadonlySet<number>;
};

export type SyncEvent =
  | { readonly kind: 'transitional'; readonly members: readonly number[] }
  | { readonly kind: 'regular'; readonly ringId: RingId; readonly members: readonly number[] }
  | { readonly kind: 'message'; readonly from: number; readonly body: Uint8Array }
  /** The service whose turn it is has queued all its messages. */
  | { readonly kind: 'processed'; readonly service: number };

export type SyncEffect =
  | { readonly kind: 'send'; readonly body: Uint8Array }
  | {
      readonly kind: 'init';
      readonly service: SyncService;
      readonly transitional: readonly number[];
      readonly members: readonly number[];
    }
  | { readonly kind: 'process' | 'activate' | 'abort'; readonly service: SyncService }
  | { readonly kind: 'complete' };

export type SyncStep = { readonly state: SyncState; readonly effects: readonly SyncEffect[] };

export const initialSync: SyncState = {
  phase: 'idle',
  ringId: undefined,
  members: [],
  transitional: [],
  services: [],
  position: 0,
  heardFrom: new Set(),
};

export function step(state: SyncState, event: SyncEvent): SyncStep {
  switch (event.kind) {
    case 'transitional':
      return {
        state: { ...state, phase: 'idle', ringId: undefined, transitional: event.members },
        effects: abortEffects(state),
      };
    case 'regular':
      return onRegular(state, event.ringId, event.members);
    case 'message':
      return onMessage(state, event.from, new MessageReader(event.body));
    case 'processed': {
      const current = state.phase === 'turns' && state.services[state.position] === event.service;
      if (!current || state.ringId === undefined) return { state, effects: [] };
      return { state, effects: [{ kind: 'send', body: encodeBarrier(state.ringId) }] };
    }
  }
}

function abortEffects(state: SyncState): readonly SyncEffect[] {
  const current = state.services[state.position];
  return state.phase === 'turns' && isOwn(current) ? [{ kind: 'abort', service: current }] : [];
}

function onRegular(state: SyncState, ringId: RingId, members: readonly number[]): SyncStep {
  const transitional = state.transitional.filter((nodeId) => members.includes(nodeId));
  const inits = ownServices.map((service) => ({ kind: 'init', service, transitional, members }) as const);
  return {
    state: {
      phase: 'build',
      ringId,
      members,
      transitional,
      services: ownServices,
      position: 0,
      heardFrom: new Set(),
    },
    effects: [{ kind: 'send', body: encodeServiceBuild(ringId, ownServices) }, ...inits],
  };
}

function onMessage(state: SyncState, from: number, message: MessageReader): SyncStep {
  const ringId = readRingId(message);
  if (state.ringId === undefined || !message.has(barrierBytes) || !sameRing(ringId, state.ringId)) {
    return { state, effects: [] };
  }
  if (!state.members.includes(from)) return { state, effects: [] };
  if (message.id === serviceBuildId && state.phase === 'build') return onServiceBuild(state, from, message);
  if (message.id === barrierId && state.phase === 'turns') return onBarrier(state, from);
  return { state, effects: [] };
}

function onServiceBuild(state: SyncState, from: number, message: MessageReader): SyncStep {
  const count = Math.max(0, Math.min(message.i32(32), servicesMax));
  const named = Array.from({ length: count }, (_, index) => message.i32(40 + 4 * index));
  const services = [...new Set([...state.services, ...named])].sort((left, right) => left - right);
  const heardFrom = new Set(state.heardFrom).add(from);
  const next: SyncState = { ...state, services, heardFrom };
  if (!heardFromAll(next)) return { state: next, effects: [] };
  return beginTurn({ ...next, phase: 'turns', position: 0 });
}

function onBarrier(state: SyncState, from: number): SyncStep {
  const next: SyncState = { ...state, heardFrom: new Set(state.heardFrom).add(from) };
  if (!heardFromAll(next)) return { state: next, effects: [] };
  const service = state.services[state.position];
  const activated: SyncEffect[] = isOwn(service) ? [{ kind: 'activate', service }] : [];
  const begun = beginTurn({ ...next, position: state.position + 1 });
  return { state: begun.state, effects: [...activated, ...begun.effects] };
}

function beginTurn(state: SyncState): SyncStep {
  const next: SyncState = { ...state, heardFrom: new Set() };
  const service = state.services[state.position];
  if (service === undefined) return { state: { ...next, phase: 'idle' }, effects: [{ kind: 'complete' }] };
  if (isOwn(service)) return { state: next, effects: [{ kind: 'process', service }] };
  assert(state.ringId !== undefined, 'a turn belongs to a ring');
  return { state: next, effects: [{ kind: 'send', body: encodeBarrier(state.ringId) }] };
}

function heardFromAll(state: SyncState): boolean {
  return state.members.every((nodeId) => state.heardFrom.has(nodeId));
}

function isOwn(service: number | undefined): service is SyncService {
  return ownServices.some((own) => own === service);
}

export function encodeServiceBuild(ringId: RingId, services: readonly number[]): Uint8Array {
  assert(services.length <= servicesMax, `at most ${servicesMax} services take part`);
  const message = writeRingId(new MessageWriter(serviceBuildId, serviceBuildBytes), ringId).i32(32, services.length);
  services.forEach((service, index) => {
    message.i32(40 + 4 * index, service);
  });
  return message.bytes;
}

export function encodeBarrier(ringId: RingId): Uint8Array {
  return writeRingId(new MessageWriter(barrierId, barrierBytes), ringId).bytes;
}

/** Packed to 12 bytes at offset 16. */
function writeRingId(message: MessageWriter, ringId: RingId): MessageWriter {
  return message.u32(16, ringId.representative).u64(20, ringId.seq);
}

function readRingId(message: MessageReader): RingId {
  return { representative: message.u32(16), seq: message.u64(20) };
}
