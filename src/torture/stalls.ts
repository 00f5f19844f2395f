// Whether the machine under the hosts had time for them: what no fault of a round did may be its doing.
import type { Stage } from '../stage/index.ts';
import { printedIfUp } from './strike.ts';

const log = '/var/log/haven.log';
/** A ring thread, which has real-time priority, noticed that it had not run for half a token's time. */
const pauseNoticed = /Process pause detected for (\d+) ms/g;

export class Stalls {
  /** Bytes of each host's log that were read. */
  readonly #read = new Map<string, number>();

  /** The longest time, in milliseconds, that the ring of any host stood still since the last call; 0: none did. */
  async longestMs(stage: Stage): Promise<number> {
    const found = await Promise.all(stage.nodes.map((name) => this.#longestOf(stage, name)));
    return Math.max(0, ...found);
  }

  async #longestOf(stage: Stage, name: string): Promise<number> {
    const from = this.#read.get(name) ?? 0;
    const stdout = await printedIfUp(stage, name, ['tail', '-c', `+${from + 1}`, log]);
    this.#read.set(name, from + Buffer.byteLength(stdout));
    return Math.max(0, ...[...stdout.matchAll(pauseNoticed)].map(([, ms]) => Number(ms)));
  }
}
