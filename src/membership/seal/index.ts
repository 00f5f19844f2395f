// Secure mode: sealed datagrams. The cryptography itself is in driver/aes-gcm.ts.
export {
  encodeEnvelope,
  envelopeHeaderBytes,
  type Session,
  sealOverheadBytes,
  sessionOf,
  tagBytes,
} from './envelope.ts';
export { keysMax, type Opened, Seal, type SealConfig, type SealCrypto, type SealRefusal } from './seal.ts';
