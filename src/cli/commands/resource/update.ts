import { childAt, xmlElement } from '../../../cib/index.ts';
import { InstalledAgents } from '../../cluster/installed.ts';
import { type ChangeFlags, ClusterSession, show } from '../../cluster/session.ts';
import { resourceWords } from '../../edits/creation.ts';
import { metaEdits, metaHolder } from '../../edits/meta.ts';
import { resourceNamed } from '../../edits/names.ts';
import type { PairHolder } from '../../edits/nvset.ts';
import {
  type DefaultsSection,
  defaultsEdits,
  defaultsHolder,
  pairsIn,
  updateEdits,
  utilizationEdits,
  utilizationHolder,
  utilizationOwner,
} from '../../edits/update.ts';
import { pairsOf } from '../../edits/values.ts';
import { alignedRows } from '../../terminal/columns.ts';

export async function update(flags: ChangeFlags, id: string, ...words: string[]): Promise<void> {
  const parts = resourceWords(words);
  const session = new ClusterSession();
  const document = await session.document();
  const resource = resourceNamed(document, id);
  const judge = await new InstalledAgents().judgeOf(document, resource);
  if (typeof judge === 'string') process.stderr.write(`warning: ${judge}: taken as written\n`);
  await session.change(flags, {
    document,
    edits: updateEdits(document, id, parts, typeof judge === 'string' ? undefined : judge),
    strict: true,
    done: `${id} is changed`,
    unchanged: `${id} was so already`,
  });
}

export async function meta(flags: ChangeFlags, id: string, ...words: string[]): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  if (words.length === 0) return list(flags, metaHolder(resourceNamed(document, id)));
  const pairs = new Map([...pairsOf(words)].map(([name, value]) => [name, value === '' ? undefined : value]));
  const unchanged = `${id} was so already`;
  const edits = metaEdits(document, id, pairs);
  return session.change(flags, { document, edits, strict: true, done: `${id} is changed`, unchanged });
}

/** Of a resource, how much it takes; of a node, how much it has. */
export function utilizationOf(kind: 'resource' | 'node') {
  return async (flags: ChangeFlags, name: string, ...words: string[]): Promise<void> => {
    const session = new ClusterSession();
    const document = await session.document();
    const owner = utilizationOwner(document, kind, name);
    if (words.length === 0) return list(flags, utilizationHolder(owner));
    const edits = utilizationEdits(owner, pairsOf(words));
    const done = `the utilization of ${name} is set`;
    return session.change(flags, { document, edits, done, unchanged: `the utilization of ${name} was so already` });
  };
}

/** Of all resources, or of all operations. */
export function defaultsOf(section: DefaultsSection) {
  return async (flags: ChangeFlags, ...words: string[]): Promise<void> => {
    const session = new ClusterSession();
    const document = await session.document();
    if (words.length === 0) {
      const owner = childAt(document, 'configuration', section) ?? xmlElement(section);
      return list(flags, defaultsHolder(owner, section));
    }
    const edits = defaultsEdits(document, section, pairsOf(words));
    const [done, unchanged] = ['the defaults are set', 'the defaults were so already'];
    return session.change(flags, { document, edits, strict: true, done, unchanged });
  };
}

function list(flags: ChangeFlags, holder: PairHolder): void {
  const pairs = pairsIn(holder);
  show(flags, Object.fromEntries(pairs), () => alignedRows([...pairs], 0));
}
