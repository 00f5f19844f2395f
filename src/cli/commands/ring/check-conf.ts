import { readFileSync } from 'node:fs';
import { buildCommand } from '@stricli/core';
import { CommandFailure, formatDiagnostic } from '../../../kit/index.ts';
import { fileFlag, jsonFlag } from './flags.ts';

type CheckFlags = { readonly useFile: string; readonly json?: boolean };

/** As corosync -t prints it when all is well. */
const exiting = 'Corosync Cluster Engine exiting normally';

export const checkConfCommand = buildCommand({
  docs: { brief: "Check a corosync.conf: Corosync's verdict, and what Haven has to say" },
  parameters: { flags: { useFile: fileFlag, json: jsonFlag }, aliases: { f: 'useFile' } },
  async func({ useFile, json }: CheckFlags) {
    const { readCorosyncConf, thisMachine } = await import('../../../membership/index.ts');
    const { fault, diagnostics } = readCorosyncConf(readConf(useFile), useFile, thisMachine());
    if (json === true)
      process.stdout.write(`${JSON.stringify({ file: useFile, fault: fault ?? null, diagnostics })}\n`);
    else {
      // The fault is said once: as the line that Corosync prints.
      const rest = diagnostics.filter(({ what }) => what !== fault);
      for (const diagnostic of rest) process.stderr.write(`${formatDiagnostic(diagnostic)}\n`);
      if (fault === undefined) process.stdout.write(`${exiting}\n`);
    }
    if (fault !== undefined) throw new CommandFailure({ kind: 'config', what: fault });
  },
});

function readConf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    throw new CommandFailure({ kind: 'not-found', what: `Can't read file ${file}`, why: (thrown as Error).message });
  }
}
