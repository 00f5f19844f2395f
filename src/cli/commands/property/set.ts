import { type ChangeFlags, ClusterSession } from '../../cluster/session.ts';
import { unknownName } from '../../edits/names.ts';
import { propertiesOf, propertyEdits } from '../../edits/property.ts';
import { pairsOf } from '../../edits/values.ts';

export async function set(flags: ChangeFlags, ...words: string[]): Promise<void> {
  const pairs = pairsOf(words);
  const session = new ClusterSession();
  const document = await session.document();
  await session.change(flags, {
    document,
    edits: propertyEdits(document, pairs),
    strict: true,
    done: `set: ${words.join(' ')}`,
    unchanged: `it was so already: ${words.join(' ')}`,
  });
}

export async function unset(flags: ChangeFlags, ...names: string[]): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  const known = propertiesOf(document);
  for (const name of names) if (!known.has(name)) throw unknownName(`'${name}' is not set`, name, [...known.keys()]);
  await session.change(flags, {
    document,
    edits: propertyEdits(document, new Map(names.map((name) => [name, undefined]))),
    done: `back to the default: ${names.join(' ')}`,
    unchanged: 'nothing was set',
  });
}
