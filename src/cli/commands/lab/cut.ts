import { buildCommand } from '@stricli/core';
import { CommandFailure } from '../../../kit/index.ts';
import type { CutDirection } from '../../../lab/index.ts';
import { answer, chosenLab, hostParameter, jsonFlag, type LabFlags, labFlag, linkFlag } from './flags.ts';

type Flags = LabFlags & { readonly link?: number; readonly silent?: boolean; readonly direction?: CutDirection };

export const cutCommand = buildCommand({
  docs: {
    brief: 'Cut a host off the network',
    fullDescription:
      'The host sees its carrier go, unless --silent drops its frames and leaves the carrier. Cuts add up until `heal`.',
  },
  parameters: {
    flags: {
      link: linkFlag,
      silent: { kind: 'boolean', optional: true, withNegated: false, brief: 'Drop frames, keep the carrier' },
      direction: {
        kind: 'enum',
        values: ['in', 'out', 'both'],
        optional: true,
        brief: 'With --silent: drop what it would hear (in), what it says (out), or both',
      },
      lab: labFlag,
      json: jsonFlag,
    },
    positional: { kind: 'tuple', parameters: [hostParameter] },
  },
  async func(flags: Flags, host: string) {
    if (flags.direction !== undefined && flags.silent !== true) {
      throw new CommandFailure({
        kind: 'usage',
        what: '--direction needs --silent',
        why: 'a lost carrier has no direction',
      });
    }
    const lab = await chosenLab(flags);
    const { link, direction = 'both' } = flags;
    const mode = flags.silent === true ? 'silent' : 'carrier';
    await lab.cut(host, { mode, direction, ...(link === undefined ? {} : { link }) });
    const where = link === undefined ? '' : ` on link ${link}`;
    const how =
      mode === 'carrier'
        ? 'no carrier'
        : { in: 'it hears nothing', out: 'nobody hears it', both: 'frames dropped' }[direction];
    answer(flags, `${host} is cut off${where}: ${how}.`, {
      lab: lab.name,
      host,
      cut: mode,
      direction,
      ...(link === undefined ? {} : { link }),
    });
  },
});
