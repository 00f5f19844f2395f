// A netlink socket for requests that are answered at once (man 7 netlink). The kernel does the work within the send and
// queues its answer, so request and acknowledgement take microseconds and need no event loop.
import { assert, ok } from '../../kit/index.ts';
import { type KernelResult, kernelError } from '../error.ts';
import { bind, close, errno, recv, sendto, socket } from '../libc.ts';
import { inNamespace, type NamespacePath } from '../namespace/enter.ts';
import { secondsValue, setOption, setOptions } from '../socket/option.ts';
import { decodeAttributes, decodeMessages, encodeMessage, type NetlinkMessage, readText } from './message.ts';

export type NetlinkRequest = {
  /** The name in error values: `RTM_NEWADDR`. */
  readonly call: string;
  readonly type: number;
  /** NLM_F_* besides NLM_F_REQUEST and the one for acknowledgement or dump. */
  readonly flags?: number;
  readonly body: Buffer;
  /** Completes "cannot …". */
  readonly attempted: string;
};

const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;
const SOCK_RAW_CLOEXEC = 0o2000003;
const [NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP_INTR, NLM_F_ACK_TLVS, NLM_F_DUMP] = [0x01, 0x04, 0x10, 0x200, 0x300];
const [NLMSG_ERROR, NLMSG_DONE] = [2, 3];
const NLMSGERR_ATTR_MSG = 1;
const MSG_TRUNC = 0x20;
const messageHeaderBytes = 16;
/** The kernel fills at most 32 KiB of a dump at a time. */
const answer = Buffer.alloc(65_536);
/** Answers are there within the request; a kernel that owes one must not hold the thread for ever. */
const answerTimeoutS = 5;
/** A dump is repeated when what it lists changed meanwhile; so often at most. */
const dumpAttemptsMax = 8;
const EINTR = 4;

/** An rtnetlink socket of one network namespace. */
export class RouteSocket {
  readonly #fd: number;
  #sequence = 0;
  #open = true;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Has something done, and waits for the acknowledgement. */
  request(request: NetlinkRequest): KernelResult<void> {
    const sent = this.#send(request, NLM_F_ACK);
    if (!sent.ok) return sent;
    for (;;) {
      const received = this.#receive(request);
      if (!received.ok) return received;
      for (const message of received.value) {
        if (message.sequence !== this.#sequence || message.type !== NLMSG_ERROR) continue;
        return acknowledgement(message, request);
      }
    }
  }

  /** Lists: the bodies of every message of the answer. The list is of one moment, or an error. */
  dump(request: NetlinkRequest): KernelResult<NetlinkMessage[]> {
    for (let attempt = 0; attempt < dumpAttemptsMax; attempt++) {
      const dumped = this.#dumpOnce(request);
      if (!dumped.ok) return dumped;
      if (dumped.value !== 'interrupted') return ok(dumped.value);
    }
    return kernelError(request.call, EINTR, request.attempted, 'it kept changing while it was listed');
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    close(this.#fd);
  }

  #dumpOnce(request: NetlinkRequest): KernelResult<NetlinkMessage[] | 'interrupted'> {
    const sent = this.#send(request, NLM_F_DUMP);
    if (!sent.ok) return sent;
    const found: NetlinkMessage[] = [];
    let interrupted = false;
    for (;;) {
      const received = this.#receive(request);
      if (!received.ok) return received;
      for (const message of received.value) {
        if (message.sequence !== this.#sequence) continue;
        if ((message.flags & NLM_F_DUMP_INTR) !== 0) interrupted = true;
        if (message.type === NLMSG_ERROR || message.type === NLMSG_DONE) {
          const ended = message.body.length < 4 ? ok(undefined) : acknowledgement(message, request);
          if (!ended.ok) return ended;
          return ok(interrupted ? 'interrupted' : found);
        }
        found.push({ ...message, body: Buffer.from(message.body) });
      }
    }
  }

  #send(request: NetlinkRequest, kind: number): KernelResult<void> {
    assert(this.#open, 'the netlink socket is open');
    this.#sequence = (this.#sequence + 1) >>> 0;
    const flags = NLM_F_REQUEST | kind | (request.flags ?? 0);
    const message = encodeMessage({ type: request.type, flags, sequence: this.#sequence, body: request.body });
    if (sendto(this.#fd, message, message.length, 0, null, 0) >= 0) return ok(undefined);
    return kernelError(request.call, errno(), request.attempted);
  }

  #receive(request: NetlinkRequest): KernelResult<NetlinkMessage[]> {
    const size = recv(this.#fd, answer, answer.length, MSG_TRUNC);
    if (size < 0) return kernelError(request.call, errno(), request.attempted);
    assert(size <= answer.length, `a netlink answer of ${size} bytes`);
    return ok(decodeMessages(answer.subarray(0, size)));
  }
}

/** Opens a socket for requests about addresses, links, routes and rules. Listing needs no privilege. */
export function openRouteSocket(namespace?: NamespacePath): KernelResult<RouteSocket> {
  const opened = openNetlinkDescriptor({ protocol: NETLINK_ROUTE, groups: [], nonblocking: 0, namespace });
  if (!opened.ok) return opened;
  setOption(opened.value, 'SO_RCVTIMEO', secondsValue(answerTimeoutS), 'bound the wait for answers');
  // Refinements of newer kernels: the answer says more; without them it says enough.
  setOption(opened.value, 'NETLINK_EXT_ACK', 1, 'ask for words with errors');
  setOption(opened.value, 'NETLINK_CAP_ACK', 1, 'ask for short acknowledgements');
  setOption(opened.value, 'NETLINK_GET_STRICT_CHK', 1, 'ask for filtered lists');
  return ok(new RouteSocket(opened.value));
}

/** Opens a netlink descriptor that is a member of multicast `groups` (by number). */
export function openNetlinkDescriptor(options: {
  readonly protocol: number;
  readonly groups: readonly number[];
  /** SOCK_NONBLOCK, or 0. */
  readonly nonblocking: number;
  readonly namespace: NamespacePath | undefined;
}): KernelResult<number> {
  return inNamespace(options.namespace, () => {
    const fd = socket(AF_NETLINK, SOCK_RAW_CLOEXEC | options.nonblocking, options.protocol);
    if (fd < 0) return kernelError('socket', errno(), 'open a netlink socket');
    const local = Buffer.alloc(12);
    local.writeUInt16LE(AF_NETLINK, 0);
    if (bind(fd, local, local.length) !== 0) {
      const failed = kernelError('bind', errno(), 'open a netlink socket');
      close(fd);
      return failed;
    }
    const memberships = options.groups.map((group) => ['NETLINK_ADD_MEMBERSHIP', group] as const);
    const joined = setOptions(fd, memberships, 'follow netlink events');
    if (joined.ok) return ok(fd);
    close(fd);
    return joined;
  });
}

/** Reads `struct nlmsgerr`: 0, or a negative errno with the kernel's words behind the request's header. */
function acknowledgement(message: NetlinkMessage, request: NetlinkRequest): KernelResult<void> {
  const number = -message.body.readInt32LE(0);
  if (number === 0) return ok(undefined);
  return kernelError(request.call, number, request.attempted, wordsOf(message));
}

function wordsOf({ type, flags, body }: NetlinkMessage): string | undefined {
  if ((flags & NLM_F_ACK_TLVS) === 0) return undefined;
  const at = type === NLMSG_ERROR ? 4 + messageHeaderBytes : 4;
  return readText(decodeAttributes(body.subarray(at)).get(NLMSGERR_ATTR_MSG));
}
