import { buildCommand } from '@stricli/core';
import { answer, chosenLab, hostParameter, jsonFlag, type LabFlags, labFlag, linkFlag } from './flags.ts';

export const healCommand = buildCommand({
  docs: { brief: 'Undo cuts, of one host or of all' },
  parameters: {
    flags: { link: linkFlag, lab: labFlag, json: jsonFlag },
    positional: { kind: 'tuple', parameters: [{ ...hostParameter, optional: true }] },
  },
  async func(flags: LabFlags & { readonly link?: number }, host?: string) {
    const lab = await chosenLab(flags);
    await lab.heal(host, flags.link === undefined ? {} : { link: flags.link });
    answer(flags, `${host ?? 'Every host'} is connected again.`, { lab: lab.name, healed: host ?? 'all' });
  },
});
