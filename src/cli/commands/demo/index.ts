import { buildCommand, numberParser } from '@stricli/core';

type Flags = {
  readonly scripted: boolean;
  readonly pair: boolean;
  readonly json?: string;
  readonly lab: string;
  readonly profile: 'default' | 'fast';
  readonly repeat: number;
};

export const demoCommand = buildCommand({
  docs: {
    brief: 'Show a failover on real hosts made of namespaces',
    fullDescription:
      'Three nodes, a virtual address and a web server, a client that asks it each millisecond. With --pair: two servers ' +
      'with haven vrrp instead. Needs root.',
  },
  parameters: {
    flags: {
      scripted: { kind: 'boolean', default: false, brief: 'Break and mend it by itself, print a table and end' },
      pair: { kind: 'boolean', default: false, brief: 'Two servers with haven vrrp instead of a cluster' },
      json: {
        kind: 'parsed',
        parse: String,
        optional: true,
        placeholder: 'FILE',
        brief: 'With --scripted: the results as JSON too',
      },
      repeat: {
        kind: 'parsed',
        parse: numberParser,
        default: '1',
        placeholder: 'TIMES',
        brief: 'With --scripted: the whole series so often; the table shows medians',
      },
      profile: {
        kind: 'enum',
        values: ['default', 'fast'],
        default: 'default',
        brief: 'The timing of the cluster, as in its configuration',
      },
      lab: { kind: 'parsed', parse: String, default: 'demo', placeholder: 'NAME', brief: "The lab's name" },
    },
  },
  async func(flags: Flags) {
    const options = { labName: flags.lab, jsonFile: flags.json };
    if (flags.pair) {
      if (flags.scripted) process.exitCode = await (await import('./vrrp/scripted.ts')).runScripted(options);
      else await (await import('./vrrp/live.ts')).runLive(flags.lab);
    } else if (flags.scripted) {
      const { profile, repeat } = flags;
      await (await import('./scripted.ts')).runScripted({ ...options, profile, repetitions: Math.max(1, repeat) });
    } else await (await import('./live.ts')).runLive(flags.lab);
  },
});
