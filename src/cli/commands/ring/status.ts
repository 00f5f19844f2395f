import { buildCommand } from '@stricli/core';
import { jsonFlag, socketFlag } from './flags.ts';
import { formatRingStatus } from './status-text.ts';

const notQuorate = 2;

type StatusFlags = { readonly socket: string; readonly json?: boolean };

export const statusCommand = buildCommand({
  docs: {
    brief: 'Show the running ring: members, quorum, links, counters',
    fullDescription:
      'Quorum and members as corosync-quorumtool -s prints them, links as corosync-cfgtool -s does. Ends with 2 when this ' +
      'node is not quorate, as corosync-quorumtool -s does; with --json 0.',
  },
  parameters: { flags: { socket: socketFlag, json: jsonFlag } },
  async func({ socket, json }: StatusFlags) {
    const { askRing } = await import('../../../daemon/index.ts');
    const status = await askRing(socket, { kind: 'status' });
    // For scripts that were written for corosync-quorumtool -s.
    if (json !== true && !status.quorum.quorate) process.exitCode = notQuorate;
    process.stdout.write(json === true ? `${JSON.stringify(status)}\n` : formatRingStatus(status, new Date()));
  },
});
