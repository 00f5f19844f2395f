// A program for a lab host: a client of the host's Corosync in the tests' group.
import { CorosyncGroup } from './libcpg.ts';
import { composeMessage, groupName, hearCommands, type MemberCommand, readMessage, tell } from './member-protocol.ts';

const pollMs = 5;
const connectPauseMs = 100;
const unsaid: Buffer[] = [];
let heard: string[] = [];

const events = {
  onMessage: (_nodeId: number, body: Uint8Array) => void heard.push(readMessage(body)),
  onMembers: (members: readonly number[]) => {
    tellHeard();
    tell({ kind: 'group', members });
  },
};

let opened = CorosyncGroup.open(groupName, events);
while (opened === undefined) {
  await new Promise((resolve) => setTimeout(resolve, connectPauseMs));
  opened = CorosyncGroup.open(groupName, events);
}
const group = opened;
hearCommands(obey);
tell({ kind: 'joined' });
const timer = setInterval(turn, pollMs);

function turn(): void {
  while (unsaid[0] !== undefined && group.multicast(unsaid[0]) === 'taken') unsaid.shift();
  const alive = group.dispatch('all');
  tellHeard();
  if (alive) return;
  tell({ kind: 'closed', reason: 'Corosync is gone' });
  process.exit(0);
}

function obey(command: MemberCommand): void {
  switch (command.kind) {
    case 'say':
      for (let number = command.first; number < command.first + command.count; number++) {
        unsaid.push(composeMessage(group.nodeId, number, command.bytes));
      }
      return;
    case 'status':
      return tell({ kind: 'status', status: { nodeId: group.nodeId } });
    case 'leave':
      clearInterval(timer);
      group.close();
      process.exit(0);
  }
}

function tellHeard(): void {
  if (heard.length > 0) tell({ kind: 'heard', texts: heard });
  heard = [];
}
