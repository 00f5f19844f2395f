// One daemon for a socket and a state folder: a second one would take the socket over, write into the same files, and its
// guardian would say farewell for a node that lives. Taken before anything else is touched.
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { CommandFailure, type Failure } from '../kit/index.ts';
import { type FileLock, type KernelResult, kernelFailure, lockFolder, lockPidFile } from '../linux/index.ts';

export type Claim = {
  /** What runs, for whoever starts it twice: `haven daemon`. */
  readonly program: string;
  readonly socket: string;
  /** Undefined: files in it are shared in order. */
  readonly stateDirectory?: string;
  /** How to run two of them, or to end the other. */
  readonly fix: string;
};

/** Names the process that serves the socket. */
export function lockOf(socket: string): string {
  return `${socket}.lock`;
}

/** The function gives everything up again. @throws CommandFailure `exists`: another process has it. */
export function claim({ program, socket, stateDirectory, fix }: Claim): () => void {
  const taken: FileLock[] = [];
  const release = () => {
    for (const lock of taken) lock.release();
  };
  const take = (attempt: KernelResult<FileLock>, of: string) => {
    if (attempt.ok) return taken.push(attempt.value);
    release();
    const failure = kernelFailure(attempt.error);
    if (attempt.error.errno !== 'EAGAIN') throw new CommandFailure(failure);
    throw new CommandFailure(alreadyRuns({ program, why: `${of} is ${attempt.error.detail}`, fix }));
  };
  mkdirSync(dirname(socket), { recursive: true });
  take(lockPidFile(lockOf(socket)), socket);
  if (stateDirectory === undefined) return release;
  mkdirSync(stateDirectory, { recursive: true });
  take(lockFolder(stateDirectory), stateDirectory);
  return release;
}

function alreadyRuns({ program, why, fix }: { readonly program: string; readonly why: string; readonly fix: string }) {
  return { kind: 'exists', what: `${program} already runs here`, why, fix } satisfies Failure;
}
