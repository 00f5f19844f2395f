// What Pacemaker 2.1.5, which Debian packages, and the generation that Haven follows (the specification: scheduler-1-…
// and scheduler-2-… in ../shared/spec) do differently. Whatever is not listed here is a failure.
import { childAt, type XmlElement, xmlIndexOf } from '../../cib/index.ts';
import type { Aspect } from './answer.ts';
import {
  concernsBundleInside,
  concernsChained,
  concernsColocated,
  concernsRepelledConnection,
  concernsRoleInBundle,
} from './colocated.ts';
import { beginsWhatIsHeld, cancelsWhatIsHeld } from './held.ts';
import { ordersBundled, ordersExclusive, ordersOrdered } from './numbering.ts';
import { overtakenByFailure } from './overtaken.ts';
import { isSerialisedTwice, relatesSerialised } from './serialised.ts';

/** A name or a form that the older generation knows by another one. */
export type Spelling = {
  readonly newer: RegExp;
  readonly older: string;
  readonly why: string;
  readonly section: string;
};

const renamed = 'cluster option renamed after 2.1.5; the older name still works in the newer generation';

const olderCounts = '2.1.5 reads fail counts by the names of before 1.1.17 when the document is as old as that';

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
  {
    newer: /^<cib([^>]*) crm_feature_set="(3\.0(\.(?:\d|1[0-2]))?|[12]\.[\d.]*)"/,
    older: '<cib$1 crm_feature_set="3.0.13"',
    why: olderCounts,
    section: '1 §10.6',
  },
  {
    newer: /^<cib((?![^>]* crm_feature_set=))/,
    older: '<cib crm_feature_set="3.0.13"$1',
    why: olderCounts,
    section: '1 §10.6',
  },
  { newer: / in_ccm="0"/g, older: ' in_ccm="false"', why: 'times instead of booleans since 2.1.6', section: '1 §8.3' },
  { newer: / in_ccm="\d+"/g, older: ' in_ccm="true"', why: 'times instead of booleans since 2.1.6', section: '1 §8.3' },
  { newer: / crmd="0"/g, older: ' crmd="offline"', why: 'times instead of words since 2.1.6', section: '1 §8.3' },
  { newer: / crmd="\d+"/g, older: ' crmd="online"', why: 'times instead of words since 2.1.6', section: '1 §8.3' },
];

