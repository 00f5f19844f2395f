// For this room's tests: two hosts joined by a cable, and an executor whose reports are kept.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HeldAddress } from '../../guardian/index.ts';
import { silentLogger } from '../../kit/index.ts';
import { namedNamespace } from '../../linux/index.ts';
import { type ExecutionReport, NodeExecutor, type NodeExecutorOptions } from '../driver/executor.ts';
import type { Order } from '../order.ts';

export type Cable = {
  readonly left: string;
  readonly right: string;
  /** Runs `ip ARGUMENTS` on a side. */
  readonly ip: (side: string, ...words: readonly string[]) => string;
  readonly remove: () => void;
};

/** `left` has 192.0.2.1 and 2001:db8::1 on `eth0`, `right` has 192.0.2.2 and 2001:db8::2. */
export function makeCable(): Cable {
  const id = randomBytes(4).toString('hex');
  const [left, right] = [`hval-${id}`, `hvar-${id}`];
  const ip = (side: string, ...words: readonly string[]) => run('-n', side, ...words);
  for (const name of [left, right]) run('netns', 'add', name);
  run('-n', left, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', right);
  for (const [name, number] of [
    [left, 1],
    [right, 2],
  ] as const) {
    for (const link of ['lo', 'eth0']) ip(name, 'link', 'set', link, 'up');
    ip(name, 'address', 'add', `192.0.2.${number}/24`, 'dev', 'eth0');
    ip(name, 'address', 'add', `2001:db8::${number}/64`, 'dev', 'eth0', 'nodad');
  }
  const remove = () => {
    for (const name of [left, right]) run('netns', 'del', name);
  };
  return { left, right, ip, remove };
}

export type Bench = {
  readonly executor: NodeExecutor;
  readonly reports: ExecutionReport<Order>[];
  readonly addresses: () => readonly HeldAddress[];
  /** Gives an order and waits for its report. */
  readonly done: (order: Order) => Promise<ExecutionReport<Order>>;
  readonly stateFolder: string;
  readonly close: () => Promise<void>;
};

export function makeBench(
  options: Partial<NodeExecutorOptions<Order>> & { readonly side?: string; readonly keepState?: string } = {},
): Bench {
  const stateFolder = options.keepState ?? mkdtempSync(join(tmpdir(), 'haven-executor-'));
  const reports: ExecutionReport<Order>[] = [];
  let addresses: readonly HeldAddress[] = [];
  const folders = { ocfRoot: '/usr/lib/ocf', lsb: '/etc/init.d', fence: ['/usr/sbin'] };
  const executor = new NodeExecutor<Order>({
    logger: silentLogger,
    onReport: (report) => reports.push(report),
    onAddresses: (held) => {
      addresses = held;
    },
    folders: options.side === undefined ? folders : { ...folders, namespace: namedNamespace(options.side) },
    stateFolder,
    ...options,
  });
  const done = async (order: Order) => {
    const callId = executor.execute(order);
    await eventually(`${order.resource.id} ${order.operation} is reported`, () =>
      reports.some((report) => report.callId === callId),
    );
    return reports.find((report) => report.callId === callId) as ExecutionReport<Order>;
  };
  const close = async () => {
    await executor.close(1000);
    if (options.keepState === undefined) rmSync(stateFolder, { recursive: true, force: true });
  };
  return { executor, reports, addresses: () => addresses, done, stateFolder, close };
}

/** An order for `ocf:PROVIDER:TYPE` and the like. */
export function orderOf(
  agent: string,
  id: string,
  operation: string,
  rest: Partial<Omit<Order, 'resource' | 'operation'>> = {},
): Order {
  const [agentClass = '', ...names] = agent.split(':');
  const type = names.at(-1) ?? '';
  return {
    resource: { id, class: agentClass, provider: agentClass === 'ocf' ? names[0] : undefined, type },
    operation,
    intervalMs: 0,
    timeoutMs: 60_000,
    startDelayMs: 0,
    parameters: {},
    meta: {},
    ...rest,
  };
}

/** A zombie is not. */
export function isAlive(pid: number | string): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Waits for a condition, and fails with `what` when it does not come within a generous time. */
export async function eventually(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 90_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`did not happen within 90 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

function run(...words: readonly string[]): string {
  return execFileSync('ip', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
