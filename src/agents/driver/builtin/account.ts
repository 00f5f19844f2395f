// Whom a command runs as. Only /etc/passwd and /etc/group are read: nothing on the path of a start may ask a network.
import { readFileSync } from 'node:fs';

export type Account = { readonly uid: number; readonly gid: number; readonly home: string };

/** The account of a name or number, undefined when there is none. */
export function accountOf(user: string): Account | undefined {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  const fields = lines.map((line) => line.split(':')).find(([name, , uid]) => name === user || uid === user);
  if (fields === undefined) return undefined;
  return { uid: Number(fields[2]), gid: Number(fields[3]), home: fields[5] ?? '/' };
}
