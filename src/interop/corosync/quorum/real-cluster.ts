// The same stories on lab hosts with real Corosync; corosync-quorumtool is asked.
import { setTimeout as pause } from 'node:timers/promises';
import { createLab, type HostProcess, type Lab } from '../../../lab/index.ts';
import { ringsOf, type Spoken, type Story, type StoryStep, storyConf, viewText } from './story.ts';

const settledWithinMs = 60_000;
/** Nothing has changed for so long: the cluster has said what it has to say. */
const calmMs = 1500;

export class RealCluster {
  readonly #lab: Lab;
  readonly #running = new Map<number, HostProcess>();
  #parted: ReadonlySet<number> = new Set();

  private constructor(lab: Lab) {
    this.#lab = lab;
  }

  /** Makes the hosts of a story, plays it in `use`, and takes them down. */
  static async with(story: Story, use: (cluster: RealCluster) => Promise<void>): Promise<void> {
    const lab = await createLab({ hosts: story.votes.length });
    try {
      const conf = storyConf(
        story,
        lab.hosts.map((host) => host.address()),
      );
      await Promise.all(lab.hosts.map((host) => host.writeFile('/etc/corosync/corosync.conf', conf)));
      await use(new RealCluster(lab));
    } finally {
      await lab.down();
    }
  }

  async take(step: StoryStep): Promise<void> {
    switch (step.kind) {
      case 'start':
        for (const nodeId of step.nodes) this.#running.set(nodeId, this.#spawn(nodeId));
        break;
      case 'crash':
        await this.#end(step.nodes, 'SIGKILL');
        break;
      case 'leave':
        await this.#end(step.nodes, 'SIGTERM');
        break;
      case 'part':
        this.#parted = new Set(step.nodes);
        await this.#lab.partition(this.#sides());
        break;
      case 'heal':
        this.#parted = new Set();
        await this.#lab.heal();
        break;
      case 'expected':
        await this.#tool(Math.min(...this.#running.keys()), ['-e', String(step.votes)]);
        break;
      case 'votes':
        await this.#tool(Math.min(...this.#running.keys()), ['-n', String(step.node), '-v', String(step.votes)]);
        break;
      case 'wait':
        await pause(step.seconds * 1000);
    }
  }

  /** What each node says once its ring is as it should be and says no more. */
  async spoken(): Promise<Spoken[]> {
    const givenUpAtMs = performance.now() + settledWithinMs;
    let before = '';
    let sinceMs = performance.now();
    for (;;) {
      const all = await Promise.all([...this.#running.keys()].sort((a, b) => a - b).map((id) => this.#ask(id)));
      const told = all.map(({ nodeId, view }) => `${nodeId} ${view}`).join();
      if (told !== before || !all.every(({ isSettled }) => isSettled)) sinceMs = performance.now();
      before = told;
      if (performance.now() - sinceMs > calmMs) return all;
      if (performance.now() > givenUpAtMs) throw new Error(`Corosync does not come to rest: ${told}`);
      await pause(100);
    }
  }

  #sides(): string[][] {
    const all = this.#lab.hosts.map((_, index) => index + 1);
    return ringsOf(all, this.#parted).map((side) => side.map((id) => `node${id}`));
  }

  #spawn(nodeId: number): HostProcess {
    const words = ['sh', '-c', 'exec corosync -f >>/var/log/ring.log 2>&1'];
    return this.#lab.host(`node${nodeId}`).spawn(words, { stdio: 'ignore' });
  }

  async #end(nodes: readonly number[], signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    for (const nodeId of nodes) {
      const running = this.#running.get(nodeId);
      running?.signal(signal);
      await running?.exited;
      this.#running.delete(nodeId);
    }
  }

  async #tool(nodeId: number, words: readonly string[]): Promise<string> {
    const { stdout, stderr } = await this.#lab.host(`node${nodeId}`).run(['corosync-quorumtool', ...words]);
    return `${stdout}${stderr}`;
  }

  async #ask(nodeId: number): Promise<Spoken & { readonly isSettled: boolean }> {
    const text = await this.#tool(nodeId, ['-s']);
    const field = (name: string) => new RegExp(`^${name}: +(.*?) *$`, 'm').exec(text)?.[1] ?? '';
    const ring = ringsOf(this.#running.keys(), this.#parted).find((members) => members.includes(nodeId)) ?? [];
    const view = viewText({
      quorate: field('Quorate') === 'Yes',
      expected: Number(field('Expected votes')),
      total: Number(field('Total votes')),
      quorum: Number.parseInt(field('Quorum'), 10),
      flags: field('Flags')
        .split(' ')
        .filter((flag) => flag !== ''),
    });
    return { nodeId, view, isSettled: Number(field('Nodes')) === ring.length };
  }
}
