import { buildCommand } from '@stricli/core';
import { CommandFailure } from '../../../kit/index.ts';
import { answer, chosenLab, jsonFlag, type LabFlags, labFlag, linkFlag } from './flags.ts';

export const partitionCommand = buildCommand({
  docs: {
    brief: 'Split the network into groups of hosts that hear only their own',
    fullDescription: 'Hosts that are not named stay together. Carriers stay. `heal` joins all again.',
    customUsage: ['GROUP [GROUP]…', { input: 'node1,node2 node3', brief: 'two against one' }],
  },
  parameters: {
    flags: { link: linkFlag, lab: labFlag, json: jsonFlag },
    positional: {
      kind: 'array',
      parameter: { parse: String, placeholder: 'HOST,HOST…', brief: 'A group of hosts' },
    },
  },
  async func(flags: LabFlags & { readonly link?: number }, ...words: string[]) {
    const groups = words.map((word) => word.split(','));
    if (groups.length === 0) {
      throw new CommandFailure({
        kind: 'usage',
        what: 'no group is named',
        fix: 'Run: haven lab partition node1,node2 node3',
      });
    }
    const lab = await chosenLab(flags);
    await lab.partition(groups, flags.link === undefined ? {} : { link: flags.link });
    answer(flags, `Apart: ${groups.map((group) => group.join(', ')).join(' | ')}.`, { lab: lab.name, groups });
  },
});
