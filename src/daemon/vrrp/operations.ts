// What an administrator does with a running daemon besides stopping and reloading it: pid files, dumps on signals, status.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CommandFailure, type Logger } from '../../kit/index.ts';
import { type FileLock, kernelFailure, lockPidFile } from '../../linux/index.ts';
import type { ProcessOptions, VrrpConfiguration } from '../../vrrp/index.ts';
import { claim } from '../sole.ts';
import { dataText, jsonText, statisticsText } from './dump.ts';
import { serveStatus } from './status-socket.ts';
import type { VrrpSupervisor } from './supervisor.ts';

export type OperationsOptions = {
  readonly supervisor: VrrpSupervisor;
  /** The one that runs now: a reload replaces it. */
  readonly configuration: () => VrrpConfiguration;
  readonly statusSocket: string;
  readonly logger: Logger;
};

/** Serves status and dumps until the returned function is called. */
export function startOperations(options: OperationsOptions): () => void {
  const { supervisor } = options;
  const endStatus = serveUnlessServed(options);
  const dumpData = () => void writeDumps(options, 'data');
  const dumpStatistics = () => void writeDumps(options, 'statistics');
  const clear = () => supervisor.clearStatistics();
  process.on('SIGURG', clear);
  process.on('SIGUSR1', dumpData);
  process.on('SIGUSR2', dumpStatistics);
  return () => {
    process.off('SIGURG', clear);
    process.off('SIGUSR1', dumpData);
    process.off('SIGUSR2', dumpStatistics);
    endStatus();
  };
}

/** Addresses matter more than their status: without the socket the daemon runs all the same. */
function serveUnlessServed({ supervisor, statusSocket, logger }: OperationsOptions): () => void {
  let release: () => void;
  try {
    release = claim({
      program: 'another haven vrrp of the same name',
      socket: statusSocket,
      fix: "Give each an 'instance NAME' in global_defs, so that 'haven vrrp status' can ask both",
    });
  } catch (thrown) {
    if (!(thrown instanceof CommandFailure)) throw thrown;
    logger.warning(`no status of this daemon: ${thrown.message}`);
    return () => {};
  }
  const server = serveStatus(statusSocket, () => supervisor.snapshot());
  return () => {
    server.close();
    rmSync(statusSocket, { force: true });
    release();
  };
}

/** Where scripts look for the pid when no option says: where Keepalived has it, if the file says `instance` or `use_pid_dir`. */
export function standardPidFiles(namespace: string | undefined, options: ProcessOptions | undefined): string[] {
  const { instance, usePidFolder = false } = options ?? {};
  const within = namespace === undefined ? '' : `/${namespace}`;
  if (instance === undefined && !usePidFolder) return [`/run/haven${within}/vrrp.pid`];
  const suffix = instance === undefined ? '' : `_${instance}`;
  return ['keepalived', 'vrrp'].map((name) => `/run/keepalived${within}/${name}${suffix}.pid`);
}

/**
 * Writes our pid to every path and locks it; the function removes them again.
 * @throws CommandFailure `exists` when one names a process that is alive: other programs' pid files have no lock.
 */
export function claimPidFiles(paths: readonly string[], logger: Logger): () => void {
  const taken: FileLock[] = [];
  const release = () => {
    for (const lock of taken) lock.release();
  };
  try {
    for (const path of paths) taken.push(lockedPidFile(path, logger));
  } catch (thrown) {
    release();
    throw thrown;
  }
  return release;
}

function lockedPidFile(path: string, logger: Logger): FileLock {
  const owner = ownerOf(path);
  if (owner !== undefined && owner !== process.pid) throw alreadyRuns(`${path} names process ${owner}, which is alive`);
  if (existsSync(path)) logger.info(`Remove a zombie pid file ${path}`);
  mkdirSync(dirname(path), { recursive: true });
  const lock = lockPidFile(path);
  if (lock.ok) return lock.value;
  throw lock.error.errno === 'EAGAIN'
    ? alreadyRuns(`${path} is ${lock.error.detail}`)
    : new CommandFailure(kernelFailure(lock.error));
}

function alreadyRuns(why: string): CommandFailure {
  const fix = 'Stop it, or give another pid file with -p FILE';
  return new CommandFailure({ kind: 'exists', what: 'a VRRP daemon is already running', why, fix });
}

/** The data dump, line by line in the log. */
export async function logDump({ supervisor, configuration, logger }: OperationsOptions): Promise<void> {
  const snapshot = await supervisor.snapshot();
  const text = dataText({ snapshot, configuration: configuration(), wallMs: Date.now() });
  for (const line of text.trimEnd().split('\n')) logger.info(line);
}

async function writeDumps(options: OperationsOptions, kind: 'data' | 'statistics'): Promise<void> {
  const { supervisor, logger } = options;
  const configuration = options.configuration();
  const { stateDumpFile, statsDumpFile, jsonDumpFile, umask } = configuration.global;
  const snapshot = await supervisor.snapshot();
  const moment = { snapshot, configuration, wallMs: Date.now() };
  const mode = 0o666 & ~umask;
  const files: [string, string][] =
    kind === 'statistics'
      ? [[statsDumpFile, statisticsText(moment)]]
      : [
          [stateDumpFile, dataText(moment)],
          [jsonDumpFile, jsonText(moment)],
        ];
  for (const [path, text] of files) {
    try {
      writeFileSync(path, text, { mode });
      logger.info(`Printing VRRP ${kind} on ${path}`);
    } catch (error) {
      logger.error(`cannot write ${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** The living process a pid file names. */
function ownerOf(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, 'latin1').trim());
    if (!Number.isInteger(pid) || pid <= 1) return undefined;
    process.kill(pid, 0);
    return pid;
  } catch {
    return undefined;
  }
}
