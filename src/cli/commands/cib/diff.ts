import { diffCibs, patchToXml, serialiseXml } from '../../../cib/index.ts';
import { type AnswerFlags, ClusterSession, show } from '../../cluster/session.ts';
import { readXmlFile } from '../../xml-file.ts';

export async function diff(flags: AnswerFlags, from: string, to: string | undefined): Promise<void> {
  const before = to === undefined ? await new ClusterSession().document() : readXmlFile(from);
  const patch = diffCibs(before, readXmlFile(to ?? from));
  const text = serialiseXml(patchToXml(patch)).trimEnd();
  show(flags, { patch: text }, () => [text]);
}
