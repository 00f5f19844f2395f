// Damage that no administrator means: elements lost, doubled, moved, ids that collide, references in circles, numbers
// out of all proportion. For Haven alone: what the peer makes of such documents says nothing.
import { removeElement, type XmlElement, xmlElement } from '../../../cib/index.ts';
import type { Random } from '../../../kit/index.ts';
import {
  addedTo,
  appended,
  type Change,
  type Changed,
  choice,
  dropped,
  elements,
  named,
  newId,
  replaced,
  section,
  withAttributes,
} from './editing.ts';

export const structureChanges: readonly Change[] = [
  anythingDropped,
  anythingDoubled,
  anythingMoved,
  idCollides,
  idLost,
  attributeAbsurd,
  attributeEmptied,
  attributesSwapped,
  templateOfItself,
  referenceInCircle,
  constraintsInCircle,
  containerInCircle,
  renamedElement,
];

function anything(cib: XmlElement, random: Random): XmlElement | undefined {
  return random.pick(elements(cib, (each) => each !== cib));
}

function anythingDropped(cib: XmlElement, random: Random): Changed | undefined {
  return dropped(cib, anything(cib, random));
}

function anythingDoubled(cib: XmlElement, random: Random): Changed | undefined {
  const target = anything(cib, random);
  const parent = elements(cib, ({ children }) => target !== undefined && children.includes(target))[0];
  if (target === undefined || parent === undefined) return undefined;
  const times = Array.from({ length: random.between(1, 3) }, () => target);
  return replaced(cib, parent, parent.append(...times), `${target.name} ${target.id ?? ''} doubled`);
}

function anythingMoved(cib: XmlElement, random: Random): Changed | undefined {
  const [target, parent] = [anything(cib, random), anything(cib, random)];
  if (target === undefined || parent === undefined || elements(target, (each) => each === parent).length > 0)
    return undefined;
  const without = removeElement(cib, target);
  const there = elements(without, (each) => each === parent || (each.name === parent.name && each.id === parent.id))[0];
  return appended(without, there, target);
}

function idCollides(cib: XmlElement, random: Random): Changed | undefined {
  const target = random.pick(elements(cib, (each) => each.has('id')));
  return withAttributes(cib, target, { id: anything(cib, random)?.id ?? 'x' });
}

function idLost(cib: XmlElement, random: Random): Changed | undefined {
  return withAttributes(cib, random.pick(elements(cib, (each) => each.has('id'))), { id: undefined });
}

const absurd: readonly string[] = [
  '999999999999999999999999',
  '-999999999999999999999999',
  '2147483648',
  '-1',
  '0',
  '1e308',
  'NaN',
  '0x10',
  'INFINITY',
  '-INFINITY',
  'P9999999Y',
  '9999-99-99',
  '1000000000000h',
  ' ',
  ':',
  '#uname',
  '%1%2%9',
  '((((',
  'a'.repeat(10_000),
  '__proto__',
  'constructor',
];

function attributeAbsurd(cib: XmlElement, random: Random): Changed | undefined {
  const target = anything(cib, random);
  const name = random.pick([...(target?.attributes() ?? [])])?.[0];
  return name === undefined ? undefined : withAttributes(cib, target, { [name]: choice(random, ...absurd) });
}

function attributeEmptied(cib: XmlElement, random: Random): Changed | undefined {
  const target = anything(cib, random);
  const name = random.pick([...(target?.attributes() ?? [])])?.[0];
  if (name === undefined) return undefined;
  return withAttributes(cib, target, { [name]: random.chance(0.5) ? '' : undefined });
}

function attributesSwapped(cib: XmlElement, random: Random): Changed | undefined {
  const [target, other] = [anything(cib, random), anything(cib, random)];
  const pair = random.pick([...(other?.attributes() ?? [])]);
  return pair === undefined ? undefined : withAttributes(cib, target, { [pair[0]]: pair[1] });
}

function templateOfItself(cib: XmlElement, random: Random): Changed | undefined {
  const target = random.pick(named(section(cib, 'resources') ?? cib, 'primitive', 'template'));
  const template = random.chance(0.5) ? target?.id : random.pick(named(cib, 'template', 'primitive'))?.id;
  return template === undefined ? undefined : withAttributes(cib, target, { template });
}

/** An `id-ref` to an ancestor, to itself, or to another that refers back. */
function referenceInCircle(cib: XmlElement, random: Random): Changed | undefined {
  const referring = [
    'instance_attributes',
    'meta_attributes',
    'operations',
    'rule',
    'resource_set',
    'nvpair',
    'utilization',
  ];
  const target = random.pick(elements(cib, ({ name }) => referring.includes(name)));
  const other = random.chance(0.4) ? target : random.pick(named(cib, target?.name ?? ''));
  return other?.id === undefined ? undefined : withAttributes(cib, target, { 'id-ref': other.id });
}

/** Each after the next, and the last after the first. */
function constraintsInCircle(cib: XmlElement, random: Random): Changed | undefined {
  const all = named(section(cib, 'resources') ?? cib, 'primitive', 'group', 'clone', 'bundle').flatMap(
    ({ id }) => id ?? [],
  );
  const ring = random.shuffled(all).slice(0, random.between(1, 4));
  const [kind, one, other] = random.chance(0.5)
    ? ['rsc_order', 'first', 'then']
    : ['rsc_colocation', 'rsc', 'with-rsc'];
  const score = choice(random, 'INFINITY', '-INFINITY', '10', '-10');
  return ring.reduce<Changed | undefined>((sum, id, index) => {
    const next = ring[(index + 1) % ring.length] ?? id;
    const added = xmlElement(kind ?? '', { id: newId(random), [one ?? '']: id, [other ?? '']: next, score });
    return addedTo(sum?.cib ?? cib, 'constraints', added) ?? sum;
  }, undefined);
}

function containerInCircle(cib: XmlElement, random: Random): Changed | undefined {
  const primitives = named(section(cib, 'resources') ?? cib, 'primitive');
  const [target, other] = [random.pick(primitives), random.pick(primitives)];
  const value = other?.id ?? 'x';
  const name = choice(random, 'container', 'remote-node');
  const pair = xmlElement('nvpair', { id: newId(random), name, value });
  return appended(cib, target, xmlElement('meta_attributes', { id: newId(random) }, [pair]));
}

function renamedElement(cib: XmlElement, random: Random): Changed | undefined {
  const [target, other] = [anything(cib, random), anything(cib, random)];
  if (target === undefined || other === undefined) return undefined;
  return replaced(cib, target, target.renamed(other.name), `renamed ${other.name}`);
}
