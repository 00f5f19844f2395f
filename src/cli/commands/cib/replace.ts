import { serialiseXml } from '../../../cib/index.ts';
import { type ChangeFlags, ClusterSession } from '../../cluster/session.ts';
import { replacementOf } from '../../edits/replacement.ts';
import { readXmlFile } from '../../xml-file.ts';

export async function replace(flags: ChangeFlags, file: string): Promise<void> {
  const edit = replacementOf(readXmlFile(file));
  const session = new ClusterSession();
  const document = await session.document();
  const done = `the document now is as ${file} says`;
  await session.change(flags, { document, edits: [edit], done, unchanged: done });
}

export async function patch(flags: ChangeFlags, file: string): Promise<void> {
  const xml = serialiseXml(readXmlFile(file));
  const session = new ClusterSession();
  const document = await session.document();
  const done = `${file} is applied`;
  await session.change(flags, { document, edits: [{ kind: 'patch', xml }], done, unchanged: done });
}
