// Who is at the other end of a Unix socket (unix(7), SO_PEERCRED): what the kernel knows, not what the peer says.
import { ok } from '../../kit/index.ts';
import { type KernelResult, kernelError } from '../error.ts';
import { errno, getsockopt } from '../libc.ts';

/** As they were when the peer connected. */
export type PeerCredentials = { readonly pid: number; readonly uid: number; readonly gid: number };

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
/** struct ucred: three 32-bit numbers. */
const credentialBytes = 12;

export function peerCredentials(fd: number): KernelResult<PeerCredentials> {
  const bytes = Buffer.alloc(credentialBytes);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(credentialBytes);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, bytes, length) !== 0)
    return kernelError('getsockopt', errno(), 'ask who is connected (SO_PEERCRED)');
  return ok({ pid: bytes.readInt32LE(0), uid: bytes.readUInt32LE(4), gid: bytes.readUInt32LE(8) });
}
