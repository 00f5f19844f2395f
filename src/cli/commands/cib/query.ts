import { queryXml, serialiseXml } from '../../../cib/index.ts';
import { CommandFailure, type Diagnostic, type Failure } from '../../../kit/index.ts';
import { type AnswerFlags, ClusterSession, show } from '../../cluster/session.ts';

type QueryFlags = AnswerFlags & { readonly xpath?: string; readonly section?: string };

export async function query({ xpath, section, ...flags }: QueryFlags, path = xpath): Promise<void> {
  const document = await new ClusterSession().document();
  const sought = path ?? (section === undefined ? '/cib' : `//${section}`);
  const found = queryXml(document, sought);
  if (!found.ok) throw new CommandFailure(refused(sought, found.error));
  if (found.value.length === 0) {
    throw new CommandFailure({ kind: 'not-found', what: `nothing in the document matches ${sought}` });
  }
  const texts = found.value.map((element) => serialiseXml(element).trimEnd());
  show(flags, texts, () => texts);
}

function refused(sought: string, { place, what, why, fix }: Diagnostic): Failure {
  const where = place.column === undefined ? '' : `, at character ${place.column}`;
  return {
    kind: 'usage',
    what: `'${sought}'${where}: ${what}`,
    ...(why === undefined ? {} : { why }),
    ...(fix === undefined ? {} : { fix }),
  };
}
