// Asks whether a processor runs. A hypervisor may take one away for a while and leave the others: whoever sleeps there is
// not woken in time, and the kernel counts that nowhere before it is over. So a thread of ours is sent there with a little
// work, the one of libuv's pool, which has nothing else to do.
import { readlink } from 'node:fs';
import { setProcessors, setRealTime } from '../../linux/index.ts';

const ownThread = '/proc/thread-self';

export class ProcessorProbe {
  #tid: number | undefined;
  #waits = false;
  #answered: number | undefined;

  /** `priority`: real-time, so that no ordinary work keeps the probe waiting. */
  constructor(priority: number) {
    // Read by the pool's thread, of itself: /proc/PID/task/TID (proc(5)).
    readlink(ownThread, (error, path) => {
      if (error !== null) return;
      this.#tid = Number(path.split('/').at(-1));
      setRealTime(priority, this.#tid);
    });
  }

  /** Whether this processor has answered since it was last asked for; asks the next time. */
  runs(processor: number): boolean {
    const answered = this.#answered === processor;
    this.#answered = undefined;
    this.#ask(processor);
    return answered;
  }

  #ask(processor: number): void {
    if (this.#tid === undefined || this.#waits) return;
    if (!setProcessors([processor], this.#tid).ok) return;
    this.#waits = true;
    readlink(ownThread, () => {
      this.#answered = processor;
      this.#waits = false;
    });
  }
}
