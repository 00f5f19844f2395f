import { serialiseXml } from '../../../cib/index.ts';
import type { Edit } from '../../../controller/index.ts';
import { InstalledAgents } from '../../cluster/installed.ts';
import { type ChangeFlags, ClusterSession, warn } from '../../cluster/session.ts';
import { checkedEdit } from '../../edits/check.ts';
import { replacementOf } from '../../edits/replacement.ts';
import { readXmlFile } from '../../xml-file.ts';

export async function replace(flags: ChangeFlags, file: string): Promise<void> {
  await make(flags, replacementOf(readXmlFile(file)), `the document now is as ${file} says`);
}

export async function patch(flags: ChangeFlags, file: string): Promise<void> {
  await make(flags, { kind: 'patch', xml: serialiseXml(readXmlFile(file)) }, `${file} is applied`);
}

/** Agents may be installed elsewhere, and take what they do not name: what they say is told, and is no obstacle. */
async function make(flags: ChangeFlags, edit: Edit, done: string): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  const { after } = checkedEdit(document, edit);
  for (const finding of await new InstalledAgents().findings(document, after)) warn(finding);
  await session.change(flags, { document, edits: [edit], done, unchanged: done });
}
