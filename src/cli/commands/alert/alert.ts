import { type AnswerFlags, type ChangeFlags, ClusterSession, show } from '../../cluster/session.ts';
import {
  alertEdits,
  alertRemovalEdits,
  alertsIn,
  alertUpdateEdits,
  alertWords,
  ofAlerts,
  ofRecipients,
  recipientEdits,
  recipientRemovalEdits,
  recipientUpdateEdits,
} from '../../edits/alert.ts';

export async function create(flags: ChangeFlags, ...words: string[]): Promise<void> {
  const given = alertWords(words, ofAlerts);
  const session = new ClusterSession();
  const document = await session.document();
  const { id, edits } = alertEdits(document, given);
  const done = `${id} runs ${given.own.get('path')} when something happens`;
  await session.change(flags, { document, edits, done, unchanged: done });
}

export async function update(flags: ChangeFlags, id: string, ...words: string[]): Promise<void> {
  const given = alertWords(words, ['path', 'description']);
  const session = new ClusterSession();
  const document = await session.document();
  const edits = alertUpdateEdits(document, id, given);
  await session.change(flags, { document, edits, done: `${id} is changed`, unchanged: `${id} is so already` });
}

export async function remove(flags: ChangeFlags, ...ids: string[]): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  const done = `deleted: ${ids.join(', ')}`;
  await session.change(flags, { document, edits: alertRemovalEdits(document, ids), done, unchanged: done });
}

export async function addRecipient(flags: ChangeFlags, alert: string, ...words: string[]): Promise<void> {
  const given = alertWords(words, ofRecipients);
  const session = new ClusterSession();
  const document = await session.document();
  const { id, edits } = recipientEdits(document, alert, given);
  const done = `${alert} tells ${given.own.get('value')} (${id})`;
  await session.change(flags, { document, edits, done, unchanged: done });
}

export async function updateRecipient(flags: ChangeFlags, id: string, ...words: string[]): Promise<void> {
  const given = alertWords(words, ['value', 'description']);
  const session = new ClusterSession();
  const document = await session.document();
  const edits = recipientUpdateEdits(document, id, given);
  await session.change(flags, { document, edits, done: `${id} is changed`, unchanged: `${id} is so already` });
}

export async function removeRecipient(flags: ChangeFlags, ...ids: string[]): Promise<void> {
  const session = new ClusterSession();
  const document = await session.document();
  const done = `deleted: ${ids.join(', ')}`;
  await session.change(flags, { document, edits: recipientRemovalEdits(document, ids), done, unchanged: done });
}

export async function list(flags: AnswerFlags): Promise<void> {
  const alerts = alertsIn(await new ClusterSession().document());
  const text = (pairs: Readonly<Record<string, string>>) => Object.entries(pairs).map((pair) => pair.join('='));
  const words = (name: string, pairs: Readonly<Record<string, string>>) =>
    Object.keys(pairs).length === 0 ? [] : [`  ${name}  ${text(pairs).join(' ')}`];
  show(flags, alerts, () =>
    alerts.flatMap(({ id, path, options, meta, recipients }) => [
      `${id}  ${path}`,
      ...words('options', options),
      ...words('meta', meta),
      ...recipients.map((each) => `  tells ${each.value}  (${each.id})`),
    ]),
  );
}
