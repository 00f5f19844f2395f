// Starts programs by posix_spawn(3), not by fork(2) as Node does. A fork copies the page tables of the whole process, and the C
// library keeps every lock of its allocator meanwhile: all threads wait for that, a real-time one too, for as long as the
// forking thread is kept from the processor. (Measured on a busy machine: stalls of 100 ms of the thread that sends
// heartbeats, with each script that another thread ran.) posix_spawn suspends the calling thread alone, and briefly.
import { accessSync, existsSync, constants as files, statSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { ok } from '../../kit/index.ts';
import { fromSystemError, type KernelResult, kernelError } from '../error.ts';
import {
  addressOf,
  posixSpawn,
  spawnActionsAddChdir,
  spawnActionsAddDup2,
  spawnActionsAddOpen,
  spawnActionsDestroy,
  spawnActionsInit,
  spawnAttributesDestroy,
  spawnAttributesInit,
  spawnAttributesSetDefaults,
  spawnAttributesSetFlags,
  spawnAttributesSetMask,
  waitpid,
} from '../libc.ts';
import { openProcess } from './pidfd.ts';

export type ProgramStart = {
  /** A path, or a name that is looked for in the environment's PATH. */
  readonly argv: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly directory: string;
  /** What it gets as standard input, output and error: a descriptor, or nothing (/dev/null). */
  readonly stdio: readonly [number | 'nothing', number | 'nothing', number | 'nothing'];
  /** The account it runs as, without supplementary groups; the own one when left out. */
  readonly account?: { readonly uid: number; readonly gid: number } | undefined;
};

export type ProgramEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: string };

export type StartedProgram = {
  readonly pid: number;
  /** Called once, in a later turn, when it has ended. */
  readonly onEnd: (told: (end: ProgramEnd) => void) => void;
  /** Lets this process end before it. */
  readonly unref: () => void;
};

/** Larger than posix_spawn_file_actions_t (80 bytes) and posix_spawnattr_t (336) of any C library. */
const structureBytes = 512;
const signalSetBytes = 128;
const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;
const POSIX_SPAWN_SETSID = 0x80;
const flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID;
const WNOHANG = 1;
const shell = '/bin/sh';
/** posix_spawn cannot change the account (util-linux). */
const changer = '/usr/bin/setpriv';

/**
 * Starts a program in a session, and so a process group, of its own, with all signals as the kernel has them. What the
 * kernel cannot run because it has no first line `#!` is a shell script, as execvp(3) has it.
 */
export function startProgram(start: ProgramStart): KernelResult<StartedProgram> {
  const program = findProgram(start);
  if (!program.ok) return program;
  if (!existsSync(start.directory)) return kernelError('chdir', constants.errno.ENOENT, `enter ${start.directory}`);
  const [, ...words] = start.argv;
  const { account } = start;
  if (account !== undefined) {
    const change = ['--reuid', `${account.uid}`, '--regid', `${account.gid}`, '--clear-groups', '--'];
    return spawned(changer, [changer, ...change, program.value, ...words], start);
  }
  const done = spawned(program.value, [...start.argv], start);
  if (done.ok || done.error.errno !== 'ENOEXEC') return done;
  return spawned(shell, [shell, program.value, ...words], start);
}

function spawned(path: string, argv: readonly string[], start: ProgramStart): KernelResult<StartedProgram> {
  const attempted = `run ${start.argv[0]}`;
  const variables = Object.entries(start.environment).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
  if ([...argv, ...variables].some((text) => text.includes('\0')))
    return kernelError('posix_spawn', constants.errno.EINVAL, attempted);
  const [actions, attributes] = [actionsOf(start), attributesOf()];
  const pid = Buffer.alloc(4);
  const failed = posixSpawn(pid, path, actions, attributes, vectorOf(argv), vectorOf(variables));
  spawnActionsDestroy(actions);
  spawnAttributesDestroy(attributes);
  return failed === 0 ? followed(pid.readInt32LE(0)) : kernelError('posix_spawn', failed, attempted);
}

