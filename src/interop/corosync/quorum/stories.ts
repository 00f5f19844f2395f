// Where the stories are.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** In the source tree, whatever is built where: programs and tests run in the package's folder. */
export const storyFolder = join('src', 'interop', 'corosync', 'quorum', 'stories');

export function storyFiles(): string[] {
  return readdirSync(storyFolder)
    .sort()
    .map((name) => join(storyFolder, name));
}

export function storyText(file: string): string {
  return readFileSync(file, 'utf8');
}
