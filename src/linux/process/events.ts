// Which processes start and end on this machine: told by the kernel's process connector (<linux/cn_proc.h>) where that
// works (root, initial namespaces), else found by reading /proc again and again.
import { ok } from '../../kit/index.ts';
import { type KernelError, type KernelResult, kernelError } from '../error.ts';
import { close, errno, recv, sendto } from '../libc.ts';
import { decodeMessages, encodeMessage } from '../netlink/message.ts';
import { openNetlinkDescriptor } from '../netlink/socket.ts';
import { watchReadable } from '../readiness/watch.ts';
import { setOption } from '../socket/option.ts';
import { listProcesses } from './listing.ts';

export type ProcessEvent =
  /** A process exists that did not; it still has its parent's name. Polling leaves it out. */
  | { readonly kind: 'fork'; readonly pid: number; readonly parentPid: number }
  /** A process runs a program: read its name now. */
  | { readonly kind: 'exec'; readonly pid: number }
  /** A process gave itself another name. */
  | { readonly kind: 'name'; readonly pid: number; readonly name: string }
  | { readonly kind: 'exit'; readonly pid: number }
  /** Events were lost because they came faster than they were read: list everything anew. */
  | { readonly kind: 'lost' };

export type ProcessWatch = {
  readonly method: 'connector' | 'polling';
  readonly unref: () => void;
  readonly close: () => void;
};

export type ProcessWatchOptions = {
  readonly onEvent: (event: ProcessEvent) => void;
  /** The watch has failed for a reason that is not ours. */
  readonly onError: (error: KernelError) => void;
  /** How often /proc is read where the connector does not work. */
  readonly pollMs: number;
  /** 'polling' never tries the connector. */
  readonly method?: 'best' | 'polling';
};

const NETLINK_CONNECTOR = 11;
const CN_IDX_PROC = 1;
const PROC_CN_MCAST_LISTEN = 1;
const SOCK_NONBLOCK = 0o4000;
const MSG_DONTWAIT = 0x40;
const NLMSG_DONE = 3;
const connectorHeaderBytes = 20;
const [what, data] = [connectorHeaderBytes, connectorHeaderBytes + 16];
const events = { none: 0, fork: 1, exec: 2, comm: 0x200, exit: 0x8000_0000 } as const;
const receiveBufferBytes = 4 << 20;
const datagramsPerTurnMax = 256;
const datagram = Buffer.alloc(8192);

/** Tells of processes that start and end from now on; threads are left out. */
export function watchProcesses(options: ProcessWatchOptions): KernelResult<ProcessWatch> {
  const fd = options.method === 'polling' ? undefined : openConnector();
  return fd === undefined ? ok(pollProcesses(options)) : listenToConnector(fd, options);
}

/** A listening connector socket; undefined where the kernel does not answer the request (it never refuses aloud). */
function openConnector(): number | undefined {
  const opened = openNetlinkDescriptor({
    protocol: NETLINK_CONNECTOR,
    groups: [CN_IDX_PROC],
    nonblocking: SOCK_NONBLOCK,
    namespace: undefined,
  });
  if (!opened.ok) return undefined;
  const fd = opened.value;
  setOption(fd, 'SO_RCVBUFFORCE', receiveBufferBytes, 'enlarge the buffer of process events');
  const request = listenRequest();
  if (sendto(fd, request, request.length, 0, null, 0) >= 0 && isAcknowledged(fd)) return fd;
  close(fd);
  return undefined;
}

/** `struct cn_msg` with `enum proc_cn_mcast_op`. */
function listenRequest(): Buffer {
  const body = Buffer.alloc(connectorHeaderBytes + 4);
  body.writeUInt32LE(CN_IDX_PROC, 0);
  body.writeUInt32LE(CN_IDX_PROC, 4);
  body.writeUInt16LE(4, 16);
  body.writeUInt32LE(PROC_CN_MCAST_LISTEN, connectorHeaderBytes);
  return encodeMessage({ type: NLMSG_DONE, flags: 0, sequence: 1, body });
}

