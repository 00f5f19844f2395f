// Lines of virtual_ipaddress, virtual_ipaddress_excluded and static_ipaddress: `ip address add` words.
import { type AddressFamily, familyOf, formatAddress, parseAddress } from '../address.ts';
import type { VirtualAddress } from '../configuration.ts';
import { type Scope, wordsOf } from './block.ts';
import type { Statement } from './statement.ts';
import { integerOf } from './values.ts';

type AddressDraft = { -readonly [Key in keyof VirtualAddress]: VirtualAddress[Key] };

/** A word that takes no value, or one that does: false refuses the whole address. */
type OptionReader = { readonly takesValue: boolean; readonly read: (option: OptionUse) => boolean };
type OptionUse = {
  readonly draft: AddressDraft;
  readonly value: string;
  readonly statement: Statement;
  readonly scope: Scope;
};

/** IFNAMSIZ of linux/if.h less its NUL. */
const labelCharactersMax = 15;

/** Address and prefix length of `ADDR[/LEN]`; a missing length is that of a host. */
export function addressAndPrefix(
  text: string,
  statement: Statement,
  scope: Scope,
): { readonly bytes: Uint8Array; readonly prefixLength: number } | undefined {
  const [host = '', length] = text.split('/', 2);
  const bytes = parseAddress(host);
  if (bytes === undefined || text.split('/').length > 2) {
    scope.findings.error(statement.place, `${scope.subject}invalid IP address '${text}' - ignoring the line`);
    return undefined;
  }
  const bitsMax = bytes.length * 8;
  if (length === undefined) return { bytes, prefixLength: bitsMax };
  if (/^\d+$/.test(length) && Number(length) <= bitsMax) return { bytes, prefixLength: Number(length) };
  const what = `${scope.subject}Invalid address prefix len '${length}' for address ${text} - using ${bitsMax}`;
  scope.findings.error(statement.place, what, { why: `it must be within [0, ${bitsMax}]` });
  return { bytes, prefixLength: bitsMax };
}

/** One line; nothing, with a message, when it is no address or one of its options cannot be honoured. */
export function readAddress(statement: Statement, scope: Scope): VirtualAddress | undefined {
  const [text = '', ...options] = wordsOf(statement);
  const parsed = addressAndPrefix(text, statement, scope);
  if (parsed === undefined) return undefined;
  const draft = draftOf(parsed.bytes, parsed.prefixLength);
  for (let index = 0; index < options.length; index++) {
    const name = options[index] ?? '';
    const option = Object.hasOwn(optionReaders, name) ? optionReaders[name] : undefined;
    if (option === undefined) {
      scope.findings.error(
        statement.place,
        `${scope.subject}Unknown configuration entry '${name}' for ip address ${text} - ignoring`,
        {
          ...(parseAddress(name.split('/')[0] ?? '') === undefined
            ? {}
            : { fix: 'Write each address on a line of its own' }),
        },
      );
      continue;
    }
    const value = option.takesValue ? options[++index] : '';
    if (value === undefined) {
      scope.findings.error(statement.place, `${scope.subject}No ${name} parameter specified for ${text}`);
      return undefined;
    }
    if (!option.read({ draft, value, statement, scope })) return undefined;
  }
  return draft;
}

function draftOf(bytes: Uint8Array, prefixLength: number): AddressDraft {
  const family = familyOf(bytes);
  return {
    address: formatAddress(bytes),
    prefixLength,
    family,
    interface: undefined,
    broadcast: undefined,
    label: undefined,
    scope: undefined,
    peer: undefined,
    home: false,
    noDad: false,
    mngTmpAddr: false,
    noPrefixRoute: false,
    // A /128 would otherwise be chosen as the source of the host's own connections (RFC 6724 rule 3).
    preferredLifetimeMs: family === 'ipv6' && prefixLength === 128 ? 0 : undefined,
    noTrack: false,
    useVmac: false,
  };
}

function plain(set: (draft: AddressDraft) => void): OptionReader {
  return {
    takesValue: false,
    read: ({ draft }) => {
      set(draft);
      return true;
    },
  };
}

function valued(read: (option: OptionUse) => boolean): OptionReader {
  return { takesValue: true, read };
}

