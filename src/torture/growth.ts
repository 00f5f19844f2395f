// Memory and descriptors of each daemon over its life: what a leak would show in.
import type { Stage } from '../stage/index.ts';

export type Size = { readonly rssKib: number; readonly descriptors: number };

export type Life = { readonly first: Size; last: Size; looks: number };

export class Growth {
  /** By host and process id: a restarted daemon begins a new life. */
  readonly lives = new Map<string, Life>();

  async look(stage: Stage): Promise<void> {
    await Promise.all(stage.nodes.map((name) => this.#lookAt(stage, name)));
  }

  async #lookAt(stage: Stage, name: string): Promise<void> {
    const script =
      "p=$(pgrep -of 'haven.js [d]aemon') && echo $p $(sed -n 's/^VmRSS:\\s*\\([0-9]*\\).*/\\1/p' /proc/$p/status) $(ls /proc/$p/fd | wc -l)";
    const { code, stdout } = await stage.lab.host(name).run(['sh', '-c', script]);
    const [pid = '', rssKib = '0', descriptors = '0'] = stdout.trim().split(' ');
    if (code !== 0) return;
    const size = { rssKib: Number(rssKib), descriptors: Number(descriptors) };
    const id = `${name}/${pid}`;
    const life = this.lives.get(id);
    if (life === undefined) this.lives.set(id, { first: size, last: size, looks: 1 });
    else {
      life.last = size;
      life.looks++;
    }
  }
}
