// `npm run interop -- corosync [RING | TRANSPORT | quorum …] [--record]`: every ring through every scenario, a line each; then
// the stories of quorum, as real Corosync tells them.
import { type ClusterOptions, type Program, peerAvailable, type Transport, withCluster } from './cluster.ts';
import { playStories } from './quorum/play.ts';
import { scenarios } from './scenarios.ts';

const members: Readonly<Record<string, readonly Program[]>> = {
  '2+1': ['corosync', 'corosync', 'haven'],
  '1+2': ['haven', 'haven', 'corosync'],
  '3+2': ['haven', 'corosync', 'corosync', 'haven', 'corosync'],
};
/** Every ring on the two transports; what they speak by on one ring each. */
const rings: readonly (readonly [name: string, transport: Transport])[] = [
  ...(['udpu', 'udp'] as const).flatMap((transport) =>
    Object.keys(members).map((name): [string, Transport] => [name, transport]),
  ),
  ['2+1', 'udp-broadcast'],
  ['1+2', 'udp-broadcast'],
  ['2+1', 'udpu-ipv6'],
  ['2+1', 'udp-ipv6'],
  ['1+2', 'udp-ipv6-named'],
];

if (!peerAvailable) {
  process.stderr.write('interop: needs the Debian package corosync; run: node tools/setup.mjs test\n');
  process.exit(69);
}
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'));
let failures = 0;
for (const [name, transport] of rings) {
  const programs = members[name] ?? [];
  const isWanted = wanted.length === 0 || wanted.includes(name) || wanted.includes(transport);
  if (isWanted) await runRing(name, { transport, programs });
}
if (wanted.length === 0 || wanted.includes('quorum')) {
  process.stdout.write('\nquorum, as real Corosync decides\n');
  failures += await playStories(process.argv.includes('--record') ? 'record' : 'compare');
}
process.exit(failures === 0 ? 0 : 1);

async function runRing(name: string, options: ClusterOptions): Promise<void> {
  process.stdout.write(`\n${name} over ${options.transport} (real Corosync + Haven): ${options.programs.join(', ')}\n`);
  await withCluster(options, async (cluster) => {
    for (const [scenario, run] of Object.entries(scenarios)) {
      const startedMs = performance.now();
      const took = () => `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
      try {
        process.stdout.write(`  ok    ${scenario}: ${await run(cluster)} (${took()})\n`);
      } catch (thrown) {
        failures++;
        process.stdout.write(`  FAIL  ${scenario} (${took()}): ${(thrown as Error).message}\n`);
        return;
      }
    }
  });
}
