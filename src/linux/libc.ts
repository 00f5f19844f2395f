// The C library, called through koffi: the only file that names a foreign function. Structures are encoded by hand in
// Buffers by the files that use them; that is right on every 64-bit little-endian Linux (x86-64, arm64), asserted here.
//
// A Buffer's memory lies outside the JavaScript heap and never moves, so its address may be put into another structure
// as long as something that is used after the call keeps the Buffer alive: the address alone does not.
import { endianness } from 'node:os';
import koffi from 'koffi';
import { assert } from '../kit/index.ts';

assert(endianness() === 'LE', 'kernel structures are encoded little-endian; this machine is big-endian');
assert(koffi.sizeof('void *') === 8, 'kernel structures are encoded for 64 bits; this process has 32');

type Memory = Uint8Array | null;
type Native<Arguments extends unknown[]> = (...values: Arguments) => number;

const library = koffi.load(null);

/** Variadic functions (`fcntl`, `ioctl`, `prctl`, `syscall`) are declared with the arguments that we pass: integers only. */
function native<Arguments extends unknown[]>(prototype: string): Native<Arguments> {
  return library.func(prototype) as Native<Arguments>;
}

/** The errno that the last foreign call of this thread left behind; read it before anything else runs. */
export const errno: () => number = koffi.errno;

export const close: Native<[number]> = native('int close(int)');
export const open: Native<[string, number, number]> = native('int open(const char *, int, uint)');
export const read: Native<[number, Memory, number]> = native('long read(int, void *, size_t)');
export const write: Native<[number, Memory, number]> = native('long write(int, const void *, size_t)');
export const pipe2: Native<[Memory, number]> = native('int pipe2(void *, int)');
export const dup3: Native<[number, number, number]> = native('int dup3(int, int, int)');
export const ioctl: Native<[number, number, Memory]> = native('int ioctl(int, ulong, void *)');
export const flock: Native<[number, number]> = native('int flock(int, int)');

export const socket: Native<[number, number, number]> = native('int socket(int, int, int)');
export const bind: Native<[number, Memory, number]> = native('int bind(int, const void *, uint)');
export const getsockname: Native<[number, Memory, Memory]> = native('int getsockname(int, void *, void *)');
export const setsockopt: Native<[number, number, number, Memory, number]> = native(
  'int setsockopt(int, int, int, const void *, uint)',
);
export const getsockopt: Native<[number, number, number, Memory, Memory]> = native(
  'int getsockopt(int, int, int, void *, void *)',
);
export const sendto: Native<[number, Memory, number, number, Memory, number]> = native(
  'long sendto(int, const void *, size_t, int, const void *, uint)',
);
export const recv: Native<[number, Memory, number, number]> = native('long recv(int, void *, size_t, int)');
export const sendmsg: Native<[number, Memory, number]> = native('long sendmsg(int, const void *, int)');
export const recvmmsg: Native<[number, Memory, number, number, Memory]> = native(
  'int recvmmsg(int, void *, uint, int, void *)',
);
export const recvmsg: Native<[number, Memory, number]> = native('long recvmsg(int, void *, int)');

export const epollCreate: Native<[number]> = native('int epoll_create1(int)');
export const epollControl: Native<[number, number, number, Memory]> = native('int epoll_ctl(int, int, int, void *)');
export const epollWait: Native<[number, Memory, number, number]> = native('int epoll_wait(int, void *, int, int)');
export const poll: Native<[Memory, number, number]> = native('int poll(void *, ulong, int)');
export const eventfd: Native<[number, number]> = native('int eventfd(uint, int)');

export const timerfdCreate: Native<[number, number]> = native('int timerfd_create(int, int)');
export const timerfdSettime: Native<[number, number, Memory, Memory]> = native(
  'int timerfd_settime(int, int, const void *, void *)',
);
export const clockGettime: Native<[number, Memory]> = native('int clock_gettime(int, void *)');

