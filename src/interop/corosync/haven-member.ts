// A program for a lab host: a ring member of ours, configured by the host's corosync.conf, in the tests' group.
import { ringSettings } from '../../daemon/index.ts';
import { loggerOf } from '../../kit/index.ts';
import { RingEngine } from '../../membership/index.ts';
import { composeMessage, groupName, hearCommands, type MemberCommand, readMessage, tell } from './member-protocol.ts';

const logger = loggerOf((level, text) => tell({ kind: 'log', text: `${level}: ${text}` }));
const source = { kind: 'corosync-conf', file: '/etc/corosync/corosync.conf' } as const;
const engine = await RingEngine.start(ringSettings({ source, logger }), { logger });
const unsaid: Buffer[] = [];
let heard: string[] = [];

engine.subscribe((event) => {
  switch (event.kind) {
    case 'deliver':
      if (heard.length === 0) setImmediate(tellHeard);
      heard.push(readMessage(event.body));
      return;
    case 'group-changed':
      tellHeard();
      return tell({ kind: 'group', members: event.members.map(({ nodeId }) => nodeId) });
    case 'configuration': {
      const { ringId, members } = event;
      return tell({ kind: 'ring', ringId: `${ringId.representative}.${ringId.seq.toString(16)}`, members });
    }
    case 'quorum-changed':
      return tell({ kind: 'quorum', quorate: event.quorum.quorate });
    case 'writable':
      return sayWhatFits();
    case 'closed':
      tellHeard();
      tell({ kind: 'closed', reason: event.reason });
      process.exit(0);
  }
});
hearCommands(obey);
await engine.join(groupName);
tell({ kind: 'joined' });

function obey(command: MemberCommand): void {
  switch (command.kind) {
    case 'say':
      for (let number = command.first; number < command.first + command.count; number++) {
        unsaid.push(composeMessage(engine.nodeId, number, command.bytes));
      }
      return sayWhatFits();
    case 'status':
      void engine.status().then((status) => tell({ kind: 'status', status }));
      return;
    case 'leave':
      void engine.leave();
  }
}

function sayWhatFits(): void {
  for (let body = unsaid[0]; body !== undefined; body = unsaid[0]) {
    if (engine.multicast(groupName, body, 'agreed') !== undefined) return;
    unsaid.shift();
  }
}

function tellHeard(): void {
  if (heard.length > 0) tell({ kind: 'heard', texts: heard });
  heard = [];
}
