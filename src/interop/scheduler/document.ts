// Where the documents of the trials come from: small random clusters, and the files of a folder.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseXml, type XmlElement } from '../../cib/index.ts';
import { CommandFailure, formatDiagnostic, type Random } from '../../kit/index.ts';
import { randomCluster } from './random-cluster.ts';

export type Source = {
  readonly name: string;
  readonly path: string | undefined;
  /** Whether the programs agree on it as it is, once that is known. */
  agrees?: boolean;
};

/** Larger documents take long and say little more. */
const bytesMax = 120_000;

/** A third of the trials start with a random cluster, the others with a document of the folder, if it is there. */
export function sourcesOf(folder: string): Source[] {
  if (!existsSync(folder)) return [{ name: 'random cluster', path: undefined }];
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.xml'))
    .sort()
    .map((name) => ({ name, path: join(folder, name) }))
    .filter(({ path }) => statSync(path).size <= bytesMax);
  const random = Array.from({ length: Math.ceil((files.length + 1) / 2) }, () => ({
    name: 'random cluster',
    path: undefined,
  }));
  return [...files, ...random];
}

export function documentOf({ path }: Source, random: Random): XmlElement {
  if (path === undefined) return randomCluster(random);
  const parsed = parseXml(readFileSync(path, 'utf8'), { file: path });
  if (!parsed.ok) throw new CommandFailure({ kind: 'config', what: formatDiagnostic(parsed.error) });
  return parsed.value;
}
