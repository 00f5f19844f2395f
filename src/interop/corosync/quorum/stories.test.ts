import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { test } from 'node:test';
import { PerfectRing } from './perfect-ring.ts';
import { storyFiles, storyText } from './stories.ts';
import { parseStory, tellAll } from './story.ts';

for (const file of storyFiles()) {
  test(`quorum says what Corosync says: ${basename(file, '.txt')}`, () => {
    const story = parseStory(storyText(file));
    const ring = new PerfectRing(story);
    for (const { step, text, told } of story.steps) {
      ring.take(step);
      assert.equal(`${text}\n${tellAll(ring.spoken())}`, `${text}\n${told}`);
    }
  });
}
