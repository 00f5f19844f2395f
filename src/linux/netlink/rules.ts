// Routing policy rules: list, add, delete (man 8 ip-rule, RTM_*RULE; <linux/fib_rules.h>).
import { ok } from '../../kit/index.ts';
import { type Family, familyNumber, familyOfNumber } from '../address.ts';
import type { KernelResult } from '../error.ts';
import { nameOfNumber, numberOfName } from '../flag.ts';
import {
  type Attributes,
  attribute,
  decodeAttributes,
  type NetlinkMessage,
  readAddress,
  readText,
  readUint32,
  uint32,
  zeroTerminated,
} from './message.ts';
import { parsePrefix, type RouteTable, routeTables } from './routes.ts';
import type { NetlinkRequest, RouteSocket } from './socket.ts';

const actions = { table: 1, goto: 2, nop: 3, blackhole: 6, unreachable: 7, prohibit: 8 } as const;

export type RuleAction = keyof typeof actions;

export type Rule = {
  readonly family: Family;
  /** Lower comes first; the kernel chooses one when left out of an addition. */
  readonly priority?: number;
  /** `ADDRESS/LENGTH`. */
  readonly from?: string;
  readonly to?: string;
  readonly inputInterface?: string;
  readonly outputInterface?: string;
  readonly mark?: number;
  readonly markMask?: number;
  readonly trafficClass?: number;
  /** `table` looks up `table`; that is the default. */
  readonly action?: RuleAction | number;
  readonly table?: RouteTable;
  /** The priority of the rule that `goto` goes on with. */
  readonly goto?: number;
  /** Ignores routes of that prefix length or shorter. */
  readonly suppressPrefixLength?: number;
  /** Whether it applies to what does not match. */
  readonly inverted?: boolean;
};

const [RTM_NEWRULE, RTM_DELRULE, RTM_GETRULE] = [32, 33, 34];
const [NLM_F_EXCL, NLM_F_CREATE] = [0x200, 0x400];
const headerBytes = 12;
const [FRA_DST, FRA_SRC, FRA_IIFNAME, FRA_GOTO, FRA_PRIORITY] = [1, 2, 3, 4, 6];
const [FRA_FWMARK, FRA_SUPPRESS_PREFIXLEN, FRA_TABLE, FRA_FWMASK, FRA_OIFNAME] = [10, 14, 15, 16, 17];
const FIB_RULE_INVERT = 2;
const none = 0xffff_ffff;

/** Every rule of one family, in the order in which they apply. */
export function listRules(socket: RouteSocket, family: Family): KernelResult<Rule[]> {
  const body = Buffer.alloc(headerBytes);
  body.writeUInt8(familyNumber[family], 0);
  const attempted = `list the ${family} rules`;
  const dumped = socket.dump({ call: 'RTM_GETRULE', type: RTM_GETRULE, body, attempted });
  return dumped.ok ? ok(dumped.value.flatMap((message) => decodeRule(message) ?? [])) : dumped;
}

/** Adds a rule; EEXIST when there is the very same. */
export function addRule(socket: RouteSocket, rule: Rule): KernelResult<void> {
  const call = { call: 'RTM_NEWRULE', type: RTM_NEWRULE, flags: NLM_F_CREATE | NLM_F_EXCL };
  return socket.request({ ...call, body: encodeRule(rule), attempted: `add ${ruleText(rule)}` });
}

/** Deletes the first rule that has everything that `rule` names; ENOENT when none has. */
export function deleteRule(socket: RouteSocket, rule: Rule): KernelResult<void> {
  const request: NetlinkRequest = {
    call: 'RTM_DELRULE',
    type: RTM_DELRULE,
    body: encodeRule(rule),
    attempted: `delete ${ruleText(rule)}`,
  };
  return socket.request(request);
}

