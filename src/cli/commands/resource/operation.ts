import { InstalledAgents } from '../../cluster/installed.ts';
import { type ChangeFlags, ClusterSession } from '../../cluster/session.ts';
import { checkOperationAttributes, checkOperations } from '../../edits/agent-check.ts';
import { resourceNamed } from '../../edits/names.ts';
import { operationAddition, operationRemoval } from '../../edits/operation.ts';
import { pairsOf } from '../../edits/values.ts';

export async function add(flags: ChangeFlags, id: string, name: string, ...words: string[]): Promise<void> {
  const operation = { name, pairs: pairsOf(words) };
  const session = new ClusterSession();
  const document = await session.document();
  const judge = await new InstalledAgents().judgeOf(document, resourceNamed(document, id));
  if (typeof judge === 'object') checkOperations([operation], judge);
  else checkOperationAttributes(name, operation.pairs);
  const done = `${id} has the operation ${[name, ...words].join(' ')}`;
  const edits = [operationAddition(document, id, operation)];
  await session.change(flags, { document, edits, strict: true, done, unchanged: done });
}

export async function remove(flags: ChangeFlags, id: string, name: string, ...words: string[]): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  const edits = operationRemoval(document, id, { name, pairs: pairsOf(words) });
  const done = `${id} no longer has the operation ${[name, ...words].join(' ')}`;
  await session.change(flags, { document, edits, done, unchanged: done });
}
