// `npm run interop -- scheduler --options`: haven simulate and crm_simulate typed in the same words, on documents that
// both decide alike. Compared: what is printed, the exit code, and the files that are written.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseXml, rewriteElements, type XmlElement, xmlElement, xmlIndexOf } from '../../cib/index.ts';
import type { Random } from '../../kit/index.ts';
import type { Aspect } from './answer.ts';
import { documentOf, type Source } from './document.ts';
import { drawsInstances, spellings, wordings } from './generations.ts';
import { graphText } from './graph-text.ts';
import { older } from './older.ts';
import { dated, textOf } from './programs.ts';
import { compareDecisions } from './trial.ts';

/**
 * A command line without its document. N and M stand for the names of two nodes, R for a primitive, T for a ticket, OUT
 * for a file that is compared afterwards.
 */
export type CommandLine = { readonly words: string; readonly note?: string };

/** 2.1.5 drops headings and the labels of lists with -s and -U unless told otherwise; Haven never does. */
const fancy = '2.1.5 is given --text-fancy';

/** Only a probe that says where it was run is shown as one that could not tell. */
const nowhere = 'results that 2.1.5 simulates do not say on which node they were';

export const commandLines: readonly CommandLine[] = [
  { words: '' },
  { words: '-R' },
  { words: '-S' },
  { words: '-Q' },
  { words: '-Q -S' },
  { words: '-j -V' },
  { words: '-s', note: fancy },
  { words: '-s -Q' },
  { words: '-S -s', note: fancy },
  { words: '-U', note: fancy },
  { words: '-U -Q' },
  { words: '-S -s -U -d N', note: fancy },
  { words: '-A' },
  { words: '-c' },
  { words: '-A -c -S' },
  { words: '-c -S -i R_monitor_10000@N=7' },
  { words: '-R -G OUT' },
  { words: '-R -D OUT' },
  { words: '-R -a -D OUT' },
  { words: '-I OUT' },
  { words: '-O OUT' },
  { words: '-S -O OUT' },
  { words: '-X' },
  { words: '--output-to OUT -S' },
  { words: '-S -t 2026-07-01T12:00:00Z' },
  { words: '-S -t 2012-02-29' },
  { words: '-S -q false -w true' },
  { words: '-S -q 1 -u N' },
  { words: '-S --quorum no --watchdog yes' },
  { words: '-S -w true' },
  { words: '-d N' },
  { words: '-R -d N' },
  { words: '-S -d N' },
  { words: '-S -f N' },
  { words: '-S -u N' },
  { words: '-S -d N -f M' },
  { words: '-S -f N -u M -q true' },
  { words: '-S -u newnode' },
  { words: '-Q -S -d N' },
  { words: '-i R_monitor_0@N=0' },
  { words: '-S -i R_monitor_0@N=7' },
  { words: '-S -i R_monitor_0@N=0 -i R_monitor_0@M=0' },
  { words: '-S -i R_monitor_10000@N=1' },
  { words: '-S -i R_start_0@N=0' },
  { words: '-S -i R_start_0@N=1' },
  { words: '-S -i R_stop_0@N=0' },
  { words: '-S -i R_stop_0@N=1' },
  { words: '-S -i R_promote_0@N=0' },
  { words: '-S -F R_start_0@N=1' },
  { words: '-S -F R_stop_0@N=1' },
  { words: '-S -F R_monitor_0@N=5', note: nowhere },
  { words: '-S -i R_monitor_10000@N=7 -F R_stop_0@N=1 -c' },
  { words: '-S -g T' },
  { words: '-S -r T' },
  { words: '-S -b T' },
  { words: '-S -g T -b T' },
  { words: '-S --ticket-grant T --ticket-standby T --ticket-activate T --ticket-revoke T' },
  { words: '--output-as=xml' },
  { words: '--output-as=xml -S' },
  { words: '--output-as=xml -A -c -S' },
  { words: '--output-as=xml -s -U -R' },
  { words: '--output-as=xml -U' },
  { words: '--output-as=xml -S -d N -g T -q false -w true' },
  { words: '--output-as=xml -S -c -i R_monitor_10000@N=7 -F R_stop_0@N=1' },
  { words: '-G OUT' },
  { words: '-D OUT' },
  { words: '-S -D OUT' },
  { words: '-S -a -D OUT -d N' },
  { words: '-O OUT -d N' },
  { words: '-s -U -Q -S' },
  { words: '-R -u N' },
  { words: '-R -f N' },
  { words: '-R -d N -d M' },
  { words: '-u N -d N' },
  { words: '-A -Q' },
  { words: '-c -Q' },
  { words: '-e T' },
  { words: '--output-to -' },
  { words: '-S -t 2026-W05-1' },
  { words: '-S -t 20260701T120000Z' },
  { words: '-S -q true -d N' },
  { words: '-S -g T -u newnode -q 0' },
  { words: '--output-as=xml -R' },
  { words: '--output-as=xml -A' },
  { words: '--output-as=xml -s' },
  { words: '--output-as=xml -S -s' },
  { words: '--output-as=xml -S -U' },
  { words: '--output-as=xml -Q -S' },
  { words: '--output-as=xml -u newnode -S' },
  { words: '--output-as=xml -f N -S' },
  { words: '--output-as=xml -r T' },
  { words: '--output-as=xml -b T -e T' },
  { words: '--output-as=xml -G OUT' },
  { words: '--output-as=xml -i R_monitor_0@N=0' },
  { words: '-R -s', note: fancy },
  { words: '-R -U', note: fancy },
  { words: '-S -U', note: fancy },
  { words: '-A -c -s -U', note: fancy },
  { words: '-S -i R_start_0@N=7' },
  { words: '--rubbish' },
  { words: '-d' },
];

