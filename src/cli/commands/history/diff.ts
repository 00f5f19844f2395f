import { diffCibs, patchToXml, serialiseXml } from '../../../cib/index.ts';
import { type AnswerFlags, show as print } from '../../cluster/session.ts';
import { secretsIn, withoutSecrets } from '../../edits/secrets.ts';
import { difference, differenceLines, plannedThen, readRecord } from './record.ts';

/** What changed in the document between two transitions, and in what was to be done. */
export async function diff(flags: AnswerFlags, from: string, to: string): Promise<void> {
  const [before, after] = [await readRecord(from), await readRecord(to)];
  const patch = patchToXml(diffCibs(before.input, after.input));
  const document = serialiseXml(withoutSecrets(patch, secretsIn(before.input, after.input))).trimEnd();
  const actions = difference(plannedThen(before), plannedThen(after));
  print(flags, { from: before.view.number, to: after.view.number, document, ...actions }, () => [
    'actions:',
    ...differenceLines(actions),
    'document:',
    ...document.split('\n'),
  ]);
}
