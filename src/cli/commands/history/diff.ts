import { diffCibs, patchToXml, serialiseXml, type XmlElement } from '../../../cib/index.ts';
import { type AnswerFlags, show as print } from '../../cluster/session.ts';
import { secretsIn, withoutSecrets } from '../../edits/secrets.ts';
import { difference, differenceLines, plannedThen, readRecord } from './record.ts';

export type DiffFlags = AnswerFlags & { readonly status: boolean };

/** What changed in the document between two transitions, and in what was to be done. */
export async function diff({ status, ...flags }: DiffFlags, from: string, to: string): Promise<void> {
  const [before, after] = [await readRecord(from), await readRecord(to)];
  const patch = withoutSecrets(patchToXml(diffCibs(before.input, after.input)), secretsIn(before.input, after.input));
  const document = serialiseXml(patch).trimEnd();
  const actions = difference(plannedThen(before), plannedThen(after));
  print(flags, { from: before.view.number, to: after.view.number, document, ...actions }, () => [
    'actions:',
    ...differenceLines(actions),
    'document:',
    ...(status ? document.split('\n') : configurationLines(patch)),
  ]);
}

/** Without the status section, where every result of every operation is a change. */
function configurationLines(patch: XmlElement): string[] {
  const ofStatus = patch.childrenNamed('change').filter((change) => change.get('path')?.startsWith('/cib/status'));
  const rest = patch.withNodes(patch.nodes.filter((node) => !ofStatus.some((change) => change === node)));
  const count = ofStatus.length === 1 ? '1 change' : `${ofStatus.length} changes`;
  return [
    ...serialiseXml(rest).trimEnd().split('\n'),
    ...(ofStatus.length === 0 ? [] : [`and ${count} of the status section, which --status shows`]),
  ];
}