const capitalised = 'exit reasons are capitalised since 2.1.6';

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
  {
    newer: /'fencing was requested'/g,
    older: "'termination was requested'",
    why: 'the attribute "terminate" is said to ask for fencing since 2.1.6',
    section: '1 §8.4',
  },
  { newer: /\bNot installed\b/g, older: 'not installed', why: capitalised, section: '2 §12.3.3' },
  { newer: /(?<= Stopped )\(Promoted\)/g, older: '(promoted)', why: capitalised, section: '2 §12.3.3' },
  { newer: /\(Error occurred\)/g, older: '(error)', why: capitalised, section: '2 §12.3.3' },
  { newer: /\bInvalid parameter\b/g, older: 'invalid parameter', why: capitalised, section: '2 §12.3.3' },
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
      [...xmlIndexOf(cib).allNamed('clone')].some((clone) => {
        const own = (name: string) => namesOf(clone, name).map((each) => each.get('value'));
        return (
          own('clone-node-max').some((value) => Number.parseInt(value ?? '', 10) > 1) &&
          own('globally-unique').length === 0
        );
      }),
    why: 'several instances of a clone on a node: its instances are told apart unless it says otherwise, since 3.0',
    section: '1 §7.5',
  },
  {
    concerns: (cib) => constraintsOf(cib).some(repelsInRole),
    why: 'a negative colocation for a role: nothing in any other role, the other way round in 2.1.5',
    section: '1 §16.1',
  },
  {
    concerns: (cib) =>
      xmlIndexOf(cib)
        .allNamed('nvpair')
        .some((each) => each.get('name') === 'container-attribute-target'),
    why: 'what is asked of the host of a guest: preferences of colocated resources too, after 2.1.5',
    section: '1 §16.7',
  },
  {
    concerns: (cib) => resultsOf(cib).some(isDegraded),
    why: 'a degraded result of an operation that is no monitor: a failure in 2.1.5',
    section: '1 §10.5.1',
  },
  {
    concerns: (cib) => namesOf(cib, 'failure-timeout').length > 0 && resultsOf(cib).some(tellsRoleInFailing),
    why: 'an unexpected result 8 or 9 that expired: says nothing of the role any more, still does in 2.1.5',
    section: '1 §10.5.1',
  },
  {
    concerns: (cib) => namesOf(cib, 'failure-timeout').length > 0 && resultsOf(cib).some(cannotStop),
    why: 'a stop that cannot work and expired: blocks nothing any more, still does in 2.1.5',
    section: '1 §10.5.1',
  },
  {
    concerns: (cib) => {
      const guests = namesOf(cib, 'remote-node').map((each) => each.get('value'));
      return [...xmlIndexOf(cib).allNamed('lrm_resource')].some(
        (each) => each.has('shutdown-lock') && (guests.includes(each.id) || each.get('type') === 'remote'),
      );
    },
    why: "a guest's connection: no remote connection is locked to a node, only guests' ones in 2.1.5",
    section: '1 §13.2',
  },
  {
    concerns: (cib) => [...xmlIndexOf(cib).allNamed('rule')].some((each) => each.has('score-attribute')),
    why: 'a node without the attribute that is to be its score: banned in 2.1.5, passed over since',
    section: '1 §12.2',
  },
  {
    concerns: (cib) => namesOf(cib, 'terminate').some((each) => /^[\s+]/.test(each.get('value') ?? '')),
    why: 'a wish for fencing in digits that follow a blank or a sign: a number like any other after 2.1.5',
    section: '1 §1.2, §8.4',
  },
  {
    concerns: (cib) =>
      [...xmlIndexOf(cib).allNamed('node_state')].some(
        (state) => state.childrenNamed('transient_attributes').length > 1,
      ),
    why: 'several sections of transient attributes of a node: the first counts; 2.1.5 adds the others once it simulates',
    section: '1 §6.6',
  },
  {
    concerns: isSerialisedTwice,
    why: 'an order with kind Serialize beside another of the same two: counts as a mere order in 2.1.5, which keeps one',
    section: '2 §8.2, §8.3.1',
  },
];

function namesOf(cib: XmlElement, name: string): XmlElement[] {
  return [...xmlIndexOf(cib).allNamed('nvpair')].filter((each) => each.get('name') === name);
}

function tellsRoleInFailing(entry: XmlElement): boolean {
  const code = entry.get('rc-code') ?? '';
  return ['8', '9'].includes(code) && entry.get('transition-key')?.split(':')[2] !== code;
}

/** Ended with a result that trying again does not change. */
function cannotStop(entry: XmlElement): boolean {
  return entry.get('operation') === 'stop' && ['2', '3', '4', '5'].includes(entry.get('rc-code') ?? '');
}

function constraintsOf(cib: XmlElement): readonly XmlElement[] {
  return childAt(cib, 'configuration', 'constraints')?.children ?? [];
}

/** Of sets, each may have a role, and a score of its own. */
function repelsInRole(constraint: XmlElement): boolean {
  if (constraint.name !== 'rsc_colocation') return false;
  const all = [constraint, ...constraint.childrenNamed('resource_set')];
  const repels = all.some((each) => each.get('score')?.startsWith('-') === true);
  return repels && all.some((each) => each.has('role') || each.has('rsc-role') || each.has('with-rsc-role'));
}

function resultsOf(cib: XmlElement): readonly XmlElement[] {
  return xmlIndexOf(cib).allNamed('lrm_rsc_op');
}

function isDegraded(entry: XmlElement): boolean {
  return ['190', '191'].includes(entry.get('rc-code') ?? '') && entry.get('operation') !== 'monitor';
}

/** Both answers to a document, and the lines that only one of them has when instance numbers do not count. */
export type Difference = {
  readonly cib: XmlElement;
  readonly aspect: Aspect;
  readonly peer: string;
  readonly haven: string;
  readonly onlyPeer: readonly string[];
  readonly onlyHaven: readonly string[];
};

/** A difference that follows from what changed after 2.1.5, whatever the document. */
export type Consequence = {
  readonly explains: (difference: Difference) => boolean;
  readonly why: string;
  readonly section: string;
};

