// Corosync's closed process groups through its library (cpg_overview(3)), called through koffi.
import koffi from 'koffi';
import { assert } from '../../kit/index.ts';

export type CpgEvents = {
  readonly onMessage: (nodeId: number, body: Uint8Array) => void;
  readonly onMembers: (nodeIds: readonly number[]) => void;
};

const [CS_OK, CS_ERR_TRY_AGAIN] = [1, 6];
const CPG_TYPE_AGREED = 2;
/** CS_DISPATCH_* of corosync/corotypes.h. */
const dispatchFlags = { one: 1, all: 2, 'one-nonblocking': 4 } as const;
const libraryFile = 'libcpg.so.4';

const library = koffi.load(libraryFile);
koffi.struct('CpgName', { length: 'uint32', value: koffi.array('char', 128) });
koffi.struct('CpgAddress', { nodeid: 'uint32', pid: 'uint32', reason: 'uint32' });
const Deliver = koffi.proto(
  'void CpgDeliver(uint64 handle, const CpgName *group, uint32 nodeid, uint32 pid, const void *body, size_t size)',
);
const Changed = koffi.proto(
  'void CpgChanged(uint64 handle, const CpgName *group, const void *members, size_t memberCount, const void *left, size_t leftCount, const void *joined, size_t joinedCount)',
);
koffi.struct('CpgCallbacks', { deliver: koffi.pointer(Deliver), changed: koffi.pointer(Changed) });
koffi.struct('IoVector', { base: 'const void *', length: 'size_t' });

const initialize = library.func('int cpg_initialize(_Out_ uint64 *handle, const CpgCallbacks *callbacks)');
const join = library.func('int cpg_join(uint64 handle, const CpgName *group)');
const localGet = library.func('int cpg_local_get(uint64 handle, _Out_ uint32 *nodeid)');
const mcast = library.func('int cpg_mcast_joined(uint64 handle, int guarantee, const IoVector *vector, uint32 count)');
const dispatch = library.func('int cpg_dispatch(uint64 handle, int flags)');
const finalize = library.func('int cpg_finalize(uint64 handle)');

export class CorosyncGroup {
  readonly nodeId: number;
  readonly #handle: unknown;

  /** Undefined while Corosync does not answer (it starts, or synchronises). */
  static open(group: string, events: CpgEvents): CorosyncGroup | undefined {
    const handle: unknown[] = [0];
    const deliver = koffi.register(
      (_handle: unknown, _group: unknown, nodeId: number, _pid: number, body: unknown, size: number) =>
        events.onMessage(nodeId, new Uint8Array(koffi.view(body, Number(size)))),
      koffi.pointer(Deliver),
    );
    const changed = koffi.register(
      (_handle: unknown, _group: unknown, members: unknown, count: number) =>
        events.onMembers(nodeIdsOf(members, Number(count))),
      koffi.pointer(Changed),
    );
    if (initialize(handle, { deliver, changed }) !== CS_OK) return undefined;
    const name = { length: group.length, value: group };
    if (join(handle[0], name) !== CS_OK) {
      finalize(handle[0]);
      return undefined;
    }
    return new CorosyncGroup(handle[0]);
  }

  private constructor(handle: unknown) {
    this.#handle = handle;
    const nodeId: number[] = [0];
    assert(localGet(handle, nodeId) === CS_OK, 'a connected client learns its node id');
    this.nodeId = nodeId[0] ?? 0;
  }

  /** Not taken: flow control, or a synchronisation; try again. */
  multicast(body: Uint8Array): 'taken' | 'again' {
    const done = mcast(this.#handle, CPG_TYPE_AGREED, { base: body, length: body.length }, 1);
    assert(done === CS_OK || done === CS_ERR_TRY_AGAIN, `cpg_mcast_joined answers ${done}`);
    return done === CS_OK ? 'taken' : 'again';
  }

  /** Hands over what waits; `one` waits for something. False when Corosync is gone. */
  dispatch(what: keyof typeof dispatchFlags): boolean {
    const done = dispatch(this.#handle, dispatchFlags[what]);
    return done === CS_OK || done === CS_ERR_TRY_AGAIN;
  }

  close(): void {
    finalize(this.#handle);
  }
}

function nodeIdsOf(list: unknown, count: number): number[] {
  if (count === 0) return [];
  const words = new Uint32Array(koffi.view(list, count * 12));
  return Array.from({ length: count }, (_, index) => words[index * 3] ?? 0);
}
