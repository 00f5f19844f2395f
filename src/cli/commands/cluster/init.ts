import { buildCommand } from '@stricli/core';
import { CommandFailure } from '../../../kit/index.ts';

type Flags = { readonly config: string; readonly key: string; readonly force: boolean };

export const initCommand = buildCommand({
  docs: {
    brief: 'Make a cluster: write its configuration and key on this node',
    fullDescription:
      'Writes /etc/haven/cluster.json and, if there is none, /etc/haven/authkey. Copy both to the other nodes, then run ' +
      "'haven daemon' on each.",
  },
  parameters: {
    flags: {
      config: {
        kind: 'parsed',
        parse: String,
        default: '/etc/haven/cluster.json',
        brief: 'Where to write the configuration',
      },
      key: { kind: 'parsed', parse: String, default: '/etc/haven/authkey', brief: 'Where the key is' },
      force: { kind: 'boolean', default: false, brief: 'Replace a configuration that is there' },
    },
    positional: {
      kind: 'array',
      parameter: {
        parse: String,
        placeholder: 'NAME-OR-NODE',
        brief: "The cluster's name, then NODE=ADDRESS[,ADDRESS] for each node",
      },
      minimum: 2,
    },
  },
  async func(flags: Flags, ...words: string[]) {
    const { existsSync, mkdirSync, writeFileSync } = await import('node:fs');
    const { randomBytes } = await import('node:crypto');
    const { dirname } = await import('node:path');
    const { parseClusterConfiguration } = await import('../../../daemon/index.ts');
    const [cluster = '', ...nodes] = words;
    const text = `${JSON.stringify({ cluster, nodes: nodes.map(nodeOf) }, null, 2)}\n`;
    const configuration = parseClusterConfiguration(text, 'command line');
    if (existsSync(flags.config) && !flags.force) {
      const fix = 'Give --force to replace it';
      throw new CommandFailure({
        kind: 'exists',
        what: `this machine belongs to a cluster already: ${flags.config}`,
        fix,
      });
    }
    for (const file of [flags.config, flags.key]) mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
    writeFileSync(flags.config, text, { mode: 0o644 });
    if (!existsSync(flags.key)) writeFileSync(flags.key, randomBytes(256), { mode: 0o400 });
    const others = configuration.nodes.slice(1).map(({ name }) => name);
    process.stdout.write(`Wrote ${flags.config} and ${flags.key}.\n`);
    process.stdout.write(`Copy both to ${others.join(', ') || 'no other node'}, then run on each: haven daemon\n`);
  },
});

function nodeOf(word: string, position: number) {
  const [name = '', addresses = ''] = word.split('=');
  if (name === '' || addresses === '') {
    const what = `'${word}' is no node`;
    throw new CommandFailure({ kind: 'usage', what, fix: 'Write NODE=ADDRESS, for instance n1=10.0.0.1' });
  }
  return { name, id: position + 1, addresses: addresses.split(',') };
}
