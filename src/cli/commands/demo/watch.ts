// What the client of the demonstration sees: the address by UDP each millisecond, the web server by HTTP each ten.
import type { Lab, Outage, Probe, ProbeReport } from '../../../lab/index.ts';
import { clientName, virtualAddress } from './pair.ts';

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

  static async start(lab: Lab): Promise<Client> {
    const address = await lab.probe(clientName, { address: virtualAddress, ask: 'udp' });
    const web = await lab.probe(clientName, { address: virtualAddress, ask: 'http', port: 80, path: '/index.html' });
    return new Client(address, web);
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
    const taken = { address: this.#seen.address.splice(0), web: this.#seen.web.splice(0) };
    return taken;
  }

  async stop(): Promise<ProbeReport> {
    await this.#web.stop();
    return this.#address.stop();
  }
}
