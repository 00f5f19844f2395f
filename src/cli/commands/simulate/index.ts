import { buildCommand } from '@stricli/core';
import { CommandFailure } from '../../../kit/index.ts';

type SimulateFlags = {
  readonly suite?: string;
  readonly output?: string;
  readonly only?: string;
};

export const simulateCommand = buildCommand({
  docs: { brief: 'Say what the cluster would do' },
  parameters: {
    flags: {
      suite: { kind: 'parsed', parse: String, optional: true, brief: 'Run every case of a folder', placeholder: 'DIR' },
      output: { kind: 'parsed', parse: String, optional: true, brief: 'Where a suite is written', placeholder: 'DIR' },
      only: { kind: 'parsed', parse: String, optional: true, brief: 'Only cases of the suite named so' },
    },
  },
  async func(flags: SimulateFlags) {
    const { runSuite } = await import('./suite.ts');
    if (flags.suite === undefined || flags.output === undefined) {
      throw new CommandFailure({ kind: 'usage', what: 'a suite needs --suite DIR and --output DIR' });
    }
    const failed = runSuite({ folder: flags.suite, output: flags.output, only: flags.only });
    if (failed > 0) throw new CommandFailure({ kind: 'failed', what: `${failed} cases could not be run` });
  },
});
