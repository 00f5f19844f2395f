// The LVS side: read over, so that a file that has it can be taken as it is, and reported as not served.
import { type Scope, wordsOf } from './block.ts';
import type { Statement } from './statement.ts';
import { reportMissing } from './values.ts';

/** `virtual_server …` or `virtual_server_group …`: its name in messages. */
export function readVirtualServer(statement: Statement, scope: Scope): string {
  const name = wordsOf(statement).join(' ');
  if (statement.words.length === 0) reportMissing(statement, scope);
  scope.findings.info(statement.place, `'${name}' is not served: there is no IPVS load balancing here`, {
    fix: 'Keep keepalived for it (keepalived -C runs the checkers only)',
  });
  if (statement.keyword === 'virtual_server') checkProtocol(name, statement, scope);
  return name;
}

/** The two remarks the peer makes on sound blocks. */
function checkProtocol(name: string, statement: Statement, scope: Scope): void {
  const kind = statement.words[0]?.text;
  const protocol = statement.block?.find((child) => child.keyword === 'protocol');
  if (kind === 'fwmark' && protocol !== undefined) {
    scope.findings.warning(protocol.place, `${name}: protocol specified for fwmark - protocol will be ignored`);
  } else if (kind !== 'fwmark' && protocol === undefined) {
    scope.findings.warning(statement.place, `${name}: no protocol set - defaulting to UDP`);
  }
}
