// The commands that take a host's life and give it back.
import { buildCommand } from '@stricli/core';
import type { Lab } from '../../../lab/index.ts';
import { answer, chosenLab, hostParameter, jsonFlag, type LabFlags, labFlag } from './flags.ts';

type PowerVerb = {
  readonly brief: string;
  readonly done: string;
  readonly act: (lab: Lab, host: string) => Promise<void>;
};

export const killCommand = powerCommand({
  brief: 'Power a host off: its frames stop first, then its processes end at once',
  done: 'is off',
  act: (lab, host) => lab.kill(host),
});

export const bootCommand = powerCommand({
  brief: 'Power a host on, with the disk it had',
  done: 'is up',
  act: (lab, host) => lab.boot(host),
});

export const pauseCommand = powerCommand({
  brief: 'Stop every process of a host; its kernel goes on answering ARP and ping',
  done: 'is paused',
  act: (lab, host) => lab.pause(host),
});

export const freezeCommand = powerCommand({
  brief: 'Hang a host: processes stopped and frames dropped',
  done: 'is frozen',
  act: (lab, host) => lab.freeze(host),
});

export const resumeCommand = powerCommand({
  brief: 'Let a paused or frozen host go on',
  done: 'goes on',
  act: (lab, host) => lab.resume(host),
});

function powerCommand(verb: PowerVerb) {
  return buildCommand({
    docs: { brief: verb.brief },
    parameters: {
      flags: { lab: labFlag, json: jsonFlag },
      positional: { kind: 'tuple', parameters: [hostParameter] },
    },
    async func(flags: LabFlags, host: string) {
      const lab = await chosenLab(flags);
      await verb.act(lab, host);
      const { state } = await lab.hostStatus(host);
      answer(flags, `${host} ${verb.done}.`, { lab: lab.name, host, state });
    },
  });
}
