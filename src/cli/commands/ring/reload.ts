import { buildCommand } from '@stricli/core';
import { socketFlag } from './flags.ts';

type ReloadFlags = { readonly socket: string };

export const reloadCommand = buildCommand({
  docs: {
    brief: 'Have every node of the running ring read its corosync.conf again',
    fullDescription:
      'As corosync-cfgtool -R. The node list, addresses, timeouts, quorum and logging change without a change of ' +
      'membership. What cannot change while the ring runs is refused, and the configuration stays as it is: here the ' +
      'answer says why, on other nodes their log. SIGHUP to the daemon has that node alone read its file.',
  },
  parameters: { flags: { socket: socketFlag } },
  async func({ socket }: ReloadFlags) {
    const { askRing } = await import('../../../daemon/index.ts');
    const { expected, tokenMs } = await askRing(socket, { kind: 'reload' });
    process.stdout.write(`Reloaded: ${expected.length} nodes listed, token timeout ${tokenMs} ms.\n`);
  },
});
