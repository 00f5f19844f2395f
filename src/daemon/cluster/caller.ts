// Who calls the API: the user at the other end of the socket, by name and groups as this machine knows them.
import { execFile } from 'node:child_process';
import type { Socket } from 'node:net';
import { promisify } from 'node:util';
import type { Subject } from '../../cib/index.ts';
import { peerCredentials } from '../../linux/index.ts';

const run = promisify(execFile);
const lookupMsMax = 2000;

/** Of a caller whom nothing is known of: no list names it. */
const stranger: Subject = { user: '', groups: [] };

export async function callerOf(socket: Socket): Promise<Subject> {
  const fd = descriptorOf(socket);
  const peer = fd === undefined ? undefined : peerCredentials(fd);
  if (peer === undefined || !peer.ok) return stranger;
  const { uid } = peer.value;
  if (uid === 0) return { user: 'root', groups: [] };
  try {
    // id(1) knows users of a directory service too; it is asked beside the event loop.
    const [user, groups] = await Promise.all(['-un', '-Gn'].map((flag) => idOf(flag, uid)));
    return { user: user ?? '', groups: (groups ?? '').split(' ') };
  } catch {
    return stranger;
  }
}

async function idOf(flag: string, uid: number): Promise<string> {
  const { stdout } = await run('id', [flag, String(uid)], { timeout: lookupMsMax });
  return stdout.trim();
}

/** Node shows the descriptor of a socket nowhere else; without one the caller is a stranger. */
function descriptorOf(socket: Socket): number | undefined {
  const { _handle: handle } = socket as { readonly _handle?: { readonly fd?: number } };
  return handle?.fd !== undefined && handle.fd >= 0 ? handle.fd : undefined;
}
