import { buildCommand } from '@stricli/core';
import type { LabStatus } from '../../../lab/index.ts';
import { jsonFlag, type LabFlags, labFlag, loadLabRoom } from './flags.ts';
import { formatStatus } from './status-table.ts';

type DeadLab = { readonly name: string; readonly state: 'dead' };

export const statusCommand = buildCommand({
  docs: { brief: 'Show the labs: who is up, what is cut, which addresses are where' },
  parameters: { flags: { lab: { ...labFlag, brief: 'Only this lab; default all' }, json: jsonFlag } },
  async func(flags: LabFlags) {
    const { listLabs, openLab } = await loadLabRoom();
    if (flags.lab !== undefined) return show(flags, [await openLab(flags.lab).status()]);
    const labs = listLabs().map(({ name, state }) => (state === 'up' ? openLab(name).status() : { name, state }));
    show(flags, await Promise.all(labs));
  },
});

function show(flags: LabFlags, labs: readonly (LabStatus | DeadLab)[]): void {
  if (flags.json === true) return void process.stdout.write(`${JSON.stringify(labs)}\n`);
  const none = 'There is no lab. Make one: haven lab up\n';
  process.stdout.write(labs.length === 0 ? none : labs.map(describe).join('\n'));
}

function describe(lab: LabStatus | DeadLab): string {
  if ('hosts' in lab) return formatStatus(lab);
  return `Lab ${lab.name}: dead. Clear it away: haven lab down --lab ${lab.name}\n`;
}
