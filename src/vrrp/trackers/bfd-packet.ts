// The BFD control packet, RFC 5880 §4.1, without an authentication section.

export type BfdState = 'admin-down' | 'down' | 'init' | 'up';

/** RFC 5880 §4.1: the ones that this implementation can say. */
export const diagnostics = {
  none: 0,
  'detection-time-expired': 1,
  'neighbour-signalled-down': 3,
  'admin-down': 7,
} as const;
export type BfdDiagnostic = keyof typeof diagnostics;

export type BfdPacket = {
  readonly diagnostic: number;
  readonly state: BfdState;
  readonly poll: boolean;
  readonly final: boolean;
  /** Missed packets until the sender counts as down. */
  readonly detectMultiplier: number;
  readonly myDiscriminator: number;
  readonly yourDiscriminator: number;
  readonly desiredMinTxUs: number;
  readonly requiredMinRxUs: number;
};

const packetBytes = 24;
const version = 1;
const states: readonly BfdState[] = ['admin-down', 'down', 'init', 'up'];
const [pollBit, finalBit, authenticationBit, multipointBit] = [0x20, 0x10, 0x04, 0x01];

export function encodeBfd(packet: BfdPacket): Uint8Array {
  const bytes = new Uint8Array(packetBytes);
  const view = new DataView(bytes.buffer);
  bytes[0] = (version << 5) | packet.diagnostic;
  bytes[1] = (states.indexOf(packet.state) << 6) | (packet.poll ? pollBit : 0) | (packet.final ? finalBit : 0);
  bytes[2] = packet.detectMultiplier;
  bytes[3] = packetBytes;
  view.setUint32(4, packet.myDiscriminator);
  view.setUint32(8, packet.yourDiscriminator);
  view.setUint32(12, packet.desiredMinTxUs);
  view.setUint32(16, packet.requiredMinRxUs);
  return bytes;
}

/** The packet, or why RFC 5880 §6.8.6 has it discarded, as far as the packet alone can tell. */
export function decodeBfd(bytes: Uint8Array): BfdPacket | string {
  if (bytes.length < packetBytes) return `${bytes.length} bytes are no control packet`;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [first, flags, detectMultiplier, length] = [
    view.getUint8(0),
    view.getUint8(1),
    view.getUint8(2),
    view.getUint8(3),
  ];
  if (first >> 5 !== version) return `version ${first >> 5} is not ${version}`;
  if ((flags & authenticationBit) !== 0) return 'it is authenticated, and this session is not';
  if (length < packetBytes || length > bytes.length) return `its length says ${length} of ${bytes.length} bytes`;
  if (detectMultiplier === 0) return 'its detect multiplier is 0';
  if ((flags & multipointBit) !== 0) return 'its multipoint bit is set';
  const myDiscriminator = view.getUint32(4);
  if (myDiscriminator === 0) return 'its discriminator is 0';
  return {
    diagnostic: first & 0x1f,
    state: states[flags >> 6] ?? 'down',
    poll: (flags & pollBit) !== 0,
    final: (flags & finalBit) !== 0,
    detectMultiplier,
    myDiscriminator,
    yourDiscriminator: view.getUint32(8),
    desiredMinTxUs: view.getUint32(12),
    requiredMinRxUs: view.getUint32(16),
  };
}
