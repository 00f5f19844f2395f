// From a node's power-off until the last survivor has the configuration without it.
import { untilMembers, withRing } from './rings.ts';

const killsPerSize = 3;
const goalMs: Readonly<Record<number, number>> = { 3: 600, 8: 900, 16: 900 };

export async function detection(key: string, nodeCounts: readonly number[] = [3, 8, 16]): Promise<void> {
  console.log('\nPower-off until the last survivor has the new configuration (the frames of the node stop first)');
  for (const nodeCount of nodeCounts) {
    const times: number[] = [];
    await withRing(nodeCount, key, async (lab) => {
      const names = lab.hosts.map(({ name }) => name);
      const kills = Math.min(killsPerSize, nodeCount - 2);
      for (let count = 0; count < kills; count++) {
        // The highest first: the representative, which every ring change needs, last.
        const victim = names.pop() ?? '';
        const before = Date.now();
        await lab.kill(victim);
        const rings = await untilMembers(
          lab,
          names,
          names.map((_, index) => index + 1),
        );
        times.push(Math.max(...rings.map(({ epochMs }) => epochMs)) - before);
      }
    });
    const list = times.map((ms) => `${ms}`).join(', ');
    console.log(`  ${String(nodeCount).padStart(2)} nodes: ${list} ms (goal ${goalMs[nodeCount]} ms)`);
  }
}
