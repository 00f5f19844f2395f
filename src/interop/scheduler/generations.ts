// What Pacemaker 2.1.5, which Debian packages, and the generation that Haven follows (the specification: scheduler-1-…
// and scheduler-2-… in ../shared/spec) do differently. Whatever is not listed here is a failure.
import { childAt, type XmlElement } from '../../cib/index.ts';

/** A name or a form that the older generation knows by another one. */
export type Spelling = {
  readonly newer: RegExp;
  readonly older: string;
  readonly why: string;
  readonly section: string;
};

const renamed = 'cluster option renamed after 2.1.5; the older name still works in the newer generation';

/** Replaced in the document that the older program reads. */
export const spellings: readonly Spelling[] = [
  { newer: /"fencing-enabled"/g, older: '"stonith-enabled"', why: renamed, section: '1 §5' },
  { newer: /"fencing-timeout"/g, older: '"stonith-timeout"', why: renamed, section: '1 §5' },
  { newer: /"fencing-action"/g, older: '"stonith-action"', why: renamed, section: '1 §5' },
  { newer: /"fencing-watchdog-timeout"/g, older: '"stonith-watchdog-timeout"', why: renamed, section: '1 §5' },
  { newer: /"stop-removed-resources"/g, older: '"stop-orphan-resources"', why: renamed, section: '1 §5' },
  { newer: /"cancel-removed-actions"/g, older: '"stop-orphan-actions"', why: renamed, section: '1 §5' },
  {
    newer: /validate-with="pacemaker-(4\.\d+|3\.10)"/g,
    older: 'validate-with="pacemaker-3.9"',
    why: '2.1.5 refuses schemas that are newer than its own',
    section: '1 §2',
  },
  {
    newer: /^<cib([^>]*) crm_feature_set="(3\.(?:1[7-9]|[2-9]\d)[\d.]*|3\.16\.[2-9])"/,
    older: '<cib$1 crm_feature_set="3.16.1"',
    why: '2.1.5 discards every simulated result in a document whose feature set is newer than its own',
    section: '2 §11.3',
  },
];

/** Replaced in what both programs print. */
export const wordings: readonly Spelling[] = [
  {
    newer: /\bunmanaged\b/g,
    older: 'maintenance',
    why: 'a resource in maintenance is marked "maintenance" since 2.1.6, "unmanaged" before',
    section: '2 §12.3.3',
  },
  {
    newer: /\bunmigrateable\b/g,
    older: 'unrunnable',
    why: 'what makes a live migration impossible has a word of its own after 2.1.5',
    section: '2 §3.6',
  },
  { newer: /\bNot installed\b/g, older: 'not installed', why: 'exit reasons are capitalised', section: '2 §12.3.3' },
];

/** Differences of wording alone that were seen and are not explained: each is counted and told apart from equality. */
export const unexplained: readonly Spelling[] = [
  {
    newer: / due to no quorum$/gm,
    older: '',
    why: 'unexplained: the first stop for lack of quorum is given no reason (clone-interleave-2 without quorum)',
    section: '2 §12.4.2',
  },
  {
    newer: /^.*\bStopped( \(not installed\))?: \[.*\]$\n?/gim,
    older: '',
    why: 'unexplained: 2.1.5 lists a stopped instance as not installed (remote-recovery with rc 5 of rabbitmq)',
    section: '2 §12.3.5',
  },
];

/** A situation in which the generations decide differently: such documents are not compared, but counted. */
export type Decision = {
  readonly concerns: (cib: XmlElement) => boolean;
  readonly why: string;
  readonly section: string;
};

export const decisions: readonly Decision[] = [
  {
    concerns: (cib) =>
      constraintsOf(cib).some((each) => each.name === 'rsc_colocation' && prefersBetweenClones(cib, each)),
    why: 'a colocation of clones by preference: each preference is counted differently after 2.1.5',
    section: '1 §16.4, §16.6',
  },
];

function constraintsOf(cib: XmlElement): readonly XmlElement[] {
  return childAt(cib, 'configuration', 'constraints')?.children ?? [];
}

function prefersBetweenClones(cib: XmlElement, constraint: XmlElement): boolean {
  const score = constraint.get('score') ?? '0';
  if (score.endsWith('INFINITY')) return false;
  const clones = childAt(cib, 'configuration', 'resources')?.children.filter(({ name }) => name === 'clone') ?? [];
  const ids = new Set(clones.map(({ id }) => id));
  return ids.has(constraint.get('rsc')) && ids.has(constraint.get('with-rsc'));
}

/**
 * The summary without what an anonymous clone's instances are called: which node gets which number depends on how
 * preferences of colocated clones are counted, which changed after 2.1.5 (1 §16.4, §16.6), and no one can tell the
 * instances apart. Lines keep their section; within it they are sorted, because the numbers ordered them.
 */
export function withoutInstanceNumbers(summary: string): string {
  const sections: string[][] = [[]];
  for (const line of summary.split('\n')) {
    if (!line.startsWith('*')) sections.push([]);
    sections.at(-1)?.push(line.replace(/([\w-]):\d+\b/g, '$1'));
  }
  return sections.flatMap((lines) => lines.toSorted()).join('\n');
}