/** The kernel queues its answer, an event of kind none with an errno, within the send; others may have come before it. */
function isAcknowledged(fd: number): boolean {
  for (;;) {
    const size = recv(fd, datagram, datagram.length, MSG_DONTWAIT);
    if (size <= 0) return false;
    for (const { body } of decodeMessages(datagram.subarray(0, size))) {
      if (body.readUInt32LE(what) === events.none) return body.readUInt32LE(data) === 0;
    }
  }
}

function listenToConnector(fd: number, options: ProcessWatchOptions): KernelResult<ProcessWatch> {
  let open = true;
  const watch = watchReadable(fd, 'process events', () => {
    for (let count = 0; count < datagramsPerTurnMax && open; count++) {
      if (!readOne(fd, options, () => open)) return;
    }
  });
  if (!watch.ok) {
    close(fd);
    return watch;
  }
  const end = () => {
    if (!open) return;
    open = false;
    watch.value.close();
    close(fd);
  };
  return ok({ method: 'connector', unref: watch.value.unref, close: end });
}

/** Reads one datagram of events; false when there is none. */
function readOne(fd: number, { onEvent, onError }: ProcessWatchOptions, isOpen: () => boolean): boolean {
  const size = recv(fd, datagram, datagram.length, MSG_DONTWAIT);
  if (size < 0) {
    const { error } = kernelError('recv', errno(), 'receive process events');
    if (error.errno === 'ENOBUFS') onEvent({ kind: 'lost' });
    else if (error.errno !== 'EAGAIN' && error.errno !== 'EINTR') onError(error);
    return error.errno === 'ENOBUFS';
  }
  for (const { body } of decodeMessages(Buffer.from(datagram.subarray(0, size)))) {
    const event = eventOf(body);
    if (event !== undefined && isOpen()) onEvent(event);
  }
  return true;
}

/** `struct proc_event`; events of a thread that is not its process's first are left out. */
function eventOf(body: Buffer): ProcessEvent | undefined {
  const kind = body.readUInt32LE(what);
  if (kind === events.fork) {
    const [parentPid, thread, pid] = [
      body.readInt32LE(data + 4),
      body.readInt32LE(data + 8),
      body.readInt32LE(data + 12),
    ];
    return thread === pid ? { kind: 'fork', pid, parentPid } : undefined;
  }
  const [thread, pid] = [body.readInt32LE(data), body.readInt32LE(data + 4)];
  if (thread !== pid) return undefined;
  if (kind === events.exec) return { kind: 'exec', pid };
  if (kind === events.exit) return { kind: 'exit', pid };
  if (kind !== events.comm) return undefined;
  return { kind: 'name', pid, name: body.toString('utf8', data + 8, data + 24).replace(/\0.*$/s, '') };
}

/** What is new since the last reading is told as 'exec', what is gone as 'exit'; what lived in between is not seen. */
function pollProcesses({ onEvent, pollMs }: ProcessWatchOptions): ProcessWatch {
  let known = snapshot();
  let open = true;
  const timer = setInterval(() => {
    const now = snapshot();
    const before = known;
    known = now;
    for (const event of difference(before, now)) if (open) onEvent(event);
  }, pollMs);
  const end = () => {
    open = false;
    clearInterval(timer);
  };
  return { method: 'polling', unref: () => void timer.unref(), close: end };
}

type Snapshot = ReadonlyMap<number, { readonly name: string; readonly startTicks: number }>;

function snapshot(): Snapshot {
  // A zombie has ended; its parent has only not asked yet.
  const alive = listProcesses().filter(({ state }) => state !== 'Z');
  return new Map(alive.map(({ pid, name, startTicks }) => [pid, { name, startTicks }]));
}

function difference(before: Snapshot, now: Snapshot): ProcessEvent[] {
  const gone = [...before].filter(([pid, { startTicks }]) => now.get(pid)?.startTicks !== startTicks);
  const fresh = [...now].filter(([pid, { startTicks }]) => before.get(pid)?.startTicks !== startTicks);
  const renamed = [...now].filter(
    ([pid, { startTicks, name }]) => before.get(pid)?.startTicks === startTicks && before.get(pid)?.name !== name,
  );
  return [
    ...gone.map(([pid]) => ({ kind: 'exit', pid }) as const),
    ...fresh.map(([pid]) => ({ kind: 'exec', pid }) as const),
    ...renamed.map(([pid, { name }]) => ({ kind: 'name', pid, name }) as const),
  ];
}
