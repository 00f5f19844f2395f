// Surroundings made of text: configurations that come from nowhere else, for tests and "what would this file mean".
import { Random } from '../../kit/index.ts';
import type { Surroundings } from './surroundings.ts';

/** Files by path; whatever is not said is as on a host with nothing on it. */
export function textSurroundings(
  files: Readonly<Record<string, string>>,
  known: Partial<Surroundings> = {},
): Surroundings {
  return {
    readFile: (path) => (Object.hasOwn(files, path) ? files[path] : undefined),
    glob: (pattern) => Object.keys(files).filter((path) => matches(pattern, path)),
    configId: 'host',
    random: new Random(1),
    interfaces: undefined,
    user: (name) => (name === 'root' ? { uid: 0, gid: 0 } : undefined),
    group: (name) => (name === 'root' ? 0 : undefined),
    routingName: () => undefined,
    program: undefined,
    ...known,
  };
}

/** `*` only: enough for files that the caller names itself. */
function matches(pattern: string, path: string): boolean {
  const source = pattern
    .split('*')
    .map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
    .join('[^/]*');
  return new RegExp(`^${source}$`).test(path);
}
