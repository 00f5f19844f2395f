// From a node's power-off until the last survivor has the configuration without it.
import { noise } from './noise.ts';
import { untilMembers, withRing } from './rings.ts';

/** Power-offs in one ring, and rings: a ring of three is made anew after each. */
const plans: Readonly<Record<number, { readonly kills: number; readonly rings: number; readonly goalMs: number }>> = {
  3: { kills: 1, rings: 5, goalMs: 600 },
  8: { kills: 3, rings: 1, goalMs: 900 },
  16: { kills: 3, rings: 1, goalMs: 900 },
};

export async function detection(key: string, nodeCounts: readonly number[] = [3, 8, 16]): Promise<void> {
  console.log('\nPower-off until the last survivor has the new configuration (the frames of the node stop first)');
  console.log(`  ${await noise()}`);
  for (const nodeCount of nodeCounts) {
    const { kills, rings, goalMs } = plans[nodeCount] ?? { kills: 1, rings: 3, goalMs: 900 };
    const times: number[] = [];
    for (let ring = 0; ring < rings; ring++) times.push(...(await killSome(nodeCount, kills, key)));
    times.sort((left, right) => left - right);
    const median = times[Math.floor(times.length / 2)] ?? 0;
    const met = Math.max(...times) <= goalMs ? 'met' : 'MISSED';
    const size = String(nodeCount).padStart(2);
    console.log(`  ${size} nodes: ${times.join(', ')} ms; median ${median} ms, goal ${goalMs} ms for all: ${met}`);
  }
}

function killSome(nodeCount: number, kills: number, key: string): Promise<number[]> {
  return withRing(nodeCount, key, async (lab) => {
    const names = lab.hosts.map(({ name }) => name);
    const times: number[] = [];
    for (let count = 0; count < kills; count++) {
      // The highest first: the representative, which every ring change needs, last.
      const victim = names.pop() ?? '';
      const before = Date.now();
      await lab.kill(victim);
      const members = names.map((_, index) => index + 1);
      const rings = await untilMembers(lab, names, members);
      times.push(Math.max(...rings.map(({ epochMs }) => epochMs)) - before);
    }
    return times;
  });
}
