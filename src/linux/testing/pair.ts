// Two network namespaces joined by a veth pair, for this room's tests: `left` has 192.0.2.1 and 2001:db8::1 on `eth0`,
// `right` has 192.0.2.2 and 2001:db8::2.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { type NamespacePath, namedNamespace } from '../namespace/enter.ts';

export type TestHost = {
  readonly name: string;
  readonly namespace: NamespacePath;
  /** The index of `eth0`. */
  readonly index: number;
  readonly address: string;
  readonly address6: string;
  /** Runs `ip ARGUMENTS` inside, and returns what it printed. */
  readonly ip: (...words: readonly string[]) => string;
};

export type TestPair = { readonly left: TestHost; readonly right: TestHost; readonly remove: () => void };

export function makeTestPair(): TestPair {
  const id = randomBytes(4).toString('hex');
  const [left, right] = [`hvl-${id}`, `hvr-${id}`];
  const remove = () => {
    for (const name of [left, right]) ip('netns', 'del', name);
  };
  try {
    for (const name of [left, right]) ip('netns', 'add', name);
    ip('-n', left, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', right);
    return { left: hostOf(left, 1), right: hostOf(right, 2), remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Waits for a condition, and fails with `what` when it does not come within a generous time. */
export async function eventually(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`did not happen within 60 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

function hostOf(name: string, number: 1 | 2): TestHost {
  const inside = (...words: readonly string[]) => ip('-n', name, ...words);
  const [address, address6] = [`192.0.2.${number}`, `2001:db8::${number}`];
  inside('link', 'set', 'lo', 'up');
  inside('link', 'set', 'eth0', 'up');
  inside('address', 'add', `${address}/24`, 'dev', 'eth0');
  inside('address', 'add', `${address6}/64`, 'dev', 'eth0', 'nodad');
  const index = Number(inside('-o', 'link', 'show', 'eth0').split(':')[0]);
  return { name, namespace: namedNamespace(name), index, address, address6, ip: inside };
}

function ip(...words: readonly string[]): string {
  return execFileSync('ip', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
