// Datagrams to a Unix socket (man 7 unix), which Node does not have: to the system's log, to the service manager.
import { ok } from '../../kit/index.ts';
import { type KernelResult, kernelError } from '../error.ts';
import { close, errno, sendto, socket } from '../libc.ts';

export type UnixDatagrams = {
  /** Lost when nobody reads, or not fast enough: nothing waits for it. */
  readonly send: (bytes: Uint8Array) => void;
  readonly close: () => void;
};

const [AF_UNIX, SOCK_DGRAM_CLOEXEC_NONBLOCK] = [1, 2 | 0o2004000];
const MSG_DONTWAIT_NOSIGNAL = 0x4040;
const [ENAMETOOLONG, EINVAL] = [36, 22];
/** `sun_path`, with its final zero. */
const pathBytesMax = 107;

/** `path`: absolute, or a name of the abstract namespace, written with `@` first. `purpose` is for the error. */
export function openUnixDatagrams(path: string, purpose: string): KernelResult<UnixDatagrams> {
  const isAbstract = path.startsWith('@');
  if (!isAbstract && !path.startsWith('/')) return kernelError('socket', EINVAL, purpose);
  if (Buffer.byteLength(path) > pathBytesMax) return kernelError('socket', ENAMETOOLONG, purpose);
  const fd = socket(AF_UNIX, SOCK_DGRAM_CLOEXEC_NONBLOCK, 0);
  if (fd < 0) return kernelError('socket', errno(), purpose);
  // A path ends with a zero; an abstract name begins with one, and its length is the address's.
  const name = Buffer.from(isAbstract ? `\0${path.slice(1)}` : `${path}\0`);
  const address = Buffer.concat([Buffer.from([AF_UNIX, 0]), name]);
  return ok({
    send: (bytes) => void sendto(fd, Buffer.from(bytes), bytes.length, MSG_DONTWAIT_NOSIGNAL, address, address.length),
    close: () => void close(fd),
  });
}