const optionReaders: Readonly<Record<string, OptionReader>> = {
  dev: valued(readDevice),
  scope: valued(readScope),
  label: valued(readLabel),
  peer: valued(readPeer),
  brd: valued(readBroadcast),
  broadcast: valued(readBroadcast),
  preferred_lft: valued(readPreferredLifetime),
  // Reported once, at the group.
  track_group: valued(() => true),
  home: plain((draft) => {
    draft.home = true;
  }),
  '-nodad': plain((draft) => {
    draft.noDad = true;
  }),
  nodad: plain((draft) => {
    draft.noDad = true;
  }),
  mngtmpaddr: plain((draft) => {
    draft.mngTmpAddr = true;
  }),
  noprefixroute: plain((draft) => {
    draft.noPrefixRoute = true;
  }),
  no_track: plain((draft) => {
    draft.noTrack = true;
  }),
  use_vmac: plain((draft) => {
    draft.useVmac = true;
  }),
  autojoin: {
    takesValue: false,
    read: ({ statement, scope }) => {
      scope.findings.info(statement.place, `${scope.subject}'autojoin' is accepted, but the group is not joined`);
      return true;
    },
  },
};

function readDevice({ draft, value, statement, scope }: OptionUse): boolean {
  draft.interface = value;
  if (scope.surroundings.interfaces?.has(value) === false) {
    scope.findings.warning(
      statement.place,
      `${scope.subject}WARNING - interface ${value} for ip address ${draft.address}/${draft.prefixLength} doesn't exist`,
    );
  }
  return true;
}

function readScope({ draft, value, statement, scope }: OptionUse): boolean {
  const number = /^\d+$/.test(value) ? Number(value) : scope.surroundings.routingName('scope', value);
  if (number !== undefined && number <= 255) draft.scope = number;
  else {
    scope.findings.error(
      statement.place,
      `${scope.subject}Invalid scope '${value}' specified for ${draft.address} - ignoring`,
      {
        fix: 'Write site, link, host, nowhere or global',
      },
    );
  }
  return true;
}

function readLabel({ draft, value, statement, scope }: OptionUse): boolean {
  if (value.length > labelCharactersMax) {
    scope.findings.error(
      statement.place,
      `${scope.subject}Address label ${value} is longer than maximum length ${labelCharactersMax} - removing address`,
    );
    return false;
  }
  draft.label = value;
  return true;
}

function readPeer({ draft, value, statement, scope }: OptionUse): boolean {
  const parsed = addressAndPrefix(value, statement, scope);
  if (parsed === undefined) return false;
  draft.peer = formatAddress(parsed.bytes);
  // With a peer the prefix is the peer's, ip-address(8).
  if (value.includes('/')) draft.prefixLength = parsed.prefixLength;
  return true;
}

function readBroadcast({ draft, value, statement, scope }: OptionUse): boolean {
  const bytes = parseAddress(draft.address);
  if (draft.family === 'ipv4' && bytes !== undefined && (value === '+' || value === '-')) {
    draft.broadcast = formatAddress(withHostBits(bytes, draft.prefixLength, value === '+' ? 1 : 0));
    return true;
  }
  const broadcast = parseAddress(value);
  if (broadcast === undefined || familyIsNot(draft.family, broadcast)) {
    const what = `${scope.subject}invalid broadcast '${value}' for ${draft.address} - skipping VIP`;
    scope.findings.error(statement.place, what, { fix: 'Write an IPv4 address, + or -' });
    return false;
  }
  draft.broadcast = formatAddress(broadcast);
  return true;
}

function readPreferredLifetime({ draft, value, statement, scope }: OptionUse): boolean {
  if (value === 'forever') draft.preferredLifetimeMs = undefined;
  else {
    const lifetimeS = integerOf(value, statement, { min: 0, max: 0xffff_fffe }, scope);
    if (lifetimeS !== undefined) draft.preferredLifetimeMs = lifetimeS * 1000;
  }
  return true;
}

function familyIsNot(family: AddressFamily, bytes: Uint8Array): boolean {
  return family === 'ipv6' || familyOf(bytes) !== family;
}

/** The address with all bits after the prefix set or cleared. */
function withHostBits(bytes: Uint8Array, prefixLength: number, bit: 0 | 1): Uint8Array {
  return bytes.map((byte, index) => {
    const kept = Math.max(0, Math.min(8, prefixLength - index * 8));
    const hostMask = 0xff >> kept;
    return bit === 1 ? byte | hostMask : byte & ~hostMask;
  });
}
