import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ApiClient } from '../../../api/index.ts';
import type { ClusterConfiguration } from '../../../daemon/index.ts';
import { CommandFailure, formatDuration } from '../../../kit/index.ts';
import { type AnswerFlags, answer } from '../../cluster/session.ts';

export type LeaveFlags = AnswerFlags & { readonly force: boolean; readonly wait: number };

const pollMs = 100;
const answerMsMax = 20_000;

/** In this order: empty the node, end its daemon, be taken off the list by another member, clear what is left. */
export async function leave(flags: LeaveFlags): Promise<void> {
  const { defaultConfigurationFile, readClusterConfiguration } = await import('../../../daemon/index.ts');
  const configuration = readClusterConfiguration(defaultConfigurationFile);
  await stopDaemon(configuration, flags);
  if (configuration.nodes.length > 1) await beRemoved(configuration, flags);
  clear(configuration);
  answer(flags, `This machine has left the cluster '${configuration.cluster}'`, { left: configuration.cluster });
}

async function stopDaemon({ socket }: ClusterConfiguration, { wait }: LeaveFlags): Promise<void> {
  const client = new ApiClient(socket);
  if (!existsSync(socket) || !(await answers(client))) return;
  await client.command({ kind: 'stop-node' });
  const deadlineMs = performance.now() + wait;
  while (await answers(client)) {
    if (performance.now() > deadlineMs) {
      const what = `the daemon has not ended within ${formatDuration(wait)}: something does not stop`;
      throw new CommandFailure({ kind: 'timeout', what, fix: 'See haven status, and leave again when it has ended' });
    }
    await pause(pollMs);
  }
}

async function answers(client: ApiClient): Promise<boolean> {
  try {
    await client.nodeList();
    return true;
  } catch (thrown) {
    if (thrown instanceof CommandFailure && thrown.failure.kind === 'unavailable') return false;
    throw thrown;
  }
}

/** @throws CommandFailure with what each member said, unless forced. */
async function beRemoved(configuration: ClusterConfiguration, { force }: LeaveFlags): Promise<void> {
  const { certificatesOf, ownName, peerClients } = await import('../../../daemon/index.ts');
  const self = ownName(configuration);
  const certificates = await certificatesOf(configuration);
  const refusals: string[] = [];
  const options = { self, timeoutMs: answerMsMax };
  for (const { client } of certificates === undefined ? [] : peerClients(configuration, { ...options, certificates })) {
    try {
      return await client.command({ kind: 'remove-node', node: self, force: true });
    } catch (thrown) {
      if (!(thrown instanceof CommandFailure)) throw thrown;
      // What each advises is for whoever asked it first; here the command itself says what to do.
      const { what, why } = thrown.failure;
      refusals.push(why === undefined ? what : `${what}: ${why}`);
    }
  }
  if (force) {
    process.stderr.write(`No member was told. On one of them, if it is not done: haven cluster remove ${self}\n`);
    return;
  }
  throw new CommandFailure({
    kind: 'unavailable',
    what: `no member took '${self}' off the list; its daemon is stopped, and nothing was removed here`,
    why: refusals.join('; ') || 'the cluster has no certificates',
    fix: 'Try again; or give --force to clear this machine all the same',
  });
}

function clear({ file, keyFile, certificateDirectory, stateDirectory }: ClusterConfiguration): void {
  const state = ['cib', 'ring', 'transitions'].map((name) => join(stateDirectory, name));
  // The configuration goes last: until then it is this machine's word that something is left to be cleared.
  for (const path of [...state, certificateDirectory, keyFile, file]) rmSync(path, { recursive: true, force: true });
}
