// Where the documents of the trials come from: small random clusters, and the files of a folder.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseXml, type XmlElement } from '../../cib/index.ts';
import { CommandFailure, formatDiagnostic, type Random } from '../../kit/index.ts';
import { mixedCluster } from './mixed-cluster.ts';
import { randomCluster } from './random-cluster.ts';

export type Source = {
  readonly name: string;
  readonly path: string | undefined;
  /** Whether the programs agree on it as it is, once that is known. */
  agrees?: boolean;
};

/** Larger documents take long and say little more. */
const bytesMax = 120_000;

/** Made anew for each trial. */
const made = {
  'random cluster': randomCluster,
  'mixed cluster': mixedCluster,
} as const;

type Made = keyof typeof made;

const madeSources = (count: number): Source[] =>
  Array.from({ length: count }, (_, index) => ({
    name: index % 2 === 0 ? 'random cluster' : 'mixed cluster',
    path: undefined,
  }));

/** Half of the trials start with a cluster made for it, the others with a document of the folder, if it is there. */
export function sourcesOf(folder: string): Source[] {
  if (!existsSync(folder)) return madeSources(2);
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.xml'))
    .sort()
    .map((name) => ({ name, path: join(folder, name) }))
    .filter(({ path }) => statSync(path).size <= bytesMax);
  return [...files, ...madeSources(files.length)];
}

function isMade(name: string): name is Made {
  return Object.hasOwn(made, name);
}

export function documentOf({ name, path }: Source, random: Random): XmlElement {
  if (isMade(name)) return made[name](random);
  if (path === undefined) throw new CommandFailure({ kind: 'config', what: `there is no document '${name}'` });
  const parsed = parseXml(readFileSync(path, 'utf8'), { file: path });
  if (!parsed.ok) throw new CommandFailure({ kind: 'config', what: formatDiagnostic(parsed.error) });
  return parsed.value;
}