export const consequences: readonly Consequence[] = [
  {
    explains: (difference) => concernsColocated(difference, 'clone'),
    why: 'what is colocated with a clone: instances, too, take up the preferences of the other since 2.1.6',
    section: '1 §16.4, §16.6',
  },
  {
    explains: (difference) => concernsColocated(difference, 'group'),
    why: 'what is colocated with a group: members take part in what their group is colocated with since 2.1.6',
    section: '1 §12.5, §16.6',
  },
  {
    explains: ({ aspect, peer, haven }) =>
      aspect === 'summary' &&
      peer
        .split('\n')
        .some((line) => /^\* (Move|Migrate) (\S+:\d+|\S+-(docker|podman)-\d+) /.test(line) && !haven.includes(line)),
    why: 'an instance or container is moved where it could stay: those that stay are placed first since 2.1.7',
    section: '1 §18.4, §18.5',
  },
  {
    explains: concernsChained,
    why: 'several colocations: those that must be kept come first, and what comes by way of two weighs as both, since 2.1.6',
    section: '1 §15.2, §16.6',
  },
  {
    explains: ({ aspect, onlyPeer, onlyHaven }) =>
      aspect === 'scores' && [...onlyPeer, ...onlyHaven].every((line) => triesInstance.test(line)),
    why: 'how often, and with what, an instance is tried where it could stay: each is tried by itself since 2.1.7',
    section: '1 §18.4, §18.5',
  },
  {
    explains: ({ cib, aspect, onlyPeer, onlyHaven }) =>
      aspect === 'scores' &&
      onlyPeer.join() === onlyHaven.map((line) => line.replace(/: \S+$/, ': -INFINITY')).join() &&
      onlyHaven.every((line) => ranksGroup(cib, line)),
    why: 'an instance of a group whose member found no node: its role is still open where it was tried to stay, since 2.1.7',
    section: '1 §18.6, §19.3',
  },
  {
    explains: (difference) =>
      difference.aspect === 'scores' &&
      difference.onlyHaven.length === 0 &&
      difference.onlyPeer.every((line) => line.startsWith('pcmk__bundle_assign: ')) &&
      concernsColocated(difference, 'bundle'),
    why: 'a bundle that something is colocated with: 2.1.5 asks it for its place, and lists it, again',
    section: '1 §15.3, §20.3',
  },
  {
    explains: ({ onlyPeer }) => onlyPeer.some((line) => / due to unrunnable \S+ monitor$/.test(line)),
    why: 'a probe that cannot run: holds back starts of inactive instances only since 2.1.6, stops active ones before',
    section: '2 §5.2, §8.5.2',
  },
  {
    explains: ({ cib, aspect, onlyPeer, onlyHaven }) =>
      aspect === 'scores' && repels(cib) && onlyPeer.length > 0 && areHigher(onlyHaven, onlyPeer),
    why: 'a dependent that has one node left, and must not be with the primary: makes the others attractive after 2.1.5',
    section: '1 §16.6',
  },
  {
    explains: overtakenByFailure,
    why: 'an operation that began no later than it failed last: not shown as under way since 2.1.6',
    section: '1 §10.5.6',
  },
  {
    explains: relatesSerialised,
    why: 'clones that are interleaved and must not start at once: their instances wait for each other in 2.1.5, too',
    section: '2 §8.1, §8.6.1',
  },
  {
    explains: concernsRoleInBundle,
    why: 'a role of a bundle in a colocation: counted for what is inside since 2.1.7',
    section: '1 §12.5, §16.5',
  },
  {
    explains: concernsBundleInside,
    why: 'a bundle that must be with another one: what is inside runs nowhere, either, where that does not, since 2.1.7',
    section: '1 §12.5, §16.5, §19.3',
  },
  {
    explains: concernsRepelledConnection,
    why: 'a connection that has one node only and must not be with something: that keeps off it since 2.1.6',
    section: '1 §16.6',
  },
  {
    explains: ordersBundled,
    why: 'the order of the instances inside a bundle: by number in 2.1.5; as assigned, or promoted, since',
    section: '2 §4.10, §5.4',
  },
  {
    explains: ordersOrdered,
    why: 'the order of the instances of an ordered clone where nothing was looked for: by number in 2.1.5; as assigned since',
    section: '2 §4.10',
  },
  {
    explains: ordersExclusive,
    why: 'the order of instances where a clone must not be looked for: by number in 2.1.5, too; as assigned since',
    section: '2 §4.10, §5.3',
  },
  {
    explains: ({ onlyPeer, onlyHaven }) => {
      const timeless = (lines: readonly string[]) =>
        lines.map((line) => line.replace(/ CRM_meta_timeout=\d+/, '')).join();
      const areLongest = onlyHaven.every((line) => line.includes(' CRM_meta_timeout=2147483647'));
      return onlyHaven.length > 0 && areLongest && timeless(onlyPeer) === timeless(onlyHaven);
    },
    why: 'a timeout of more milliseconds than 32 bits can say: the longest there is; what is left of it in 2.1.5',
    section: '1 §1.2',
  },
  {
    explains: (difference) => differsAfterwardsOnly(difference) && / cancel=\d+ on /.test(difference.peer),
    why: 'only the state after the simulation differs: 2.1.5 takes a simulated cancellation for a sign of life',
    section: '1 §10.5, 2 §11.3',
  },
  {
    explains: (difference) =>
      differsAfterwardsOnly(difference) && resultsOf(difference.cib).some((each) => each.has('on_node')),
    why: 'only the state after the simulation differs: results that 2.1.5 simulates do not say on which node they were',
    section: '1 §10.1, 2 §11.3',
  },
  {
    explains: ({ aspect, onlyPeer, onlyHaven }) =>
      aspect === 'summary' &&
      [...onlyPeer, ...onlyHaven].every((line) => line.startsWith('* Fence ')) &&
      onlyHaven.every((line) => line.includes('termination was requested')),
    why: 'that fencing was asked for is said also of a node that is lost, since 2.1.6',
    section: '1 §8.4',
  },
  {
    explains: ({ aspect, peer, onlyPeer, onlyHaven }) =>
      aspect === 'summary' &&
      peer.includes('maintenance)') &&
      [...onlyPeer, ...onlyHaven].every((line) => line.startsWith('* Stopped: [ ')),
    why: 'a clone counts as active on a lost node where an unmanaged instance of it is held, after 2.1.5',
    section: '1 §10.8',
  },
  {
    explains: ({ aspect, onlyPeer, onlyHaven }) =>
      (aspect === 'graph' && onlyPeer.length === 0 && onlyHaven.every((line) => ordersInstances.test(line))) ||
      (aspect === 'dot' && onlyPeer.length === 0 && onlyHaven.every((line) => drawsInstances.test(line))),
    why: 'an instance of an ordered clone waits for every one before it, no longer for the last of them only',
    section: '2 §8.3.4',
  },
  {
    explains: ({ cib, aspect, onlyPeer, onlyHaven }) =>
      (aspect === 'graph' &&
        onlyPeer.length === 0 &&
        onlyHaven.every((line) => awaitsLaterMember.test(line) || ordersInstances.test(line))) ||
      (aspect === 'summary' && onlyHaven.some((line) => blocksEarlierMember(cib, line))),
    why: 'an inactive member of a group is not started before an active later one has stopped',
    section: '2 §8.3.3',
  },
  {
    explains: ({ aspect, peer, haven }) => aspect === 'graph' && withoutStopsTold(peer) === withoutStopsTold(haven),
    why: 'what a stop that follows from fencing is told of other stops: of all of them, of its own only in 2.1.5',
    section: '2 §9.4, §9.5',
  },
  {
    explains: ({ cib, onlyHaven }) => onlyHaven.some((line) => cancelsWhatIsHeld(cib, line)),
    why: 'what is active on a node in maintenance is in maintenance itself, wherever else it is active, since 2.1.6',
    section: '1 §10.8, §11.1',
  },
  {
    explains: ({ cib, onlyPeer, onlyHaven }) =>
      onlyHaven.length === 0 && onlyPeer.length > 0 && onlyPeer.every((line) => beginsWhatIsHeld(cib, line)),
    why: 'what is active twice, once on a node in maintenance: 2.1.5 lets its group begin to start it, which it never does',
    section: '2 §4.3',
  },
  {
    explains: ({ cib, onlyPeer, onlyHaven }) => {
      const bundles = [...xmlIndexOf(cib).allNamed('bundle')].map(({ id }) => id);
      const probed = (line: string) => / monitor (?:on )?(\S+)-\d+\b/.exec(line)?.[1];
      return onlyHaven.length === 0 && onlyPeer.length > 0 && onlyPeer.every((line) => bundles.includes(probed(line)));
    },
    why: 'what is to be with a resource inside a bundle: 2.1.5 takes the nodes inside for ones it may look at',
    section: '1 §16.8, 2 §5.2',
  },
  {
    explains: ({ aspect, onlyPeer, onlyHaven }) => {
      const named = (lines: readonly string[]) => lines.map((line) => line.replace(/ CRM_meta_call_id=\d+/, '')).join();
      return aspect === 'graph' && onlyPeer.length > 0 && named(onlyPeer) === named(onlyHaven);
    },
    why: 'of two records of one recurring operation, 2.1.5 names the first one when it cancels it',
    section: '2 §6.4',
  },
];

