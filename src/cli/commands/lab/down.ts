import { buildCommand } from '@stricli/core';
import { answer, chosenLab, jsonFlag, type LabFlags, labFlag, loadLabRoom } from './flags.ts';

export const downCommand = buildCommand({
  docs: { brief: 'End a lab and everything in it, also one whose processes died' },
  parameters: {
    flags: {
      lab: labFlag,
      all: { kind: 'boolean', optional: true, withNegated: false, brief: 'Every lab of this machine' },
      json: jsonFlag,
    },
  },
  async func(flags: LabFlags & { readonly all?: boolean }) {
    const { removeAllLabs, removeLab } = await loadLabRoom();
    const removed = flags.all === true ? await removeAllLabs() : [await nameOf(flags)];
    if (flags.all !== true) for (const name of removed) await removeLab(name);
    answer(flags, removed.length === 0 ? 'There was no lab.' : `Gone: ${removed.join(', ')}.`, { removed });
  },
});

/** A dead lab can be taken away by name; without a name there must be one only. */
async function nameOf(flags: LabFlags): Promise<string> {
  if (flags.lab !== undefined) return flags.lab;
  const { listLabs } = await loadLabRoom();
  const [only, another] = listLabs();
  return only !== undefined && another === undefined ? only.name : (await chosenLab(flags)).name;
}
