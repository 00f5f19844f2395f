// With which parameters each resource of this node was started. A stop has to be given these: by the time it is ordered the
// document may say others, or, of a resource that was deleted, nothing at all, and the agent would look for what never ran
// and call it stopped. Kept in a file each, because resources outlive the daemon; a boot forgets both.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../../kit/index.ts';
import type { Operation } from '../environment.ts';
import type { Outcome } from '../outcome.ts';

type Parameters = Operation['parameters'];

const startActions: readonly string[] = ['start', 'migrate_from'];
const reloadActions: readonly string[] = ['reload', 'reload-agent'];
const activeCodes: readonly number[] = [0, 8, 9, 190, 191];

export class StartedWith {
  readonly #folder: string;
  readonly #logger: Logger;
  /** Undefined: there is no file, either. */
  readonly #known = new Map<string, Parameters | undefined>();

  constructor(stateFolder: string, logger: Logger) {
    this.#folder = join(stateFolder, 'started');
    this.#logger = logger;
  }

  /** The operation as its agent is to be asked for it. */
  asStarted(operation: Operation): Operation {
    const parameters = operation.action === 'stop' ? this.#of(operation.resource) : undefined;
    return parameters === undefined ? operation : { ...operation, parameters };
  }

  ended({ action, resource, parameters }: Operation, { status, code }: Outcome): void {
    if (action === 'stop' && code === 0) return this.#forget(resource);
    // A start that failed may have left something; one whose program cannot be run has not.
    if (startActions.includes(action) && status !== 'not-installed') return this.#remember(resource, parameters);
    if (reloadActions.includes(action) && code === 0) return this.#remember(resource, parameters);
    const found = action === 'monitor' && status === 'done' && activeCodes.includes(code);
    if (found && this.#of(resource) === undefined) this.#remember(resource, parameters);
  }

  #of(resource: string): Parameters | undefined {
    if (!this.#known.has(resource)) this.#known.set(resource, read(this.#file(resource)));
    return this.#known.get(resource);
  }

  #remember(resource: string, parameters: Parameters): void {
    this.#known.set(resource, parameters);
    const file = this.#file(resource);
    try {
      // Parameters may be secret.
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      writeFileSync(`${file}.new`, JSON.stringify(parameters), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    } catch (thrown) {
      const why = (thrown as Error).message;
      this.#logger.warning(`what ${resource} was started with is lost if the daemon ends: ${why}`);
    }
  }

  #forget(resource: string): void {
    this.#known.set(resource, undefined);
    rmSync(this.#file(resource), { force: true });
  }

  #file(resource: string): string {
    return join(this.#folder, `${encodeURIComponent(resource)}.json`);
  }
}

/** Undefined too when it is not a file that was written here whole. */
function read(file: string): Parameters | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Parameters;
  } catch {
    return undefined;
  }
}
