import { buildCommand } from '@stricli/core';
import { CommandFailure, parseDurationMs } from '../../../kit/index.ts';
import type { ImpairOptions } from '../../../lab/index.ts';
import { answer, chosenLab, hostParameter, jsonFlag, type LabFlags, labFlag, linkFlag, wholeNumber } from './flags.ts';

type Flags = LabFlags &
  Pick<ImpairOptions, 'link' | 'direction' | 'loss' | 'duplicate' | 'reorder' | 'seed'> & {
    readonly delay?: number;
    readonly jitter?: number;
  };

const share = (brief: string) =>
  ({ kind: 'parsed', parse: shareOf, optional: true, placeholder: 'PERCENT', brief }) as const;
const time = (brief: string) =>
  ({ kind: 'parsed', parse: timeOf, optional: true, placeholder: 'TIME', brief }) as const;

export const impairCommand = buildCommand({
  docs: {
    brief: "Make a host's cable a bad one: delay, loss, doubled and reordered frames",
    fullDescription: 'Replaces what it was before; without any of the impairments the cable is good again.',
    customUsage: ['[IMPAIRMENTS] HOST', { input: '--delay 20ms --jitter 5ms --loss 1% node1', brief: 'a poor line' }],
  },
  parameters: {
    flags: {
      delay: time('Later by this'),
      jitter: time('And by up to this more'),
      loss: share('Frames that are lost'),
      duplicate: share('Frames that come twice'),
      reorder: share('Frames that those behind them pass'),
      direction: {
        kind: 'enum',
        values: ['in', 'out', 'both'],
        optional: true,
        brief: 'What it hears, what it says, or both',
      },
      seed: { kind: 'parsed', parse: wholeNumber, optional: true, placeholder: 'N', brief: 'Other frames suffer' },
      link: linkFlag,
      lab: labFlag,
      json: jsonFlag,
    },
    positional: { kind: 'tuple', parameters: [hostParameter] },
  },
  async func(flags: Flags, host: string) {
    const { delay, jitter, loss, duplicate, reorder, direction, seed, link } = flags;
    const wanted = { delayMs: delay, jitterMs: jitter, loss, duplicate, reorder };
    const given = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
    const where = Object.fromEntries(
      Object.entries({ direction, seed, link }).filter(([, value]) => value !== undefined),
    );
    const lab = await chosenLab(flags);
    const isGood = Object.keys(given).length === 0;
    if (isGood) await lab.repair(host, where);
    else await lab.impair(host, { ...given, ...where });
    answer(flags, isGood ? `The cable of ${host} is good.` : `The cable of ${host} is bad.`, {
      lab: lab.name,
      host,
      ...given,
      ...where,
    });
  },
});

function shareOf(text: string): number {
  const percent = /^(\d+(?:\.\d+)?)%?$/.exec(text)?.[1];
  if (percent !== undefined && Number(percent) <= 100) return Number(percent) / 100;
  throw new CommandFailure({ kind: 'usage', what: `'${text}' is no share`, fix: 'Write 1%, 0.5%' });
}

function timeOf(text: string): number {
  const ms = parseDurationMs(text, 'ms');
  if (ms !== undefined) return ms;
  throw new CommandFailure({ kind: 'usage', what: `'${text}' is not a time`, fix: 'Write 1ms, 500ms' });
}