function repels(cib: XmlElement): boolean {
  return constraintsOf(cib).some(
    (each) => each.name === 'rsc_colocation' && each.get('score')?.startsWith('-') === true,
  );
}

/** The same lines of scores, each with a better one. */
function areHigher(higher: readonly string[], lower: readonly string[]): boolean {
  const split = (line = '') => /^(.*: )(-?\w+)$/.exec(line)?.slice(1) ?? [];
  const value = (text = '') => Number(text.replace('INFINITY', '1000000'));
  return higher.every((line, index) => {
    const [name, score] = split(line);
    const [otherName, otherScore] = split(lower[index]);
    return higher.length === lower.length && name === otherName && value(score) > value(otherScore);
  });
}

/** The promotion score of an instance of a group. */
function ranksGroup(cib: XmlElement, line: string): boolean {
  const [, id = ''] = /^(\S+?)(?::\d+)? promotion score on \S+: \S+$/.exec(line) ?? [];
  return xmlIndexOf(cib).only('group', id) !== undefined;
}

/** A start of a member of a group that is held back by the stop of a later one. */
function blocksEarlierMember(cib: XmlElement, line: string): boolean {
  const [, member, later] = /^\* Start (\S+) \(.*\) due to unrunnable (\S+) stop \(blocked\)$/.exec(line) ?? [];
  return [...xmlIndexOf(cib).allNamed('group')].some((group) => {
    const ids = group.childrenNamed('primitive').map(({ id }) => id);
    return member !== undefined && ids.includes(member) && ids.indexOf(later) > ids.indexOf(member);
  });
}

