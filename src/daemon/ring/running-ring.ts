// A running ring and what an administrator does to it: look, reload, roll its key.
import { CommandFailure, type Logger } from '../../kit/index.ts';
import {
  fixedDifferences,
  type Keyring,
  type RingEngine,
  type RingStatus,
  storeKeyring,
} from '../../membership/index.ts';
import { type RingConfiguration, type RingOptions, readRing } from './configuration.ts';
import type { RingRequest } from './control-socket.ts';
import { type KeyRequest, rolled } from './keys.ts';
import type { RingLog } from './log.ts';

const reloadMsMax = 4000;

export class RunningRing {
  readonly #engine: RingEngine;
  readonly #options: RingOptions;
  readonly #log: RingLog;
  readonly #logger: Logger;
  #current: RingConfiguration;
  #keyring: Keyring | undefined;
  /** One change after another. */
  #last: Promise<void> = Promise.resolve();
  /** Those who wait for the reload that every member does at one place in the order. */
  #awaitingReload: { readonly resolve: (done: Promise<void>) => void }[] = [];

  constructor(engine: RingEngine, running: { options: RingOptions; current: RingConfiguration; log: RingLog }) {
    this.#engine = engine;
    this.#options = running.options;
    this.#current = running.current;
    this.#log = running.log;
    this.#logger = running.log.logger;
    const { security } = running.current.settings;
    this.#keyring = security.kind === 'sealed' ? security : undefined;
  }

  /** The status after the request. @throws CommandFailure with why it was refused: nothing has changed then. */
  async obey(request: RingRequest): Promise<RingStatus> {
    switch (request.kind) {
      case 'status':
        break;
      case 'reload':
        await this.#reloadEverywhere();
        break;
      case 'key':
        await this.#roll(request);
    }
    return this.#engine.status();
  }

  /** Reads the configuration again, here; a refusal is logged, and whoever waits is told. */
  reload(): void {
    const done = this.#last.then(() => this.#reload());
    for (const { resolve } of this.#awaitingReload.splice(0)) resolve(done);
    this.#last = done.catch((thrown: unknown) => {
      if (!(thrown instanceof CommandFailure)) throw thrown;
      this.#logger.error(`not reloaded: ${thrown.message}`);
    });
  }

  /** Like corosync-cfgtool -R: each member reads its own file. A file that is refused here is not asked of the others. */
  async #reloadEverywhere(): Promise<void> {
    this.#refuseFixed(this.#read());
    const ordered = new Promise<void>((resolve) => this.#awaitingReload.push({ resolve }));
    this.#engine.requestReload();
    await within(reloadMsMax, ordered);
  }

  async #reload(): Promise<void> {
    const next = this.#read();
    this.#refuseFixed(next);
    await this.#engine.reload(next.settings);
    this.#current = next;
    // Opened anew as well: a log file that was moved away is followed by a fresh one.
    if (next.logging !== undefined) this.#log.follow(next.logging);
    for (const warning of next.warnings) this.#logger.warning(warning);
    this.#logger.notice('configuration reloaded');
  }

  #read(): RingConfiguration {
    if (this.#options.source.kind === 'corosync-conf') return readRing(this.#options);
    throw new CommandFailure({
      kind: 'config',
      what: 'this ring has no file to be read again',
      why: 'it was described by --cluster and --node when it was started',
      fix: 'Start it again with other words, or from a corosync.conf',
    });
  }

  #refuseFixed(next: RingConfiguration): void {
    const [first, ...others] = fixedDifferences(this.#current.settings, next.settings);
    if (first === undefined) return;
    const more = others.map(({ key, what }) => `; ${next.placeOf(key)}: ${what}`).join('');
    throw new CommandFailure({
      kind: 'config',
      what: `${next.placeOf(first.key)}: ${first.what}, which a running ring cannot follow`,
      why: `${first.why}${more}`,
      fix: 'Put the former value back, or stop the ring on every node and start it again',
    });
  }

  async #roll(request: KeyRequest): Promise<void> {
    const { security } = this.#current.settings;
    if (this.#keyring === undefined || security.kind === 'plain') {
      throw new CommandFailure({ kind: 'config', what: 'this ring has no key: its datagrams are not sealed' });
    }
    const next = rolled(this.#keyring, request, await this.#engine.status());
    // On disk first: a daemon that starts again holds at least what it held.
    if (security.authkeyFile !== undefined) storeKeyring(security.authkeyFile, next);
    this.#keyring = next;
    this.#engine.setKeys(next);
    this.#logger.notice(`key ${request.verb} ${request.file}: sends with key ${next.activeKeyId}`);
  }
}

async function within(ms: number, done: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const failure = {
      kind: 'timeout',
      what: `the ring did not order the reload within ${ms} ms`,
      why: 'it may be forming',
      fix: "Look at 'haven ring status'; with SIGHUP this node alone reads its file",
    } as const;
    timer = setTimeout(() => reject(new CommandFailure(failure)), ms);
  });
  await Promise.race([done, late]).finally(() => clearTimeout(timer));
}