export type OptionOutcome =
  | { readonly kind: 'equal' | 'apart' }
  | { readonly kind: 'different'; readonly document: string; readonly peer: string; readonly haven: string };

export type OptionTrial = {
  readonly line: CommandLine;
  readonly source: Source;
  readonly random: Random;
  readonly folder: string;
};

/**
 * Apart: the programs differ on the document that the options make, and that is another comparison's affair; or 2.1.5
 * ends with an assertion.
 */
export function runOptions({ line, source, random, folder }: OptionTrial): OptionOutcome {
  const cib = older(dated(documentOf(source, random)));
  const names = namesIn(cib, random);
  const words = line.words.replace(/(?<![-\w])[NMRT](?![a-zA-Z0-9])/g, (letter) => names[letter as keyof typeof names]);
  // After -u, 2.1.5 takes every remote node for which it simulates a result for a new cluster node.
  if (/(^| )-u /.test(words) && hasRemoteNodes(cib)) return { kind: 'apart' };
  // It passes over what is injected for a clone or a bundle under a name that no node recorded.
  if (line.words.includes('-i R') && isUnrecordedInstance(cib, names.R)) return { kind: 'apart' };
  const changed = changedDocument(cib, words, folder);
  const isDecided =
    changed !== undefined && compareDecisions(changed, join(folder, 'check.xml'), aspectsOf(words)).kind === 'equal';
  if (!isDecided) return { kind: 'apart' };
  // Of what a node has no capacity of, 2.1.5 counts everything but the first thing that is placed there.
  if (/(^| )-U\b/.test(words) && needsWhatIsNotThere(cib)) return { kind: 'apart' };
  const text = spellings.reduce((sum, { newer, older: name }) => sum.replace(newer, name), textOf(cib));
  const peer = answer(['/usr/sbin/crm_simulate', ...(line.note === fancy ? ['--text-fancy'] : [])], {
    words,
    text,
    folder,
  });
  const haven = answer([process.execPath, havenProgram, 'simulate'], { words, text, folder });
  if (peer.startsWith('exit null')) return { kind: 'apart' };
  const told = line.note === nowhere ? haven.replace(/ \(not installed\)/g, '') : haven;
  const [theirs, ours] = words.includes('-a -D') ? withoutLaterInstances(peer, told) : [peer, told];
  if (theirs === ours) return { kind: 'equal' };
  return { kind: 'different', document: source.name, peer: theirs, haven: ours };
}

