import { queryXml, serialiseXml } from '../../../cib/index.ts';
import { CommandFailure, formatDiagnostic } from '../../../kit/index.ts';
import { type AnswerFlags, ClusterSession, show } from '../../cluster/session.ts';

type QueryFlags = AnswerFlags & { readonly xpath?: string; readonly section?: string };

export async function query({ xpath, section, ...flags }: QueryFlags): Promise<void> {
  const document = await new ClusterSession().document();
  const sought = xpath ?? (section === undefined ? '/cib' : `//${section}`);
  const found = queryXml(document, sought);
  if (!found.ok) throw new CommandFailure({ kind: 'usage', what: formatDiagnostic(found.error) });
  if (found.value.length === 0) {
    throw new CommandFailure({ kind: 'not-found', what: `nothing in the document matches ${sought}` });
  }
  const texts = found.value.map((element) => serialiseXml(element).trimEnd());
  show(flags, texts, () => texts);
}
