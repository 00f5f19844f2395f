import { buildCommand } from '@stricli/core';
import packageFile from '../../../package.json' with { type: 'json' };

export const versionCommand = buildCommand({
  docs: { brief: 'Print the version' },
  parameters: {},
  func() {
    process.stdout.write(`haven ${packageFile.version}\n`);
  },
});