function followed(pid: number): KernelResult<StartedProgram> {
  const handle = openProcess(pid);
  if (!handle.ok) return abandon(pid, handle);
  let told = (_end: ProgramEnd): void => {};
  const watched = handle.value.onEnd(() => {
    handle.value.close();
    told(reap(pid, WNOHANG));
  });
  if (!watched.ok) {
    handle.value.close();
    return abandon(pid, watched);
  }
  const onEnd = (listener: (end: ProgramEnd) => void): void => {
    told = listener;
  };
  return ok({ pid, onEnd, unref: () => handle.value.unref() });
}

/** No descriptor is left, say. A program whose end nobody would hear of must not run. */
function abandon<Refusal>(pid: number, refusal: Refusal): Refusal {
  process.kill(-pid, 'SIGKILL');
  reap(pid, 0);
  return refusal;
}

function reap(pid: number, options: number): ProgramEnd {
  const status = Buffer.alloc(4);
  // Nobody else waits for it; but a process that ignores SIGCHLD is told no status.
  if (waitpid(pid, status, options) !== pid) return { kind: 'signalled', signal: 'unknown' };
  const [code, number] = [status.readUInt8(1), status.readUInt8(0) & 0x7f];
  if (number === 0) return { kind: 'exited', code };
  const name = Object.entries(constants.signals).find(([, each]) => each === number)?.[0];
  return { kind: 'signalled', signal: name ?? `signal ${number}` };
}

/** `char *const []`: the addresses, and in the same memory the texts that they point at. */
function vectorOf(texts: readonly string[]): Buffer {
  const pointerBytes = 8 * (texts.length + 1);
  const vector = Buffer.alloc(pointerBytes + texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 1, 0));
  const begin = addressOf(vector);
  let at = pointerBytes;
  for (const [index, text] of texts.entries()) {
    vector.writeBigUInt64LE(begin + BigInt(at), 8 * index);
    at += vector.write(text, at) + 1;
  }
  return vector;
}

function actionsOf({ stdio, directory }: ProgramStart): Buffer {
  const actions = Buffer.alloc(structureBytes);
  spawnActionsInit(actions);
  for (const [target, source] of stdio.entries()) {
    if (source === 'nothing') spawnActionsAddOpen(actions, target, '/dev/null', files.O_RDWR, 0);
    else spawnActionsAddDup2(actions, source, target);
  }
  spawnActionsAddChdir(actions, directory);
  return actions;
}

function attributesOf(): Buffer {
  const attributes = Buffer.alloc(structureBytes);
  spawnAttributesInit(attributes);
  spawnAttributesSetFlags(attributes, flags);
  spawnAttributesSetDefaults(attributes, Buffer.alloc(signalSetBytes, 0xff));
  spawnAttributesSetMask(attributes, Buffer.alloc(signalSetBytes));
  return attributes;
}

function findProgram({ argv: [name], environment }: ProgramStart): KernelResult<string> {
  if (name.includes('/')) return runnable(name);
  const folders = (environment.PATH ?? '').split(':').filter((folder) => folder !== '');
  const found = folders.map((folder) => runnable(join(folder, name)));
  return found.find(({ ok: fits }) => fits) ?? found.find(isDenied) ?? notThere(name);
}

function runnable(path: string): KernelResult<string> {
  try {
    accessSync(path, files.X_OK);
    return statSync(path).isDirectory() ? kernelError('execve', constants.errno.EACCES, `run ${path}`) : ok(path);
  } catch (thrown) {
    return fromSystemError(thrown, `run ${path}`);
  }
}

function isDenied(found: KernelResult<string>): boolean {
  return !found.ok && found.error.errno === 'EACCES';
}

function notThere(name: string): KernelResult<string> {
  return kernelError('execvp', constants.errno.ENOENT, `run ${name}`);
}
