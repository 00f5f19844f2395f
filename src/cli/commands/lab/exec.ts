import { buildCommand } from '@stricli/core';
import { CommandFailure } from '../../../kit/index.ts';
import { chosenLab, type LabFlags, labFlag } from './flags.ts';

export const execCommand = buildCommand({
  docs: {
    brief: 'Run a program in a host',
    customUsage: ['HOST -- PROGRAM [ARGUMENT]…', { input: 'node1 -- bash', brief: 'a shell in node1' }],
    fullDescription: 'Ends with the exit code of the program. Without a program: a shell.',
  },
  parameters: {
    flags: { lab: labFlag },
    positional: {
      kind: 'array',
      parameter: {
        parse: String,
        placeholder: 'HOST [-- PROGRAM …]',
        brief: 'The host, then the program and its arguments',
      },
    },
  },
  async func(flags: Pick<LabFlags, 'lab'>, ...words: string[]) {
    const [host, ...program] = words;
    if (host === undefined) {
      const fix = 'Run: haven lab exec HOST -- PROGRAM';
      throw new CommandFailure({ kind: 'usage', what: 'no host is named', fix });
    }
    const lab = await chosenLab(flags);
    const started = lab.host(host).spawn(program.length === 0 ? ['bash'] : program, { stdio: 'inherit' });
    // Ctrl-C is for the program in the host, which is in our process group; we only wait for its end.
    process.on('SIGINT', () => {});
    process.exitCode = await started.exited;
  },
});
