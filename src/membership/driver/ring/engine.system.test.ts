// The ring on the kernel keeps the engine's promises: three threads of this process, on loopback addresses, sealed.
import { randomBytes, randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../../kit/index.ts';
import { havenLinkTiming } from '../../links/index.ts';
import { havenRing } from '../../ring-profile.ts';
import { engineContract } from '../../testing/engine.contract.ts';
import { RingEngine } from './engine.ts';
import type { RingSettings } from './settings.ts';

const settleMsMax = 60_000;
/** Threads of one busy process: a token may well take longer than on a machine of one's own. */
const patience = 8;

engineContract('kernel', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'haven-ring-'));
  const port = randomInt(20_000, 30_000);
  const key = randomBytes(256);
  const engines: RingEngine[] = [];
  for (const nodeId of [1, 2, 3]) {
    engines.push(await RingEngine.start(settingsOf(nodeId, { port, key, directory }), { logger: silentLogger }));
  }
  return {
    engines,
    until,
    crash: (engine) => (engine as RingEngine).terminate(),
    close: async () => {
      await Promise.all(engines.map((engine) => engine.terminate()));
      rmSync(directory, { recursive: true });
    },
  };
});

function settingsOf(nodeId: number, shared: { port: number; key: Uint8Array; directory: string }): RingSettings {
  const addressOf = (node: number) => `127.0.77.${node}`;
  const ring = havenRing(nodeId);
  return {
    clusterName: 'contract',
    nodeId,
    peers: [1, 2, 3].map((node) => ({ nodeId: node, addresses: [addressOf(node)] })),
    links: [{ number: 0, address: addressOf(nodeId), port: shared.port }],
    linkMode: 'active',
    linkTiming: havenLinkTiming,
    ring: {
      ...ring,
      timing: {
        ...ring.timing,
        tokenMs: patience * ring.timing.tokenMs,
        consensusMs: patience * ring.timing.consensusMs,
      },
    },
    security: { kind: 'sealed', keys: new Map([[1, shared.key]]), activeKeyId: 1 },
    quorum: {
      nodeId,
      votes: 1,
      expectedVotes: 3,
      twoNode: false,
      waitForAll: false,
      lastManStandingWindowMs: undefined,
      autoTieBreaker: undefined,
      allowDownscale: false,
      expectedVotesTracking: false,
      device: undefined,
    },
    configVersion: undefined,
    stateDirectory: shared.directory,
    realTimePriority: undefined,
  };
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const givenUpAt = Date.now() + settleMsMax;
  while (!condition()) {
    if (Date.now() > givenUpAt) throw new Error(`not within ${settleMsMax} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