export const setns: Native<[number, number]> = native('int setns(int, int)');
export const schedSetscheduler: Native<[number, number, Memory]> = native(
  'int sched_setscheduler(int, int, const void *)',
);
export const setpriority: Native<[number, number, number]> = native('int setpriority(int, uint, int)');
export const schedSetaffinity: Native<[number, number, Memory]> = native(
  'int sched_setaffinity(int, size_t, const void *)',
);
export const schedGetscheduler: Native<[number]> = native('int sched_getscheduler(int)');

export const inotifyInit: Native<[number]> = native('int inotify_init1(int)');
export const inotifyAddWatch: Native<[number, string, number]> = native(
  'int inotify_add_watch(int, const char *, uint32_t)',
);
export const inotifyRemoveWatch: Native<[number, number]> = native('int inotify_rm_watch(int, int)');
/** pidfd_open and pidfd_send_signal by number: they have the same on every architecture, and older C libraries no name. */
export const syscall: Native<[number, number, number, number, number]> = native(
  'long syscall(long, long, long, long, long)',
);
export const prctl: Native<[number, number, number, number, number]> = native(
  'int prctl(int, ulong, ulong, ulong, ulong)',
);
export const setrlimit: Native<[number, Memory]> = native('int setrlimit(int, const void *)');
/** The same for options whose argument is memory. */
export const prctlMemory: Native<[number, Memory]> = native('int prctl(int, const void *)');

export const posixSpawn: Native<[Memory, string, Memory, Memory, Memory, Memory]> = native(
  'int posix_spawn(void *, const char *, const void *, const void *, const void *, const void *)',
);
export const spawnActionsInit: Native<[Memory]> = native('int posix_spawn_file_actions_init(void *)');
export const spawnActionsDestroy: Native<[Memory]> = native('int posix_spawn_file_actions_destroy(void *)');
export const spawnActionsAddOpen: Native<[Memory, number, string, number, number]> = native(
  'int posix_spawn_file_actions_addopen(void *, int, const char *, int, uint)',
);
export const spawnActionsAddDup2: Native<[Memory, number, number]> = native(
  'int posix_spawn_file_actions_adddup2(void *, int, int)',
);
export const spawnActionsAddChdir: Native<[Memory, string]> = native(
  'int posix_spawn_file_actions_addchdir_np(void *, const char *)',
);
export const spawnAttributesInit: Native<[Memory]> = native('int posix_spawnattr_init(void *)');
export const spawnAttributesDestroy: Native<[Memory]> = native('int posix_spawnattr_destroy(void *)');
export const spawnAttributesSetFlags: Native<[Memory, number]> = native('int posix_spawnattr_setflags(void *, short)');
export const spawnAttributesSetDefaults: Native<[Memory, Memory]> = native(
  'int posix_spawnattr_setsigdefault(void *, const void *)',
);
export const spawnAttributesSetMask: Native<[Memory, Memory]> = native(
  'int posix_spawnattr_setsigmask(void *, const void *)',
);
export const waitpid: Native<[number, Memory, number]> = native('int waitpid(int, void *, int)');

export const memfdCreate: Native<[string, number]> = native('int memfd_create(const char *, uint)');
export const ftruncate: Native<[number, number]> = native('int ftruncate(int, long)');
const mmap = library.func('void *mmap(void *, size_t, int, int, int, long)');
const [PROT_READ_WRITE, MAP_SHARED, MAP_FAILED] = [3, 1, 2n ** 64n - 1n];

/** The first `bytes` of a descriptor as memory that is never unmapped; undefined with errno set when it cannot be had. */
export function mapShared(fd: number, bytes: number): ArrayBuffer | undefined {
  const pointer: unknown = mmap(null, bytes, PROT_READ_WRITE, MAP_SHARED, fd, 0);
  return koffi.address(pointer) === MAP_FAILED ? undefined : koffi.view(pointer, bytes);
}

/** The address of `memory`, to be put into another structure; `memory` must outlive that structure's use. */
export function addressOf(memory: Uint8Array): bigint {
  return koffi.address(memory);
}
