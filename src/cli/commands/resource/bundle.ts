import { existsSync } from 'node:fs';
import { type Agent, AgentCatalogue } from '../../../agents/index.ts';
import { type ChangeFlags, ClusterSession, warn } from '../../cluster/session.ts';
import { bundleCreation, bundleUpdates, bundleWords } from '../../edits/bundle.ts';

export async function create(flags: ChangeFlags, id: string, ...words: string[]): Promise<void> {
  const parts = bundleWords(words, 'create');
  const session = new ClusterSession();
  const document = await session.document();
  const edit = bundleCreation(document, id, parts);
  if (parts.engine !== undefined) await warnOfMissing(id, parts.engine);
  const needs = `each node that is to run it needs ${parts.engine}, and the image there or within its reach`;
  await session.change(flags, {
    document,
    edits: [edit],
    strict: true,
    done: `created ${id}: ${needs}`,
    unchanged: '',
  });
}

export async function update(flags: ChangeFlags, id: string, ...words: string[]): Promise<void> {
  const parts = bundleWords(words, 'update');
  const session = new ClusterSession();
  const document = await session.document();
  const edits = bundleUpdates(document, id, parts);
  await session.change(flags, {
    document,
    edits,
    strict: true,
    done: `${id} is changed`,
    unchanged: `${id} was so already`,
  });
}

/** This node is one that may have to run it; the others are not asked. */
async function warnOfMissing(bundle: string, engine: string): Promise<void> {
  const agent: Agent = { class: 'ocf', provider: 'heartbeat', type: engine };
  const metadata = await new AgentCatalogue().metadata(agent);
  if (!metadata.ok) warn({ severity: 'warning', place: {}, what: metadata.error, why: 'it runs the containers' });
  const program = ['/usr/bin', '/usr/local/bin', '/bin'].map((folder) => `${folder}/${engine}`).find(existsSync);
  if (program !== undefined) return;
  const fix = `Install it here, or keep the bundle away: haven resource ban ${bundle} NODE`;
  warn({ severity: 'warning', place: {}, what: `the program ${engine} is not installed on this node`, fix });
}
