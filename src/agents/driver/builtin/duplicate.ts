// Does somebody else have the address? IPv4 by ARP probes (RFC 5227 §2.1); IPv6 by the kernel's own duplicate address
// detection (RFC 4862 §5.4), whose end is awaited here.
import {
  arpRequest,
  decodeArp,
  etherTypeArp,
  type KernelResult,
  listAddresses,
  openPacketSocket,
  type RouteSocket,
} from '../../../linux/index.ts';

export type ProbeTarget = {
  readonly address: string;
  readonly interfaceIndex: number;
  readonly hardwareAddress: string;
  readonly namespace?: string;
};

/** `owner`: the Ethernet address of who answered, undefined when nobody did. */
export type ProbeAnswer = { readonly owner: string | undefined };

export type Probe = { readonly answer: Promise<KernelResult<ProbeAnswer>>; readonly cancel: () => void };

/**
 * RFC 5227 spreads three probes over seconds for machines that have just been plugged in. A takeover cannot wait for
 * that: the link has been up, and an owner on it answers within a millisecond.
 */
const probes = 3;
const probeIntervalMs = 100;
const lastWaitMs = 150;
const detectionPollMs = 20;

/** Sends ARP probes and listens; an answer ends it at once. */
export function probeForOwner(target: ProbeTarget): Probe {
  const { namespace, interfaceIndex, hardwareAddress, address } = target;
  const opened = openPacketSocket({
    etherType: etherTypeArp,
    interfaceIndex,
    outgoing: 'ignore',
    ...(namespace === undefined ? {} : { namespace }),
  });
  if (!opened.ok) return { answer: Promise.resolve(opened), cancel: () => {} };
  const socket = opened.value;
  let timer: NodeJS.Timeout | undefined;
  let turn: NodeJS.Immediate | undefined;
  let finish: (owner: string | undefined) => void = () => {};
  const answer = new Promise<KernelResult<ProbeAnswer>>((resolve) => {
    finish = (owner) => {
      clearTimeout(timer);
      clearImmediate(turn);
      socket.close();
      resolve({ ok: true, value: { owner } });
    };
    const fail = (failed: KernelResult<void>) => {
      if (failed.ok) return;
      clearTimeout(timer);
      socket.close();
      resolve(failed);
    };
    const listening = socket.listen({
      onFrame: ({ bytes }) => {
        const heard = decodeArp(bytes);
        // An answer of the owner, or somebody's probe for the same address at the same time.
        const owns = heard?.senderAddress === address;
        const wants = heard?.senderAddress === '0.0.0.0' && heard.targetAddress === address;
        if (heard === undefined || heard.senderHardwareAddress === hardwareAddress) return;
        if (owns || wants) finish(heard.senderHardwareAddress);
      },
      onError: (error) => fail({ ok: false, error }),
    });
    if (!listening.ok) return fail(listening);
    const frame = arpRequest({ hardwareAddress, senderAddress: '0.0.0.0', targetAddress: address });
    const send = (left: number) => {
      if (left === 0) {
        // A daemon that was held up finds this timer due before it reads the answer that has come.
        turn = setImmediate(() => finish(undefined));
        return;
      }
      const sent = socket.send(frame, interfaceIndex);
      if (!sent.ok) return fail(sent);
      timer = setTimeout(() => send(left - 1), left === 1 ? lastWaitMs : probeIntervalMs);
    };
    send(probes);
  });
  return { answer, cancel: () => finish(undefined) };
}

/** What the kernel found of an IPv6 address that it is checking. */
export type Detection = 'unique' | 'duplicate' | 'gone' | 'undecided';

/** Waits until the kernel has made up its mind, to the deadline (performance.now) at most. */
export async function detectionOf(
  route: RouteSocket,
  target: { readonly address: string; readonly interfaceIndex: number },
  deadlineMs: number,
): Promise<Detection> {
  for (;;) {
    const listed = listAddresses(route, { interfaceIndex: target.interfaceIndex, family: 'ipv6' });
    const own = listed.ok ? listed.value.find(({ address }) => address === target.address) : undefined;
    if (own === undefined) return 'gone';
    if (own.flags.includes('dadfailed')) return 'duplicate';
    if (!own.flags.includes('tentative')) return 'unique';
    if (performance.now() + detectionPollMs > deadlineMs) return 'undecided';
    await new Promise((resolve) => setTimeout(resolve, detectionPollMs));
  }
}
