// What systemd is told of a unit that the cluster runs, in a drop-in file that a reboot forgets (systemd.unit(5)): that it is
// to be stopped after Haven when the machine goes down, because Haven moves it away in order, and that systemd does not
// start it again by itself, because that is the cluster's to decide.
import { mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { err, ok, type Result } from '../../kit/index.ts';

/** The packaged unit of a node of the cluster. */
export const havenUnit = 'haven.service';

const fileName = '50-haven.conf';

export class DropIn {
  readonly #folder: string;
  readonly #text: string;

  /** `runtime`: the folder of units that a reboot forgets. */
  constructor(runtime: string, unit: string) {
    this.#folder = join(runtime, `${unit}.d`);
    const service = unit.endsWith('.service') ? '\n[Service]\nRestart=no\n' : '';
    this.#text = `[Unit]\nBefore=${havenUnit}\n${service}`;
  }

  /** `there`: nothing had to be written, so systemd knows already. The error is a sentence. */
  write(): Result<'written' | 'there', string> {
    const file = join(this.#folder, fileName);
    try {
      if (textOf(file) === this.#text) return ok('there');
      mkdirSync(this.#folder, { recursive: true });
      writeFileSync(file, this.#text);
      return ok('written');
    } catch (thrown) {
      return err(`cannot write ${file}: ${(thrown as Error).message}`);
    }
  }

  /** Whether there was anything to remove. */
  remove(): boolean {
    const file = join(this.#folder, fileName);
    if (textOf(file) === undefined) return false;
    rmSync(file, { force: true });
    try {
      rmdirSync(this.#folder);
    } catch {
      // Others have files there.
    }
    return true;
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
