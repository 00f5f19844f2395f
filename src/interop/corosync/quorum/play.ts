// Every story, on real Corosync: does it still tell what is written? `--record` writes what it tells.
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { RealCluster } from './real-cluster.ts';
import { storyFiles, storyText } from './stories.ts';
import { parseStory, tellAll } from './story.ts';

/** The number of stories that Corosync tells differently. */
export async function playStories(mode: 'compare' | 'record'): Promise<number> {
  let failures = 0;
  for (const file of storyFiles()) {
    const text = storyText(file);
    const told = await play(text);
    if (mode === 'record') writeFileSync(file, told);
    const same = mode === 'record' || told === text;
    if (!same) failures++;
    process.stdout.write(
      `  ${same ? 'ok   ' : 'FAIL '} quorum, ${basename(file, '.txt')}${same ? '' : `:\n${told}`}\n`,
    );
  }
  return failures;
}

/** As far as it could be played. */
async function play(text: string): Promise<string> {
  const story = parseStory(text);
  let told = text.slice(0, text.indexOf('\n> ') + 1);
  await RealCluster.with(story, async (cluster) => {
    for (const { step, text: line } of story.steps) {
      await cluster.take(step);
      told += `${line}\n${tellAll(await cluster.spoken())}`;
    }
  }).catch((thrown: Error) => {
    told += `${thrown.message}\n`;
  });
  return told;
}
