import { type ChangeFlags, ClusterSession } from '../../cluster/session.ts';
import { nodeNamed, resourceNamed } from '../../edits/names.ts';

type CleanupFlags = ChangeFlags & { readonly node?: string };

export function cleanup(flags: CleanupFlags, resource: string | undefined): Promise<void> {
  return forget('cleanup', flags, resource);
}

export function refresh(flags: CleanupFlags, resource: string | undefined): Promise<void> {
  return forget('refresh', flags, resource);
}

async function forget(kind: 'cleanup' | 'refresh', { node, ...flags }: CleanupFlags, resource: string | undefined) {
  const session = new ClusterSession();
  const document = await session.document();
  if (resource !== undefined) resourceNamed(document, resource);
  if (node !== undefined) nodeNamed(document, node);
  const place = node === undefined ? '' : ` on ${node}`;
  const what = kind === 'cleanup' ? 'failures' : 'everything known';
  const done = `${what} of ${resource ?? 'every resource'}${place} ${kind === 'cleanup' ? 'are' : 'is'} forgotten`;
  await session.command(flags, { kind, resource, node }, done);
}
