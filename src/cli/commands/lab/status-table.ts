// A lab as a person reads it.
import type { HostStatus, InterfaceStatus, LabStatus } from '../../../lab/index.ts';
import { formatTable } from '../../table.ts';

export function formatStatus(status: LabStatus): string {
  const up = status.hosts.filter((host) => host.state !== 'off').length;
  const links = status.links === 1 ? '1 link' : `${status.links} links`;
  const rows = status.hosts.flatMap((host) => {
    if (host.interfaces.length === 0) return [[host.name, host.state, '-', '-', '-', '-']];
    return host.interfaces.map((one, index) => [
      index === 0 ? host.name : '',
      index === 0 ? host.state : '',
      one.name,
      String(one.link),
      wire(host, one),
      one.addresses.join(' ') || '-',
    ]);
  });
  const header = ['HOST', 'STATE', 'INTERFACE', 'LINK', 'WIRE', 'ADDRESSES'];
  return `Lab ${status.name}: ${up} of ${status.hosts.length} hosts up, ${links}\n\n${formatTable(header, rows)}`;
}

function wire(host: HostStatus, one: InterfaceStatus): string {
  if (host.state === 'off' || one.wire === undefined) return '-';
  if (one.wire.carrier === 'down') return 'no carrier';
  const part = /\.part(\d+)$/.exec(one.wire.bridge ?? '')?.[1];
  switch (one.wire.dropped) {
    case 'none':
      if (part !== undefined) return `part ${Number(part) + 1}`;
      return one.impaired ? 'impaired' : 'ok';
    case 'both':
      return 'silent';
    case 'in':
      return 'deaf';
    case 'out':
      return 'mute';
  }
}
