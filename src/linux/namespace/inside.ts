// What is done inside another network namespace besides opening sockets: starting a program, reading and writing /proc/sys/net.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ok } from '../../kit/index.ts';
import { fromSystemError, type KernelResult } from '../error.ts';
import { inNamespace, type NamespacePath } from './enter.ts';

/**
 * Starts a program in a network namespace: a child inherits that of the thread that forks it. Everything else (mounts,
 * /sys) stays as it is here. As with `spawn`, a program that is not there is told by the child's 'error' event.
 */
export function spawnInNamespace(
  namespace: NamespacePath | undefined,
  command: readonly [string, ...string[]],
  options: SpawnOptions = {},
): KernelResult<ChildProcess> {
  const [program, ...words] = command;
  return inNamespace(namespace, () => ok(spawn(program, words, options)));
}

/** A setting below /proc/sys as its path's parts: `['net', 'ipv4', 'conf', 'eth0.5', 'arp_ignore']`. */
export type SysctlKey = readonly string[];

export function readSysctl(key: SysctlKey, namespace?: NamespacePath): KernelResult<string> {
  const path = join('/proc/sys', ...key);
  return inNamespace(namespace, () => attempt(`read ${path}`, () => readFileSync(path, 'latin1').trim()));
}

export function writeSysctl(key: SysctlKey, value: string | number, namespace?: NamespacePath): KernelResult<void> {
  const path = join('/proc/sys', ...key);
  return inNamespace(namespace, () => attempt(`write ${value} to ${path}`, () => writeFileSync(path, `${value}\n`)));
}

function attempt<T>(attempted: string, body: () => T): KernelResult<T> {
  try {
    return ok(body());
  } catch (error) {
    return fromSystemError(error, attempted);
  }
}
