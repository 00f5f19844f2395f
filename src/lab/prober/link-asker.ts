// The questions that are answered by a host's kernel: who has an address (ARP), and ping. The answers are read below the IP
// stack, where the sender's hardware address tells which host it was.

import { CommandFailure, defined } from '../../kit/index.ts';
import {
  addressBytes,
  etherTypeArp,
  etherTypeIpv4,
  etherTypeIpv6,
  familyOf,
  hardwareAddressBytes,
  internetChecksum,
  linkByName,
  matchFields,
  openPacketSocket,
  openRawSocket,
  openRouteSocket,
  orFail,
  type PacketSocket,
} from '../../linux/index.ts';
import type { Asker, OnAnswer } from './asker.ts';
import type { ProberOptions } from './options.ts';

const etherHeaderBytes = 14;
const arpReply = 2;
const [echoRequest, echoReply, echoRequest6, echoReply6] = [8, 0, 128, 129];
const [ICMP, ICMPV6] = [1, 58];
/** Ours among other pings of this client. */
const pingIdentifier = 0x4856;

/**
 * Asks who has an IPv4 address by an ARP probe (RFC 5227 §2.1.1): its sender address is 0.0.0.0, so nobody's cache changes.
 * The number travels in the sender's hardware address, which the reply repeats: each reply belongs to one request, so that
 * two replies to one request are two hosts which have the address at the same time.
 */
export function openArpAsker(options: ProberOptions, onAnswer: OnAnswer): Asker {
  const link = linkOf(options.interfaceName);
  const filter = matchFields([{ offset: etherHeaderBytes + 6, bytes: 2, equals: arpReply }]);
  const socket = orFail(
    openPacketSocket({
      etherType: etherTypeArp,
      interfaceIndex: link.index,
      filter,
      promiscuous: 'yes',
      outgoing: 'ignore',
    }),
  );
  const asked = addressBytes(options.address);
  listen(socket, (bytes, source) => {
    const ours = bytes.length >= 42 && bytes.readUInt8(32) === 0x02 && bytes.readUInt8(33) === 0x68;
    if (ours && bytes.subarray(28, 32).equals(asked)) onAnswer(bytes.readUInt32BE(34), hostName(options, source));
  });
  const frame = arpProbe(macBytes(link.hardwareAddress), asked);
  return {
    ask: (sequence) => {
      frame.writeUInt32BE(sequence, 24);
      void socket.send(frame, link.index);
    },
    close: () => socket.close(),
  };
}

export function openPingAsker(options: ProberOptions, onAnswer: OnAnswer): Asker {
  const v6 = familyOf(options.address) === 'ipv6';
  const link = linkOf(options.interfaceName);
  const replies = orFail(openPacketSocket({ ...replyFilter(v6), interfaceIndex: link.index, outgoing: 'ignore' }));
  const raw = orFail(openRawSocket({ family: v6 ? 'ipv6' : 'ipv4', protocol: v6 ? ICMPV6 : ICMP }));
  const payloadAt = etherHeaderBytes + (v6 ? 40 : 20);
  listen(replies, (bytes, source) => {
    const message = bytes.subarray(payloadAt);
    if (message.length >= 12 && message.readUInt16BE(4) === pingIdentifier) {
      onAnswer(message.readUInt32BE(8), hostName(options, source));
    }
  });
  // The kernel gives the raw socket what the packet socket reads; unread it would only fill the queue.
  orFail(raw.listen({ onMessage: () => {}, onError: () => {} }));
  return {
    ask: (sequence) => void raw.send(echoMessage(v6, sequence), { to: { address: options.address, port: 0 } }),
    close: () => {
      replies.close();
      raw.close();
    },
  };
}

function replyFilter(v6: boolean) {
  const ip = etherHeaderBytes;
  const fields = v6
    ? ([
        { offset: ip + 6, bytes: 1, equals: ICMPV6 },
        { offset: ip + 40, bytes: 1, equals: echoReply6 },
      ] as const)
    : ([
        { offset: ip, bytes: 1, equals: 0x45 },
        { offset: ip + 9, bytes: 1, equals: ICMP },
        { offset: ip + 20, bytes: 1, equals: echoReply },
      ] as const);
  return { etherType: v6 ? etherTypeIpv6 : etherTypeIpv4, filter: matchFields(fields) };
}

/** Type, code, checksum, identifier, sequence (RFC 792, RFC 4443 §4.1), then our number; ICMPv6's checksum is the kernel's. */
function echoMessage(v6: boolean, sequence: number): Buffer {
  const message = Buffer.alloc(12);
  message.writeUInt8(v6 ? echoRequest6 : echoRequest, 0);
  message.writeUInt16BE(pingIdentifier, 4);
  message.writeUInt16BE(sequence & 0xffff, 6);
  message.writeUInt32BE(sequence, 8);
  if (!v6) message.writeUInt16BE(internetChecksum(message), 2);
  return message;
}

function arpProbe(mac: Buffer, asked: Buffer): Buffer {
  const sender = Buffer.from([0x02, 0x68, 0, 0, 0, 0]);
  return Buffer.concat([
    Buffer.alloc(6, 0xff),
    mac,
    Buffer.from([0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1]),
    sender,
    Buffer.alloc(4),
    Buffer.alloc(6),
    asked,
  ]);
}

function listen(socket: PacketSocket, onFrame: (bytes: Buffer, source: string) => void): void {
  orFail(socket.listen({ onFrame: ({ bytes, source }) => onFrame(bytes, source), onError: () => {} }));
}

function hostName(options: ProberOptions, mac: string): string {
  return options.hostOfMac[mac] ?? mac;
}

function linkOf(name: string) {
  const routes = orFail(openRouteSocket());
  try {
    const link = orFail(linkByName(routes, name));
    if (link === undefined) throw new CommandFailure({ kind: 'not-found', what: `there is no interface ${name} here` });
    return link;
  } finally {
    routes.close();
  }
}

function macBytes(text: string): Buffer {
  return defined(hardwareAddressBytes(text), `${text} is an Ethernet address`);
}
