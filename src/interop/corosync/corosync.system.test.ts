// Rings of Haven and of real Corosync members; `npm run interop -- corosync` runs more of them.
import { test } from 'node:test';
import { type ClusterOptions, peerAvailable, withCluster } from './cluster.ts';
import { scenarios } from './scenarios.ts';

const skip = process.getuid?.() !== 0 ? 'needs root' : peerAvailable ? false : 'needs the Debian package corosync';

const rings: readonly ClusterOptions[] = [
  { transport: 'udpu', programs: ['corosync', 'corosync', 'haven'] },
  { transport: 'udp', programs: ['haven', 'corosync', 'corosync'] },
];

for (const options of rings) {
  test(`${options.programs.join(', ')} over ${options.transport}`, { skip }, async (context) => {
    await withCluster(options, async (cluster) => {
      for (const [name, run] of Object.entries(scenarios)) {
        await context.test(name, async () => context.diagnostic(`${name}: ${await run(cluster)}`));
      }
    });
  });
}
