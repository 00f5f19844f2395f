import { buildCommand } from '@stricli/core';

type Flags = { readonly scripted: boolean; readonly json?: string; readonly lab: string };

export const demoCommand = buildCommand({
  docs: {
    brief: 'Show a failover on real hosts made of namespaces',
    fullDescription: 'Two servers, a virtual address, a client that asks it each millisecond. Needs root.',
  },
  parameters: {
    flags: {
      scripted: { kind: 'boolean', default: false, brief: 'Kill, return and cut by itself, print a table and end' },
      json: {
        kind: 'parsed',
        parse: String,
        optional: true,
        placeholder: 'FILE',
        brief: 'With --scripted: the results as JSON too',
      },
      lab: { kind: 'parsed', parse: String, default: 'demo', placeholder: 'NAME', brief: "The lab's name" },
    },
  },
  async func(flags: Flags) {
    if (!flags.scripted) {
      const { runLive } = await import('./live.ts');
      return runLive(flags.lab);
    }
    const { runScripted } = await import('./scripted.ts');
    process.exitCode = await runScripted({ labName: flags.lab, jsonFile: flags.json });
  },
});
