import { upgradeCib, validateCib } from '../../../cib/index.ts';
import { CommandFailure, formatDiagnostic, hasErrors } from '../../../kit/index.ts';
import { type AnswerFlags, ClusterSession, show } from '../../cluster/session.ts';
import { readXmlFile } from '../../xml-file.ts';

export async function verify(flags: AnswerFlags, file: string | undefined): Promise<void> {
  const document = file === undefined ? await new ClusterSession().document() : readXmlFile(file);
  const upgraded = upgradeCib(document);
  if (!upgraded.ok) throw new CommandFailure({ kind: 'config', what: formatDiagnostic(upgraded.error) });
  const findings = validateCib(upgraded.value.root);
  const none = `${file ?? 'the document'} is as it should be`;
  show(flags, findings, () => (findings.length === 0 ? [none] : findings.map(formatDiagnostic)));
  if (!hasErrors(findings)) return;
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  throw new CommandFailure({ kind: 'config', what: `${errors} ${errors === 1 ? 'error' : 'errors'}` });
}
