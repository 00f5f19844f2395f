// The neighbour table: which hardware address each neighbour was last seen at (man 7 rtnetlink, RTM_GETNEIGH).
import { ok } from '../../kit/index.ts';
import { addressText, familyOfNumber, hardwareAddressText } from '../address.ts';
import type { KernelResult } from '../error.ts';
import { decodeAttributes, type NetlinkMessage } from './message.ts';
import type { RouteSocket } from './socket.ts';

export type Neighbour = {
  readonly interfaceIndex: number;
  readonly address: string;
  readonly hardwareAddress: string;
};

const RTM_GETNEIGH = 30;
const headerBytes = 12;
const [NDA_DST, NDA_LLADDR] = [1, 2];

/** Every neighbour whose hardware address is known. */
export function listNeighbours(socket: RouteSocket): KernelResult<Neighbour[]> {
  const body = Buffer.alloc(headerBytes);
  const dumped = socket.dump({ call: 'RTM_GETNEIGH', type: RTM_GETNEIGH, body, attempted: 'list the neighbours' });
  return dumped.ok ? ok(dumped.value.flatMap((message) => decodeNeighbour(message) ?? [])) : dumped;
}

/** undefined for bridge entries and for neighbours that did not answer. */
function decodeNeighbour({ body }: NetlinkMessage): Neighbour | undefined {
  const attributes = decodeAttributes(body.subarray(headerBytes));
  const [address, hardware] = [attributes.get(NDA_DST), attributes.get(NDA_LLADDR)];
  const isIp = familyOfNumber(body.readUInt8(0)) !== undefined;
  if (!isIp || address === undefined || hardware === undefined) return undefined;
  return {
    interfaceIndex: body.readInt32LE(4),
    address: addressText(address),
    hardwareAddress: hardwareAddressText(hardware),
  };
}
