// Alerts: programs that are run when something happens, and to whom they tell it. Ids and words are those of pcs(8).
import { type XmlElement, xmlElement, xmlIndexOf } from '../../cib/index.ts';
import type { Edit } from '../../controller/index.ts';
import { CommandFailure, nearest } from '../../kit/index.ts';
import { assertFreeId, assertIdForm } from './names.ts';
import { pairSet } from './nvset.ts';
import { additions, objectNamed, objectsIn, removalOf, replacementBy } from './section.ts';
import { durationMs, pairsOf } from './values.ts';

/** `path=PATH [id=ID] [description=TEXT] [options NAME=VALUE …] [meta NAME=VALUE …]` */
export type AlertWords = {
  readonly own: ReadonlyMap<string, string>;
  readonly options: ReadonlyMap<string, string>;
  readonly meta: ReadonlyMap<string, string>;
};

const metaNames = ['timeout', 'timestamp-format', 'enabled'];

/** @throws CommandFailure `usage`, for words that an alert or a recipient does not have too */
export function alertWords(words: readonly string[], known: readonly string[]): AlertWords {
  const parts: Record<'own' | 'options' | 'meta', string[]> = { own: [], options: [], meta: [] };
  let part: keyof typeof parts = 'own';
  for (const word of words) {
    if (word === 'options' || word === 'meta') part = word;
    else parts[part].push(word);
  }
  const [own, options, meta] = [pairsOf(parts.own), pairsOf(parts.options), pairsOf(parts.meta)];
  for (const name of own.keys()) if (!known.includes(name)) throw unknownWord(name, known);
  for (const [name, value] of meta) {
    if (!metaNames.includes(name)) throw unknownWord(name, metaNames);
    if (name === 'timeout' && value !== '') durationMs(value, name);
  }
  return { own, options, meta };
}

export const ofAlerts = ['path', 'id', 'description'];
export const ofRecipients = ['value', 'id', 'description'];

export type Named = { readonly id: string; readonly edits: readonly Edit[] };

/** @throws CommandFailure: no absolute path, a name that is taken */
export function alertEdits(cib: XmlElement, words: AlertWords): Named {
  const path = pathOf(words.own.get('path'));
  const id = chosenId(cib, words.own.get('id'), 'alert');
  const alert = xmlElement('alert', { id, path, description: words.own.get('description') }, setsOf(id, words));
  return { id, edits: additions(cib, 'alerts', [alert]) };
}

/** An empty value takes away. @throws CommandFailure as `alertEdits` does */
export function alertUpdateEdits(cib: XmlElement, id: string, words: AlertWords): Edit[] {
  const alert = alertNamed(cib, id);
  const path = words.own.get('path');
  if (path !== undefined) pathOf(path);
  return [replacementBy(updated(alert, words))];
}

export function alertRemovalEdits(cib: XmlElement, ids: readonly string[]): Edit[] {
  return ids.map((id) => removalOf(alertNamed(cib, id)));
}

/** @throws CommandFailure: no value, the same recipient twice */
export function recipientEdits(cib: XmlElement, alertId: string, words: AlertWords): Named {
  const alert = alertNamed(cib, alertId);
  const value = words.own.get('value') ?? '';
  if (value === '') {
    const fix = 'Write value=ADDRESS: what the agent gets as CRM_alert_recipient';
    throw new CommandFailure({ kind: 'usage', what: 'a recipient needs a value', fix });
  }
  const known = alert.childrenNamed('recipient').find((each) => each.get('value') === value);
  if (known !== undefined) {
    throw new CommandFailure({ kind: 'exists', what: `${alertId} tells ${value} already: ${known.id}` });
  }
  const id = chosenId(cib, words.own.get('id'), `${alertId}-recipient`);
  const recipient = xmlElement(
    'recipient',
    { id, value, description: words.own.get('description') },
    setsOf(id, words),
  );
  return { id, edits: [replacementBy(alert.append(recipient))] };
}