function differsAfterwardsOnly({ aspect, peer, haven }: Difference): boolean {
  const [theirs, ours] = [peer, haven].map((summary) =>
    withoutInstanceNumbers(summary.split('Revised Cluster Status')[0] ?? ''),
  );
  return aspect === 'summary' && theirs === ours;
}

const triesInstance = /^(pcmk__(primitive|group)_assign: \S+(:\d+|-(docker|podman)-\d+) allocation score on |$)/;
const ordersInstances =
  /^(\S+)_(start|stop|promote|demote)_0 .* ?after \1_(\2|monitor|running|stopped|promoted|demoted)_0 /;
/** The milestones by which instances of a kind follow each other, and what follows. */
const followed = [
  ['start|running', 'start'],
  ['stop|stopped', 'stop'],
  ['promote|promoted', 'promote'],
  ['demote|demoted', 'demote'],
].map(([first, next]) => String.raw`(?:${first})_0[^"]*" -> "\1(?::\d+)?_${next}_0`);
export const drawsInstances = new RegExp(String.raw`^"(\S+?)(?::\d+)?_(?:${followed.join('|')})[^"]*" \[`);
const stopsNotified = / CRM_meta_notify_stop_(resource|uname)=.*?(?= CRM_)/g;
const awaitsLaterMember = /^\S+_start_0 .* after \S+_(stop|monitor)_0 /;

/** A graph without what other stops its stops are told of. */
export function withoutStopsTold(text: string): string {
  return text.replace(stopsNotified, '');
}

/**
 * A text without what an anonymous clone's instances are called: which node gets which number depends on how
 * preferences of colocated clones are counted, which changed after 2.1.5 (1 §16.4, §16.6), and no one can tell the
 * instances apart. Lines keep their section; within it they are sorted, because the numbers ordered them.
 */
export function withoutInstanceNumbers(text: string): string {
  const sections: string[][] = [[]];
  for (const line of text.split('\n')) {
    if (/^\S.*:$/.test(line)) sections.push([]);
    sections.at(-1)?.push(line.replace(/([\w-]):\d+(?![\d:])/g, '$1'));
  }
  return sections.flatMap((lines) => lines.toSorted()).join('\n');
}
