// Memory, descriptors and processor time of each daemon and guardian over its life: what a leak would show in.
import { processes, type Stage } from '../stage/index.ts';

export type Size = {
  readonly pssKib: number;
  readonly descriptors: number;
  /** Processor time since it began. */
  readonly cpuMs: number;
  /** Since it began. */
  readonly ageMs: number;
};

export type Life = { readonly first: Size; last: Size; looks: number };

/** `sysconf(_SC_CLK_TCK)` of every Linux that Node.js runs on. */
const msPerTick = 10;

/** A line each: the pid, Pss of smaps_rollup, open descriptors; stat's utime, stime and starttime; uptime (proc(5)). */
const lookScript = `for p in $(pgrep -f '${processes.all}'); do
  pss=$(sed -n 's/^Pss: *\\([0-9]*\\).*/\\1/p' /proc/$p/smaps_rollup) && fds=$(ls /proc/$p/fd | wc -l) &&
  grep -q guardian /proc/$p/cmdline && who=guardian || who=daemon
  echo $who $p $pss $fds $(sed 's/.*) //' /proc/$p/stat | cut -d' ' -f12,13,20) $(cut -d' ' -f1 /proc/uptime)
done 2>/dev/null; true`;

export class Growth {
  /** By host, kind and process id: a restarted daemon begins a new life. */
  readonly lives = new Map<string, Life>();

  async look(stage: Stage): Promise<void> {
    await Promise.all(stage.nodes.map((name) => this.#lookAt(stage, name)));
  }

  async #lookAt(stage: Stage, name: string): Promise<void> {
    const said = await stage.lab.host(name).shell(lookScript);
    for (const line of said.trim().split('\n')) {
      const [kind = '', pid = '', ...numbers] = line.split(' ');
      const [pssKib, descriptors, userTicks, systemTicks, startTicks, uptimeS] = numbers.map(Number);
      // A process that ended while it was being looked at has fewer words.
      if (uptimeS === undefined || startTicks === undefined || userTicks === undefined) continue;
      const cpuMs = msPerTick * (userTicks + (systemTicks ?? 0));
      const ageMs = uptimeS * 1000 - startTicks * msPerTick;
      this.#note(`${name} ${kind} ${pid}`, { pssKib: pssKib ?? 0, descriptors: descriptors ?? 0, cpuMs, ageMs });
    }
  }

  #note(id: string, size: Size): void {
    const life = this.lives.get(id);
    if (life === undefined) this.lives.set(id, { first: size, last: size, looks: 1 });
    else {
      life.last = size;
      life.looks++;
    }
  }
}
