import { buildCommand } from '@stricli/core';
import { jsonFlag, socketFlag } from './flags.ts';
import { formatRingStatus } from './status-text.ts';

type StatusFlags = { readonly socket: string; readonly json?: boolean };

export const statusCommand = buildCommand({
  docs: { brief: 'Show the running ring: members, quorum, links, counters' },
  parameters: { flags: { socket: socketFlag, json: jsonFlag } },
  async func({ socket, json }: StatusFlags) {
    const { askRing } = await import('../../../daemon/index.ts');
    const status = await askRing(socket, { kind: 'status' });
    process.stdout.write(json === true ? `${JSON.stringify(status)}\n` : formatRingStatus(status, new Date()));
  },
});
