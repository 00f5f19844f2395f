// What the client on the stage sees: the address by UDP each millisecond, the web server by HTTP each ten.
import { formatDuration } from '../kit/index.ts';
import type { Lab, Outage, Probe, ProbeEvent, ProbeReport } from '../lab/index.ts';

export type Watched = { readonly address: readonly Outage[]; readonly web: readonly Outage[] };

export class Client {
  readonly #address: Probe;
  readonly #web: Probe;
  readonly #seen: { address: Outage[]; web: Outage[] } = { address: [], web: [] };

  private constructor(address: Probe, web: Probe) {
    this.#address = address;
    this.#web = web;
    address.onSeen(({ by, event }) => {
      if (by === 'question' && event.kind === 'outage-ended') this.#seen.address.push(event.outage);
    });
    web.onSeen(({ by, event }) => {
      if (by === 'question' && event.kind === 'outage-ended') this.#seen.web.push(event.outage);
    });
  }

  /** `host` asks `address`. */
  static async start(
    lab: Lab,
    { host, address }: { readonly host: string; readonly address: string },
  ): Promise<Client> {
    const probe = await lab.probe(host, { address, ask: 'udp' });
    const web = await lab.probe(host, { address, ask: 'http', port: 80, path: '/index.html' });
    return new Client(probe, web);
  }

  onAddressSeen(listener: Parameters<Probe['onSeen']>[0]): void {
    this.#address.onSeen(listener);
  }

  /** Waits until the client is answered by `holder` on both. @throws CommandFailure `timeout` */
  async answeredBy(holder: string): Promise<void> {
    const byHolder = (event: { readonly kind: string; readonly by?: unknown }) =>
      event.kind === 'holder' && event.by === holder;
    await Promise.all([
      this.#address.sees(`an answer of ${holder}`, byHolder),
      this.#web.sees(`a page of ${holder}`, byHolder),
    ]);
  }

  /** The outages that have ended since the last call. */
  takeOutages(): Watched {
    return { address: this.#seen.address.splice(0), web: this.#seen.web.splice(0) };
  }

  async stop(): Promise<ProbeReport> {
    await this.#web.stop();
    return this.#address.stop();
  }
}

/** What the client saw, in a line; undefined for what is not worth one. */
export function describeSeen(event: ProbeEvent): string | undefined {
  switch (event.kind) {
    case 'holder':
      return `${event.by} answers`;
    case 'outage-began':
      return 'nobody answers';
    case 'outage-ended': {
      const { durationMs, before, after } = event.outage;
      return `the address was out for ${formatDuration(durationMs)} (${before ?? '?'} -> ${after ?? '?'})`;
    }
    case 'double':
      return `two hosts claim the address: ${event.by.join(', ')}`;
  }
}
