// The ring on the kernel keeps the engine's promises: three threads of this process, on loopback addresses, sealed.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLogger } from '../../../kit/index.ts';
import type { MessagingEngine } from '../../engine.ts';
import { havenLinkTiming } from '../../links/index.ts';
import { havenRing } from '../../ring-profile.ts';
import { engineContract } from '../../testing/engine.contract.ts';
import { RingEngine } from './engine.ts';
import type { RingSettings } from './settings.ts';

const settleMsMax = 60_000;
engineContract('kernel', startRing);

const addressOf = (nodeId: number) => `127.0.77.${nodeId}`;

/** One that the kernel has just given away: a number of our own choice may be anybody's. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, addressOf(1));
  await once(socket, 'listening');
  const { port } = socket.address();
  await once(socket.close(), 'close');
  return port;
}

/** `patience`: of the ring with itself, in tokens. */
async function startRing(patience = 8) {
  const directory = mkdtempSync(join(tmpdir(), 'haven-ring-'));
  const port = await freePort();
  const key = randomBytes(256);
  const engines: RingEngine[] = [];
  for (const nodeId of [1, 2, 3]) {
    engines.push(
      await RingEngine.start(settingsOf(nodeId, { port, key, directory, patience }), { logger: silentLogger }),
    );
  }
  return {
    engines,
    key,
    until,
    crash: (engine: MessagingEngine) => (engine as RingEngine).terminate(),
    close: async () => {
      await Promise.all(engines.map((engine) => engine.terminate()));
      rmSync(directory, { recursive: true });
    },
  };
}

test('the key of a running ring is rolled without a message lost or a membership changed', async () => {
  // Threads of one busy process: a token may well take longer than on a machine of one's own, and none may be missed.
  const { engines, key: oldKey, close } = await startRing(60);
  const group = 'rolling';
  const heard = engines.map((): string[] => []);
  let configurations = 0;
  let speak: NodeJS.Timeout | undefined;
  try {
    await Promise.all(engines.map((engine) => engine.join(group)));
    await until('three members', () => engines.every((engine) => engine.quorum().votes === 3));
    engines.forEach((engine, index) => {
      engine.subscribe((event) => {
        if (event.kind === 'configuration') configurations++;
        else if (event.kind === 'deliver') heard[index]?.push(Buffer.from(event.body).toString());
      });
    });
    const newKey = randomBytes(256);
    const both = new Map([
      [1, oldKey],
      [2, newKey],
    ]);
    for (const engine of engines) engine.setKeys({ keys: both, activeKeyId: 1 });
    // An answer means that what was told before is done: nobody speaks under a key that another has not got yet.
    await Promise.all(engines.map((engine) => engine.status()));
    for (const activeKeyId of [2, 1]) {
      for (const engine of engines) engine.setKeys({ keys: both, activeKeyId });
      await untilPeersUse(engines, activeKeyId);
    }
    const said = Array.from(engines, () => 0);
    speak = setInterval(() => {
      engines.forEach((engine, index) => {
        const number = said[index] ?? 0;
        said[index] = number + 1;
        assert.equal(engine.multicast(group, Buffer.from(`${engine.nodeId} ${number}`), 'agreed'), undefined);
      });
    }, 2);
    const steps = [
      { keys: both, activeKeyId: 1 },
      { keys: both, activeKeyId: 2 },
      { keys: new Map([[2, newKey]]), activeKeyId: 2 },
    ];
    for (const keyring of steps) {
      for (const [index, engine] of engines.entries()) {
        const before = heard[index]?.length ?? 0;
        engine.setKeys(keyring);
        await until('messages go on', () => (heard[index]?.length ?? 0) > before + 30);
      }
      await untilPeersUse(engines, keyring.activeKeyId);
    }
    clearInterval(speak);
    const saidByAll = said.reduce((sum, count) => sum + count, 0);
    await until('everything is heard', () => heard.every((list) => list.length === saidByAll));
    assert.deepEqual(heard[1], heard[0]);
    assert.deepEqual(heard[2], heard[0]);
    assert.equal(configurations, 0);
    for (const status of await Promise.all(engines.map((engine) => engine.status()))) {
      assert.equal(status.keys?.sendsWith, 2);
      assert.deepEqual(
        status.keys?.peers.map(({ keyId }) => keyId),
        [2, 2],
      );
      assert.deepEqual(status.refused, {});
    }
  } finally {
    clearInterval(speak);
    await close();
  }
});

type Shared = {
  readonly port: number;
  readonly key: Uint8Array;
  readonly directory: string;
  readonly patience: number;
};

function settingsOf(nodeId: number, { patience, ...shared }: Shared): RingSettings {
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

/** Also where nothing is said. */
async function untilPeersUse(engines: readonly RingEngine[], keyId: number): Promise<void> {
  let arrived = false;
  const look = async () => {
    const statuses = await Promise.all(engines.map((engine) => engine.status()));
    arrived = statuses.every(
      ({ keys }) => keys?.peers.length === 2 && keys.peers.every((peer) => peer.keyId === keyId),
    );
    if (!arrived) setTimeout(look, 20);
  };
  await look();
  await until(`key ${keyId} is what peers are heard under`, () => arrived);
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const givenUpAt = Date.now() + settleMsMax;
  while (!condition()) {
    if (Date.now() > givenUpAt) throw new Error(`not within ${settleMsMax} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
