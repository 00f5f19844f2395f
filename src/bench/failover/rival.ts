// One of the two programs under measurement: a three-node cluster on lab hosts that serves the same site.
import { resolve } from 'node:path';
import type { Lab } from '../../lab/index.ts';
import { processes, Stage, standbyEdit } from '../../stage/index.ts';

export type Rival = {
  readonly program: string;
  readonly lab: Lab;
  readonly nodes: readonly string[];
  /** Matches the command lines of all processes that a node needs for it (pgrep -f). */
  readonly processes: string;
  /** Waits until all nodes are members. */
  readonly assemble: () => Promise<void>;
  /** Gives it the site. */
  readonly configure: () => Promise<void>;
  readonly setStandby: (node: string, value: 'on' | 'off') => Promise<void>;
  /** All nodes are online, nothing is under way, and failures are forgotten. */
  readonly isWhole: () => Promise<boolean>;
};

/** The bundle, which is what is installed; tools/bench.mjs builds it and runs us in the package's folder. */
const shippedProgram = resolve('dist', 'haven.js');

export async function raiseHaven(name: string): Promise<Rival> {
  const stage = await Stage.make(name, { program: shippedProgram });
  const { lab, nodes } = stage;
  const isOnline = (state: string) => state === 'online';
  return {
    program: 'haven',
    lab,
    nodes,
    processes: processes.all,
    assemble: async () =>
      void (await stage.until('all members', ({ nodes: seen }) => seen.every(({ state }) => isOnline(state)))),
    configure: () => stage.configure(),
    setStandby: (node, value) => stage.api(node).edit(standbyEdit(nodes, node, value)),
    isWhole: async () => {
      const status = await stage.status();
      if (status === undefined) return false;
      if (status.failures.length > 0)
        await stage.api(status.node).command({ kind: 'cleanup', resource: undefined, node: undefined });
      return (
        status.nodes.every(({ state }) => isOnline(state)) &&
        status.activity.length === 0 &&
        status.failures.length === 0
      );
    },
  };
}

/** Asks until it holds. @throws Error naming what did not come about. */
export async function poll(what: string, holds: () => Promise<boolean>, withinMs = 120_000): Promise<void> {
  const givenUpAtMs = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > givenUpAtMs) throw new Error(`not within ${withinMs / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
