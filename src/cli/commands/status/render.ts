// The cluster on one screen: what is, what went wrong and what to do about it, what is happening, what is not covered.
import type { ClusterStatus, FailureView } from '../../../api/index.ts';
import { formatDuration } from '../../../kit/index.ts';
import { alignedRows } from '../../terminal/columns.ts';
import type { Style } from '../../terminal/style.ts';
import { nodeRows } from './nodes.ts';
import { resourceRows } from './resources.ts';

export type View = {
  readonly style: Style;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
};

/** The lines of the picture. Sections that would be empty are left out, except those that say that all is well. */
export function renderStatus(status: ClusterStatus, { style, nowMs }: View): string[] {
  const look = { style, indent: 2 };
  return [
    ...headLines(status, style),
    ...section('Nodes', nodeRows(status.nodes, look), style),
    ...section('Addresses', addressRows(status, style), style),
    ...section('Resources', resourceRows(status.resources, look), style),
    ...section('Failures', failureLines(status, { style, nowMs }), style),
    ...section('Now', activityRows(status, style), style),
    ...section(
      'Warnings',
      status.warnings.map((warning) => `  ${style.warn(warning)}`),
      style,
    ),
  ];
}

function headLines(status: ClusterStatus, style: Style): string[] {
  const { votes, expectedVotes, votesNeeded, quorate } = status.quorum;
  // Votes enough, and no quorum: nobody may begin alone after a start of all.
  const need = quorate || votes < votesNeeded ? `${votesNeeded} needed` : 'all needed once after a start';
  const count = `${votes} of ${expectedVotes} votes, ${need}`;
  const quorum = quorate ? style.good('has quorum') : style.bad('has no quorum');
  const coordinator = status.coordinator === undefined ? style.warn('none') : status.coordinator;
  const rows = [
    [
      'Cluster',
      `${style.strong(status.cluster)}  ${style.quiet(`document ${status.documentVersion}, haven ${status.version}`)}`,
    ],
    ['Quorum', `${quorum} (${count})`],
    ['Coordinator', coordinator],
    ...(status.phase === 'together' ? [] : [['This node', style.warn(phaseText(status))]]),
  ];
  return alignedRows(rows, 0);
}

function phaseText({ phase, node }: ClusterStatus): string {
  return phase === 'apart' ? `${node} is apart from the cluster` : `${node} is joining the cluster`;
}

function section(title: string, lines: readonly string[], style: Style): string[] {
  return lines.length === 0 ? [] : ['', style.strong(title), ...lines];
}

function addressRows({ addresses }: ClusterStatus, style: Style): string[] {
  return alignedRows(
    addresses.map(({ address, resource, node }) => [address, node, { text: resource, style: style.quiet }]),
  );
}

function failureLines({ failures }: ClusterStatus, view: View): string[] {
  return failures.flatMap((failure) => failureText(failure, view));
}

function failureText(failure: FailureView, { style, nowMs }: View): string[] {
  const { resource, node, meaning, reason, at, failCount } = failure;
  const ago = at > 0 ? `, ${formatDuration(Math.max(0, nowMs - at * 1000))} ago` : '';
  const times = failCount > 1 ? `, ${failCount >= 1_000_000 ? 'for good' : `${failCount} times`}` : '';
  const said = reason === '' ? '' : `: ${reason}`;
  return [
    `  ${style.bad(`${resource} on ${node}`)}  ${operationText(failure)} failed (${meaning})${ago}${times}${said}`,
    `    ${style.quiet(`when it is repaired: haven resource cleanup ${resource} --node ${node}`)}`,
  ];
}

function operationText({ operation, intervalMs }: FailureView): string {
  return intervalMs > 0 ? `${operation} (every ${formatDuration(intervalMs)})` : operation;
}

function activityRows({ activity }: ClusterStatus, style: Style): string[] {
  return alignedRows(
    activity.map(({ what, node, sinceMs }) => [
      { text: what, style: style.warn },
      node,
      { text: `for ${formatDuration(sinceMs)}`, style: style.quiet },
    ]),
  );
}