/** Attempts to place something show in scores only. */
function aspectsOf(words: string): readonly Aspect[] {
  return /(^| )-s\b/.test(words) ? ['summary', 'scores'] : ['summary'];
}

/** Of an ordered clone 2.1.5 draws how each instance follows the one before it, not those before that (2 §8.3.4). */
function withoutLaterInstances(peer: string, haven: string): [string, string] {
  const [theirs, ours] = [peer.split('\n'), haven.split('\n')];
  const drawnBy = (lines: readonly string[], others: ReadonlySet<string>) =>
    lines.filter((line) => others.has(line) || !drawsInstances.test(line)).join('\n');
  return [drawnBy(theirs, new Set(ours)), drawnBy(ours, new Set(theirs))];
}

function needsWhatIsNotThere(cib: XmlElement): boolean {
  const amounts = (element: XmlElement) =>
    element.childrenNamed('utilization').flatMap((set) => set.children.map((pair) => pair.get('name')));
  const index = xmlIndexOf(cib);
  const needed = [...index.allNamed('primitive')].flatMap(amounts);
  return [...index.allNamed('node')].some((node) => needed.some((name) => !amounts(node).includes(name)));
}

function hasRemoteNodes(cib: XmlElement): boolean {
  const index = xmlIndexOf(cib);
  return (
    [...index.allNamed('bundle')].length > 0 ||
    [...index.allNamed('primitive')].some((each) => each.get('type') === 'remote') ||
    [...index.allNamed('nvpair')].some((each) => each.get('name') === 'remote-node')
  );
}

function isUnrecordedInstance(cib: XmlElement, id: string | undefined): boolean {
  const index = xmlIndexOf(cib);
  const isCloned = [...index.allNamed('clone'), ...index.allNamed('bundle')].some((clone) =>
    [...xmlIndexOf(clone).allNamed('primitive')].some((each) => each.id === id),
  );
  return isCloned && ![...index.allNamed('lrm_resource')].some((each) => each.id === id);
}

const havenProgram = join('dist', 'haven.js');

/** What the options make of the document before anything is decided; undefined when they are refused. */
function changedDocument(cib: XmlElement, words: string, folder: string): XmlElement | undefined {
  const input = join(folder, 'input.xml');
  const saved = join(folder, 'changed.xml');
  rmSync(saved, { force: true });
  writeFileSync(input, textOf(cib));
  const kept = words.split(' ').filter((word) => word !== '' && word !== '--rubbish');
  const injected = kept.at(-1) === '-d' ? [] : kept.map((word) => (word === 'OUT' ? '/dev/null' : word));
  const others = injected.filter((word) => word !== '-X');
  spawnSync(process.execPath, [havenProgram, 'simulate', '-x', input, '-I', saved, ...others], { encoding: 'utf8' });
  if (!existsSync(saved)) return undefined;
  const parsed = parseXml(readFileSync(saved, 'utf8'));
  // 2.1.5 does not record on which node a simulated operation ran: compared are documents that do not say so either.
  return parsed.ok ? rewriteElements(parsed.value, (each) => each.with({ on_node: undefined })) : undefined;
}

function namesIn(cib: XmlElement, random: Random): Readonly<Record<'N' | 'M' | 'R' | 'T', string>> {
  const index = xmlIndexOf(cib);
  const nodes = random.shuffled([...index.allNamed('node')].flatMap((each) => each.get('uname') ?? []));
  const primitives = [...index.allNamed('primitive')].flatMap((each) => each.id ?? []);
  const tickets = [...index.allNamed('rsc_ticket')].flatMap((each) => each.get('ticket') ?? []);
  return {
    N: nodes[0] ?? 'nobody',
    M: nodes[1] ?? nodes[0] ?? 'nobody',
    R: random.pick(primitives) ?? 'nothing',
    T: random.pick(tickets) ?? 'ticket',
  };
}

