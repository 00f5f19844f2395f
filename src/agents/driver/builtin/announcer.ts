// Tells the neighbours where an address now is: at once, and again as long as the address stays ours. Nothing is sent
// after `cancel`: a late announcement would take the address away from its next owner.
import type { Logger } from '../../../kit/index.ts';
import {
  type Family,
  gratuitousArp,
  hardwareAddressBytes,
  kernelFailure,
  type PacketSocket,
  readSysctl,
  unsolicitedNeighbourAdvertisement,
} from '../../../linux/index.ts';
import { type AnnouncementPlan, announcementTimesMs } from '../../address/plan.ts';

export type AnnouncedAddress = {
  readonly family: Family;
  readonly address: string;
  readonly interfaceIndex: number;
  readonly interfaceName: string;
  readonly hardwareAddress: string;
  readonly namespace?: string;
};

export class Announcer {
  readonly #packets: PacketSocket;
  readonly #logger: Logger;
  readonly #frames: readonly Buffer[];
  readonly #announced: AnnouncedAddress;
  #timer: NodeJS.Timeout | undefined;
  #done = () => {};

  constructor(packets: PacketSocket, announced: AnnouncedAddress, logger: Logger) {
    this.#packets = packets;
    this.#announced = announced;
    this.#logger = logger;
    this.#frames = framesOf(announced);
  }

  /** Starts the series anew; resolves after the planned announcements, before the later repetitions. */
  announce(plan: AnnouncementPlan): Promise<void> {
    this.cancel();
    return new Promise((resolve) => {
      this.#done = resolve;
      this.#continue(announcementTimesMs(plan), plan.count, performance.now());
    });
  }

  /** So many announcements at once, beside the series. */
  refresh(count: number): void {
    for (let sent = 0; sent < count; sent++) this.#send();
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#done();
  }

  #continue(timesMs: readonly number[], untilDone: number, startedMs: number): void {
    const [, nextMs] = timesMs;
    if (timesMs.length > 0) this.#send();
    if (untilDone <= 1) this.#done();
    if (nextMs === undefined) return;
    const delayMs = Math.max(0, startedMs + nextMs - performance.now());
    this.#timer = setTimeout(() => this.#continue(timesMs.slice(1), untilDone - 1, startedMs), delayMs);
    this.#timer.unref();
  }

  #send(): void {
    for (const frame of this.#frames) {
      const sent = this.#packets.send(frame, this.#announced.interfaceIndex);
      if (sent.ok) continue;
      const { address, interfaceName } = this.#announced;
      this.#logger.debug(`cannot announce ${address} on ${interfaceName}: ${kernelFailure(sent.error).why}`);
    }
  }
}

/** Both forms of gratuitous ARP are in use (RFC 5227 §3); links without Ethernet addresses have nothing to be told. */
function framesOf({ family, address, hardwareAddress, interfaceName, namespace }: AnnouncedAddress): Buffer[] {
  const ethernet = hardwareAddressBytes(hardwareAddress);
  if (ethernet === undefined || ethernet.every((byte) => byte === 0)) return [];
  const announcement = { address, hardwareAddress };
  if (family === 'ipv4') return [gratuitousArp(announcement, 'request'), gratuitousArp(announcement, 'reply')];
  const forwarding = readSysctl(['net', 'ipv6', 'conf', interfaceName, 'forwarding'], namespace);
  const role = forwarding.ok && forwarding.value !== '0' ? 'router' : 'host';
  return [unsolicitedNeighbourAdvertisement(announcement, role)];
}