export function recipientUpdateEdits(cib: XmlElement, id: string, words: AlertWords): Edit[] {
  return [replacementBy(updated(recipientNamed(cib, id), words))];
}

export function recipientRemovalEdits(cib: XmlElement, ids: readonly string[]): Edit[] {
  return ids.map((id) => removalOf(recipientNamed(cib, id)));
}

export type AlertView = {
  readonly id: string;
  readonly path: string;
  readonly options: Readonly<Record<string, string>>;
  readonly meta: Readonly<Record<string, string>>;
  readonly recipients: readonly { readonly id: string; readonly value: string }[];
};

export function alertsIn(cib: XmlElement): AlertView[] {
  return objectsIn(cib, 'alerts').map((alert) => ({
    id: alert.id ?? '',
    path: alert.get('path') ?? '',
    options: Object.fromEntries(pairsIn(alert, 'instance_attributes')),
    meta: Object.fromEntries(pairsIn(alert, 'meta_attributes')),
    recipients: alert.childrenNamed('recipient').map((each) => ({ id: each.id ?? '', value: each.get('value') ?? '' })),
  }));
}

function pairsIn(owner: XmlElement, set: string): Map<string, string> {
  const pairs = owner.childrenNamed(set).flatMap((each) => each.childrenNamed('nvpair'));
  return new Map(pairs.map((pair) => [pair.get('name') ?? '', pair.get('value') ?? '']));
}

function setsOf(id: string, { options, meta }: Pick<AlertWords, 'options' | 'meta'>): XmlElement[] {
  return [
    ...pairSet('meta_attributes', `${id}-meta_attributes`, meta),
    ...pairSet('instance_attributes', `${id}-instance_attributes`, options),
  ];
}

/** What else is inside stays as it is, and where it is. */
function updated(element: XmlElement, { own, options, meta }: AlertWords): XmlElement {
  const merged = (set: string, changes: ReadonlyMap<string, string>) => {
    const pairs = new Map([...pairsIn(element, set), ...changes]);
    return new Map([...pairs].filter(([, value]) => value !== ''));
  };
  const sets = setsOf(element.id ?? '', {
    options: merged('instance_attributes', options),
    meta: merged('meta_attributes', meta),
  });
  const others = element.children.filter(({ name }) => name !== 'instance_attributes' && name !== 'meta_attributes');
  const changes = [...own]
    .filter(([name]) => name !== 'id')
    .map(([name, value]) => [name, value || undefined] as const);
  return element.with(Object.fromEntries(changes)).withNodes([...sets, ...others]);
}

function pathOf(path: string | undefined): string {
  if (path?.startsWith('/') === true) return path;
  const what = path === undefined ? 'an alert needs the path of its agent' : `'${path}' is no absolute path`;
  throw new CommandFailure({ kind: 'usage', what, fix: 'Write path=/etc/haven/alert.sh, there on every node' });
}

function chosenId(cib: XmlElement, given: string | undefined, base: string): string {
  if (given !== undefined) {
    assertIdForm(given);
    assertFreeId(cib, given);
    return given;
  }
  for (let number = 0; ; number++) {
    const id = number === 0 ? base : `${base}-${number}`;
    if (xmlIndexOf(cib).allById(id).length === 0) return id;
  }
}

function alertNamed(cib: XmlElement, id: string): XmlElement {
  return objectNamed(objectsIn(cib, 'alerts'), id, 'no alert');
}

function recipientNamed(cib: XmlElement, id: string): XmlElement {
  const recipients = objectsIn(cib, 'alerts').flatMap((alert) => alert.childrenNamed('recipient'));
  return objectNamed(recipients, id, 'no recipient');
}

function unknownWord(name: string, known: readonly string[]): CommandFailure {
  const near = nearest(name, known);
  const fix = near === undefined ? `Known are: ${known.join(', ')}` : `Did you mean '${near}'?`;
  return new CommandFailure({ kind: 'usage', what: `alerts have no '${name}'`, fix });
}