type Question = { readonly words: string; readonly text: string; readonly folder: string };

function answer(program: readonly string[], { words, text, folder }: Question): string {
  const [path = '', ...before] = program;
  const [input, out] = [join(folder, 'cib.xml'), join(folder, 'out')];
  writeFileSync(input, text);
  rmSync(out, { force: true });
  const typed = words.split(' ').filter((word) => word !== '');
  const args = [...before, '-x', input, ...typed.map((word) => (word === 'OUT' ? out : word))];
  const env = { ...process.env, TZ: 'UTC', LC_ALL: 'C' };
  const done = spawnSync(path, args, { encoding: 'utf8', timeout: 60_000, env });
  const files = [
    existsSync(out) ? fileText(readFileSync(out, 'utf8')) : '',
    typed.includes('-X') ? fileText(readFileSync(input, 'utf8')) : '',
  ];
  return [`exit ${done.status}`, normalised(done.stdout, words), ...files.map((each) => normalised(each, words))].join(
    '\n',
  );
}

/** A file in a form that can be compared: documents only by what nodes report, since attributes have no order. */
function fileText(text: string): string {
  if (text.startsWith('<transition_graph')) return graphText(text) ?? '';
  const parsed = text.startsWith('<') ? parseXml(text) : undefined;
  if (parsed?.ok !== true || parsed.value.name !== 'cib') return text;
  const results = [...xmlIndexOf(parsed.value).allNamed('lrm_rsc_op')];
  return results
    .map((each) =>
      ['id', 'operation_key', 'rc-code', 'op-status', 'call-id', 'exit-reason']
        .map((name) => each.get(name) ?? '')
        .join(' '),
    )
    .join('\n');
}

function normalised(text: string, words: string): string {
  const worded = wordings.reduce((sum, { newer, older: name }) => sum.replace(newer, name), xmlText(text));
  const lines = worded
    .replace(/^.* promotion score (?:on none|\(inactive\)):.*$/gm, '')
    .replace(/<promotion_score id="[^"]*" score="[^"]*"\/>/g, '')
    .replace(/ request="[^"]*"/, '')
    .replace(/\b1[789]\d{8}\b/g, 'TIME')
    .replace(/\w{3} \w{3} +\d+ [\d:]{8} 20[2-9]\d/g, 'TIME')
    .replace(/20[2-9]\d-\d\d-\d\d [\d:]{8}Z/g, 'TIME')
    .replaceAll('Allocation Scores', 'Assignment Scores')
    .replaceAll('pcmk__finalize_assignment', 'pcmk__assign_resource')
    .replace(/pcmk__(\w+)_allocate/g, 'pcmk__$1_assign')
    .split('\n')
    .map((line) => line.trim().replace(/\s+/g, ' '))
    .filter((line) => line !== '');
  return (words.includes('-D') ? lines.toSorted() : lines).join('\n');
}

/** Attributes of a result in the order of their names. */
function xmlText(text: string): string {
  const parsed = text.startsWith('<pacemaker-result') ? parseXml(text) : undefined;
  return parsed?.ok === true ? textOf(withSortedAttributes(parsed.value)) : text;
}

function withSortedAttributes(element: XmlElement): XmlElement {
  // Clones and bundles say since 2.1.6 whether they are in maintenance.
  const saysSo = element.name === 'clone' || element.name === 'bundle';
  const pairs = [...element.attributes()].filter(([name]) => name !== 'maintenance' || !saysSo);
  const nodes = element.nodes.map((node) => (node.kind === 'element' ? withSortedAttributes(node) : node));
  return xmlElement(element.name, Object.fromEntries(pairs.toSorted(([a], [b]) => (a < b ? -1 : 1))), nodes);
}
