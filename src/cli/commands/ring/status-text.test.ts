import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RingStatus } from '../../../membership/index.ts';
import { formatRingStatus } from './status-text.ts';

const status: RingStatus = {
  clusterName: 'c',
  nodeId: 1,
  phase: 'operational',
  ringId: '1.9',
  synchronised: true,
  members: [
    { nodeId: 1, name: 'node1', address: '10.77.0.1', votes: 1 },
    { nodeId: 2, name: undefined, address: '10.77.0.2', votes: 1 },
  ],
  expected: [1, 2, 3].map((nodeId) => ({ nodeId, name: `node${nodeId}` })),
  quorum: { quorate: true, votes: 2, expectedVotes: 2, votesNeeded: 1 },
  quorumFlags: ['2Node', 'Quorate', 'WaitForAll'],
  tokenMs: 3000,
  links: [{ number: 0, address: '10.77.0.1', port: 5405, group: undefined, carrier: 'up', peers: [] }],
  security: 'plain',
  keys: undefined,
  counters: { tokens: 1, ringChanges: 1, delivered: 0, multicasts: 0, retransmitRequests: 0, suppliedInRecovery: 0 },
  network: { sentDatagrams: 1, sentBytes: 1, receivedDatagrams: 1, receivedBytes: 1, unlisted: 0, sendErrors: 0 },
  refused: {},
};

/** What corosync-quorumtool -s and corosync-cfgtool -s of 3.1.7 print beside such a node, its own addresses apart. */
const theirs = `Quorum information
------------------
Date:             Sat Nov 21 09:34:25 2026
Quorum provider:  corosync_votequorum
Nodes:            2
Node ID:          1
Ring ID:          1.9
Quorate:          Yes

Votequorum information
----------------------
Expected votes:   2
Highest expected: 2
Total votes:      2
Quorum:           1  
Flags:            2Node Quorate WaitForAll 

Membership information
----------------------
    Nodeid      Votes Name
         1          1 node1 (local)
         2          1 10.77.0.2

Local node ID 1, transport udpu
LINK ID 0 
\taddr\t= 10.77.0.1
\tstatus:
\t\tnodeid:          1:\tlocalhost
\t\tnodeid:          2:\tconnected
\t\tnodeid:          3:\tdisconnected
`;

test('scripts that read corosync-quorumtool -s and corosync-cfgtool -s read this', () => {
  const shown = formatRingStatus(status, new Date(2026, 10, 21, 9, 34, 25));
  assert.equal(shown.slice(0, theirs.length), theirs);
});
