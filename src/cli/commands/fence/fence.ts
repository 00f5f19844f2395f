import { CommandFailure } from '../../../kit/index.ts';
import { type ChangeFlags, ClusterSession } from '../../cluster/session.ts';
import { nodeNamed } from '../../edits/names.ts';

type Action = 'off' | 'reboot' | 'on';

export const reboot = (flags: ChangeFlags, node: string) => fence(flags, { node, action: 'reboot' });
export const off = (flags: ChangeFlags, node: string) => fence(flags, { node, action: 'off' });
export const on = (flags: ChangeFlags, node: string) => fence(flags, { node, action: 'on' });

const done: Readonly<Record<Action, string>> = {
  reboot: 'was fenced (reboot)',
  off: 'was fenced (off)',
  on: 'is unfenced',
};

async function fence(flags: ChangeFlags, wish: { readonly node: string; readonly action: Action }): Promise<void> {
  const { node, action } = wish;
  const session = new ClusterSession();
  nodeNamed(await session.document(), node);
  await session.command(flags, { kind: 'fence', node, action }, `${node} ${done[action]}`);
}

type ConfirmFlags = ChangeFlags & { readonly force: boolean };

/** Believed without proof: wrong words here run a service twice, so they are asked for twice. */
export async function confirm({ force, ...flags }: ConfirmFlags, node: string): Promise<void> {
  const session = new ClusterSession();
  nodeNamed(await session.document(), node);
  if (!force) {
    throw new CommandFailure({
      kind: 'unsafe',
      what: `if ${node} still runs anything, it will run twice and may ruin data`,
      fix: `Make sure that it is off, then: haven fence confirm ${node} --force`,
    });
  }
  await session.command(flags, { kind: 'confirm-fenced', node }, `${node} is taken to be off`);
}
