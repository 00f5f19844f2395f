// A constraint in words: what is kept where, with what, after what.
import type { XmlElement } from '../../cib/index.ts';
import { ruleText } from './rule/element.ts';

export function constraintText(constraint: XmlElement): string {
  switch (constraint.name) {
    case 'rsc_location':
      return locationText(constraint);
    case 'rsc_colocation':
      return colocationText(constraint);
    case 'rsc_order':
      return orderText(constraint);
    default:
      return ticketText(constraint);
  }
}

function locationText(constraint: XmlElement): string {
  const at = (name: string) => constraint.get(name) ?? '';
  const sets = constraint.childrenNamed('resource_set').map((set) => membersOf(set).join(', '));
  const pattern = at('rsc-pattern') === '' ? '' : `resources like ${at('rsc-pattern')}`;
  const who = `${roleNote(at('role'))}${at('rsc') || pattern || sets.join(', ')}`;
  const discovery = at('resource-discovery');
  const looked = discovery === '' || discovery === 'always' ? '' : `, looked for there: ${discovery}`;
  const rules = constraint.childrenNamed('rule').map((rule) => ruledText(rule));
  if (rules.length > 0) return `${who} ${rules.join('; ')}${looked}`;
  return `${who} ${verbOf(at('score'))} ${at('node')}${scoreNote(at('score'))}${looked}`;
}

function ruledText(rule: XmlElement): string {
  const by = rule.get('score-attribute');
  const role = rule.get('role');
  const when = `where ${ruleText(rule)}${role === undefined ? '' : `, as ${role.toLowerCase()}`}`;
  if (by !== undefined) return `prefers nodes by their attribute ${by} ${when}`;
  const score = rule.get('score') ?? '0';
  return `${verbOf(score)} nodes ${when}${scoreNote(score)}`;
}

function colocationText(constraint: XmlElement): string {
  const at = (name: string) => constraint.get(name) ?? '';
  const sets = constraint.childrenNamed('resource_set');
  const verb = at('score').startsWith('-') ? 'away from' : 'with';
  if (sets.length > 0) {
    const texts = sets.map((set) => setText(set, { sequential: ` ${verb} `, free: ', ' }));
    return `${texts.join(` ${verb} `)}${scoreNote(at('score'))}`;
  }
  const [who, whom] = [`${roleNote(at('rsc-role'))}${at('rsc')}`, `${roleNote(at('with-rsc-role'))}${at('with-rsc')}`];
  const same = at('node-attribute') === '' ? '' : `, by the node attribute ${at('node-attribute')}`;
  return `${who} ${verb} ${whom}${scoreNote(at('score'))}${same}`;
}

function orderText(constraint: XmlElement): string {
  const at = (name: string) => constraint.get(name) ?? '';
  const kind = at('kind') === '' ? 'Mandatory' : at('kind');
  const notes = [kind, ...(at('symmetrical') === 'false' ? ['not the other way round'] : [])];
  const note = ` (${notes.join(', ')})`;
  const sets = constraint.childrenNamed('resource_set');
  if (sets.length > 0) {
    const texts = sets.map(
      (set) => `${set.get('action') ?? 'start'} ${setText(set, { sequential: ' then ', free: ', ' })}`,
    );
    return `${texts.join(', then ')}${note}`;
  }
  const first = at('first-action') || 'start';
  return `${first} ${at('first')} then ${at('then-action') || first} ${at('then')}${note}`;
}

function ticketText(constraint: XmlElement): string {
  const at = (name: string) => constraint.get(name) ?? '';
  const sets = constraint.childrenNamed('resource_set');
  const members = sets.map((set) => `${roleNote(set.get('role') ?? '')}${membersOf(set).join(', ')}`);
  const verb = sets.flatMap(membersOf).length > 1 ? 'need' : 'needs';
  const who = sets.length > 0 ? members.join('; ') : `${roleNote(at('rsc-role'))}${at('rsc')}`;
  return `${who} ${verb} the ticket ${at('ticket')}, without it: ${at('loss-policy') || 'stop'}`;
}

/** Members of a sequential set come one after the other; the others in any order, or only one of them need be there. */
function setText(set: XmlElement, joints: { readonly sequential: string; readonly free: string }): string {
  const members = membersOf(set);
  const free = set.get('sequential') === 'false';
  const role = roleNote(set.get('role') ?? '');
  if (members.length === 1) return `${role}${members.join('')}`;
  const any = set.get('require-all') === 'false' ? 'any of ' : '';
  if (!free) return `${role}${members.join(joints.sequential)}`;
  return `${role}${any}(${members.join(joints.free)})`;
}

function membersOf(set: XmlElement): string[] {
  return set.childrenNamed('resource_ref').flatMap((member) => member.id ?? []);
}

function verbOf(score: string): string {
  return score.startsWith('-') ? 'avoids' : 'prefers';
}

function scoreNote(score: string): string {
  return score === '' ? '' : ` (${score})`;
}

function roleNote(role: string): string {
  // What is started is what people mean by a resource.
  return role === '' || role === 'Started' ? '' : `${role.toLowerCase()} `;
}
