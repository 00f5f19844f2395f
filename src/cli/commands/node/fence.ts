import { CommandFailure } from '../../../kit/index.ts';
import { type ChangeFlags, ClusterSession } from '../../cluster/session.ts';
import { nodeNamed } from '../../edits/names.ts';

type FenceFlags = ChangeFlags & { readonly action: 'off' | 'reboot' | 'on' };

export async function fence(flags: FenceFlags, node: string): Promise<void> {
  const session = new ClusterSession();
  nodeNamed(await session.document(), node);
  const { action } = flags;
  await session.command(flags, { kind: 'fence', node, action }, `${node} was fenced (${action})`);
}

type ConfirmFlags = ChangeFlags & { readonly force: boolean };

/** Believed without proof: wrong words here run a service twice, so they are asked for twice. */
export async function confirmFenced({ force, ...flags }: ConfirmFlags, node: string): Promise<void> {
  const session = new ClusterSession();
  nodeNamed(await session.document(), node);
  if (!force) {
    throw new CommandFailure({
      kind: 'unsafe',
      what: `if ${node} still runs anything, it will run twice and may ruin data`,
      fix: `Make sure that it is off, then: haven node confirm-fenced ${node} --force`,
    });
  }
  await session.command(flags, { kind: 'confirm-fenced', node }, `${node} is taken to be off`);
}
