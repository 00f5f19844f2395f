import { twoNodes } from '../../../api/index.ts';
import { CommandFailure } from '../../../kit/index.ts';

export type InitFlags = {
  readonly config: string;
  readonly key: string;
  readonly certificates: string;
  readonly force: boolean;
};

/** Said when a cluster comes to have two nodes. */
export const twoNodesText = `Note: ${twoNodes}. After a start of both each waits until it has seen the other.`;

export async function init(flags: InitFlags, ...words: string[]): Promise<void> {
  const { existsSync, mkdirSync, writeFileSync } = await import('node:fs');
  const { randomBytes } = await import('node:crypto');
  const { dirname } = await import('node:path');
  const { ensureAuthority, parseClusterConfiguration } = await import('../../../daemon/index.ts');
  const [cluster = '', ...nodes] = words;
  const text = `${JSON.stringify({ cluster, nodes: nodes.map(nodeOf) }, null, 2)}\n`;
  const configuration = parseClusterConfiguration(text, 'command line');
  if (existsSync(flags.config) && !flags.force) {
    const fix = "Give --force to replace it, or leave that cluster: 'haven cluster leave'";
    throw new CommandFailure({
      kind: 'exists',
      what: `this machine belongs to a cluster already: ${flags.config}`,
      fix,
    });
  }
  for (const file of [flags.config, flags.key]) mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
  writeFileSync(flags.config, text, { mode: 0o644 });
  if (!existsSync(flags.key)) writeFileSync(flags.key, randomBytes(256), { mode: 0o400 });
  await ensureAuthority(flags.certificates, cluster);
  const others = configuration.nodes.slice(1).map(({ name }) => name);
  process.stdout.write(`Wrote ${flags.config}, ${flags.key} and ${flags.certificates}/ca.*\n`);
  if (others.length === 1) process.stdout.write(`${twoNodesText}\n`);
  process.stdout.write(
    others.length === 0
      ? "Next: 'haven cluster start', then 'haven cluster invite' for each machine that is to join.\n"
      : `Copy them to ${others.join(', ')}, then on each node: haven cluster start\n`,
  );
}

function nodeOf(word: string, position: number) {
  const [name = '', addresses = ''] = word.split('=');
  if (name === '' || addresses === '') {
    const what = `'${word}' is no node`;
    throw new CommandFailure({ kind: 'usage', what, fix: 'Write NODE=ADDRESS, for instance n1=10.0.0.1' });
  }
  return { name, id: position + 1, addresses: addresses.split(',') };
}