function encodeRule(rule: Rule): Buffer {
  const from = rule.from === undefined ? undefined : parsePrefix(rule.from);
  const to = rule.to === undefined ? undefined : parsePrefix(rule.to);
  const table = rule.table === undefined ? undefined : numberOfName(routeTables, rule.table);
  const header = Buffer.alloc(headerBytes);
  header.writeUInt8(familyNumber[rule.family], 0);
  header.writeUInt8(to?.length ?? 0, 1);
  header.writeUInt8(from?.length ?? 0, 2);
  header.writeUInt8(rule.trafficClass ?? 0, 3);
  header.writeUInt8(table !== undefined && table < 256 ? table : 0, 4);
  header.writeUInt8(numberOfName(actions, rule.action ?? 'table'), 7);
  header.writeUInt32LE(rule.inverted === true ? FIB_RULE_INVERT : 0, 8);
  return Buffer.concat([
    header,
    attribute(FRA_DST, to?.address),
    attribute(FRA_SRC, from?.address),
    attribute(FRA_IIFNAME, zeroTerminated(rule.inputInterface)),
    attribute(FRA_OIFNAME, zeroTerminated(rule.outputInterface)),
    attribute(FRA_GOTO, uint32(rule.goto)),
    attribute(FRA_PRIORITY, uint32(rule.priority)),
    attribute(FRA_FWMARK, uint32(rule.mark)),
    attribute(FRA_FWMASK, uint32(rule.markMask)),
    attribute(FRA_SUPPRESS_PREFIXLEN, uint32(rule.suppressPrefixLength)),
    attribute(FRA_TABLE, uint32(table)),
  ]);
}

function decodeRule({ body }: NetlinkMessage): Rule | undefined {
  const family = familyOfNumber(body.readUInt8(0));
  if (family === undefined) return undefined;
  const attributes = decodeAttributes(body.subarray(headerBytes));
  const [to, from] = [readAddress(attributes.get(FRA_DST)), readAddress(attributes.get(FRA_SRC))];
  const action = nameOfNumber(actions, body.readUInt8(7));
  const table = readUint32(attributes.get(FRA_TABLE)) ?? body.readUInt8(4);
  return {
    family,
    priority: readUint32(attributes.get(FRA_PRIORITY)) ?? 0,
    ...(from === undefined ? {} : { from: `${from}/${body.readUInt8(2)}` }),
    ...(to === undefined ? {} : { to: `${to}/${body.readUInt8(1)}` }),
    ...textAttribute(attributes, 'inputInterface', FRA_IIFNAME),
    ...textAttribute(attributes, 'outputInterface', FRA_OIFNAME),
    ...numberAttribute(attributes, 'mark', FRA_FWMARK),
    ...numberAttribute(attributes, 'markMask', FRA_FWMASK),
    ...(body.readUInt8(3) === 0 ? {} : { trafficClass: body.readUInt8(3) }),
    action,
    ...(action === 'table' ? { table: nameOfNumber(routeTables, table) } : {}),
    ...numberAttribute(attributes, 'goto', FRA_GOTO),
    ...numberAttribute(attributes, 'suppressPrefixLength', FRA_SUPPRESS_PREFIXLEN),
    ...((body.readUInt32LE(8) & FIB_RULE_INVERT) === 0 ? {} : { inverted: true }),
  };
}

function numberAttribute<Name extends string>(
  attributes: Attributes,
  name: Name,
  type: number,
): { [name in Name]?: number } {
  const value = readUint32(attributes.get(type));
  return value === undefined || value === none ? {} : ({ [name]: value } as { [name in Name]?: number });
}

function textAttribute<Name extends string>(
  attributes: Attributes,
  name: Name,
  type: number,
): { [name in Name]?: string } {
  const value = readText(attributes.get(type));
  return value === undefined ? {} : ({ [name]: value } as { [name in Name]?: string });
}

function ruleText({ family, priority, from, to }: Rule): string {
  const words = [`the ${family} rule`];
  if (priority !== undefined) words.push(`${priority}:`);
  if (from !== undefined) words.push(`from ${from}`);
  if (to !== undefined) words.push(`to ${to}`);
  return words.join(' ');
}
