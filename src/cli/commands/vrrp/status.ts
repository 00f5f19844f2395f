import { buildCommand } from '@stricli/core';
import type { InstanceSnapshot, Snapshot } from '../../../daemon/index.ts';
import { formatDuration } from '../../../kit/index.ts';

const transitionsShownMax = 5;

export const statusCommand = buildCommand({
  docs: { brief: 'Show every instance: state, priority and what makes it up, peers heard, last transitions' },
  parameters: {
    flags: {
      json: { kind: 'boolean', default: false, brief: 'Answer in JSON' },
      namespace: { kind: 'parsed', parse: String, optional: true, brief: 'Of the daemon that was started with -s' },
      instance: { kind: 'parsed', parse: String, optional: true, brief: 'Of the daemon whose file says instance NAME' },
    },
    aliases: { s: 'namespace', i: 'instance' },
  },
  async func({ json, namespace, instance }: StatusFlags) {
    const { askStatus, statusSocketPath } = await import('../../../daemon/index.ts');
    const snapshot = await askStatus(statusSocketPath(namespace, instance));
    process.stdout.write(json ? `${JSON.stringify(snapshot, undefined, 2)}\n` : statusText(snapshot));
  },
});

type StatusFlags = { readonly json: boolean; readonly namespace?: string; readonly instance?: string };

function statusText({ instances, groups, atMs }: Snapshot): string {
  const blocks = instances.map((instance) => instanceLines(instance, atMs).join('\n'));
  const groupLines = groups.map(({ name, state, members }) => `sync group ${name}  ${state}  ${members.join(', ')}`);
  return `${[...blocks, ...groupLines].join('\n')}\n`;
}

function instanceLines(instance: InstanceSnapshot, atMs: number): string[] {
  const { name, state, interface: link, virtualRouterId, version, source } = instance;
  const from = source === undefined ? 'no source address' : `from ${source}`;
  return [
    `${name}  ${state}  VRRPv${version} vrid ${virtualRouterId} on ${link} ${from}`,
    ...instance.addresses.map(
      ({ address, prefixLength, interface: on }) =>
        `  ${state === 'MASTER' ? 'holds' : 'without'} ${address}/${prefixLength} on ${on}`,
    ),
    `  priority ${instance.effectivePriority}${priorityParts(instance)}`,
    ...instance.faults.map((fault) => `  fault: ${fault}`),
    ...instance.conflicts.map((conflict) => `  conflict: ${conflictText(conflict, atMs)}`),
    ...instance.duplicates.map(
      ({ address, interface: here, alsoOn }) =>
        `  conflict: ${address} is on ${here}, and on ${alsoOn} of this host too`,
    ),
    ...instance.peers.map(
      (peer) => `  heard ${peer.address} priority ${peer.priority} ${formatDuration(atMs - peer.lastHeardMs)} ago`,
    ),
    ...instance.transitions
      .slice(-transitionsShownMax)
      .map(
        ({ from: before, to, reason, atMs: when }) =>
          `  ${formatDuration(atMs - when)} ago ${before} to ${to}: ${reason}`,
      ),
  ];
}

function conflictText(conflict: InstanceSnapshot['conflicts'][number], atMs: number): string {
  const { address, interface: link, ownHardwareAddress, hardwareAddress, knownAs, times, lastMs } = conflict;
  const there = knownAs === undefined ? hardwareAddress : `${hardwareAddress} (${knownAs})`;
  const when = `${times === 1 ? 'once' : `${times} times`}, last ${formatDuration(atMs - lastMs)} ago`;
  return `${address} is ${ownHardwareAddress} on ${link}, and ${there} answers for it too (${when})`;
}

/** ` = 244 + 5 (interface ens9 up)`; nothing when the configured priority is all there is. */
function priorityParts({ priority, trackers, effectivePriority }: InstanceSnapshot): string {
  const weighty = trackers.filter(({ weight }) => weight !== 0);
  if (weighty.length === 0) return '';
  const parts = weighty.map(({ kind, name, state, weight }) => {
    const sign = weight < 0 ? '-' : '+';
    return ` ${sign} ${Math.abs(weight)} (${kind} ${name} ${state})`;
  });
  const sum = weighty.reduce((total, { weight }) => total + weight, priority);
  const clamped = sum === effectivePriority ? '' : ', kept within 1 and 254';
  return ` = ${priority}${parts.join('')}${clamped}`;
}
