import { diffCibs, patchToXml, serialiseXml, type XmlElement } from '../../../cib/index.ts';
import { type AnswerFlags, ClusterSession, show } from '../../cluster/session.ts';
import { readXmlFile } from '../../xml-file.ts';

export async function diff(flags: AnswerFlags, from: string, to: string | undefined): Promise<void> {
  const patch = to === undefined ? await fromPresent(from) : diffCibs(readXmlFile(from), readXmlFile(to));
  const text = serialiseXml(patchToXml(patch)).trimEnd();
  show(flags, { patch: text }, () => [text]);
}

/** What nodes report is not for a file to change. */
async function fromPresent(file: string) {
  const present = await new ClusterSession().document();
  const wanted = readXmlFile(file);
  const others = (cib: XmlElement) => cib.children.filter(({ name }) => name !== 'status');
  return diffCibs(present.withNodes(others(present)), wanted.withNodes(others(wanted)));
}
