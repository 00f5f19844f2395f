// Scripts as keepalived.conf names them: a path, or a quoted command line, then perhaps USER [GROUP].
import type { ScriptUser } from '../configuration.ts';
import type { NotifyScript } from '../notification.ts';
import type { Reader, Scope } from './block.ts';
import type { LinePlace } from './findings.ts';
import { splitWords, type Word } from './quoting.ts';
import type { Statement } from './statement.ts';
import { reportMissing } from './values.ts';

/**
 * The command line inside one word: quotes and escapes once more, as a shell would, but no shell is run; only a line that
 * begins with a redirection, such as `</dev/tcp/127.0.0.1/80`, has no other reading.
 */
export function commandOf(word: Word): readonly string[] {
  if (/^[<>(]/.test(word.unescaped)) return ['/bin/sh', '-c', word.unescaped];
  return splitWords(word.unescaped).words.map((part) => part.unescaped);
}

/**
 * `KEYWORD SCRIPT [USER [GROUP]]`. Nothing, with a message, when there is no script or its user does not exist: a script
 * that was meant for another account is never run as root instead.
 */
export function scriptOf(statement: Statement, scope: Scope): NotifyScript | undefined {
  const [first, userWord, groupWord] = statement.words;
  const command = first === undefined ? [] : commandOf(first);
  if (command.length === 0) {
    reportMissing(statement, scope);
    return undefined;
  }
  const name = `${scope.subject}${statement.keyword}`;
  const user = userWord === undefined ? undefined : userOf(userWord.text, groupWord?.text, scope);
  if (typeof user !== 'string') {
    const written = { command, user };
    return isRunnable(written, { name, place: statement.place, absent: 'info' }, scope) ? written : undefined;
  }
  scope.findings.info(statement.place, `${name} '${command[0]}' is not run: ${user}`, {
    fix: `If '${userWord?.text}' is an argument of the script, quote the whole command line`,
  });
  return undefined;
}

/** Numeric ids of a user and its group (the user's own when none is named), or what is wrong with them. */
export function userOf(name: string, groupName: string | undefined, scope: Scope): ScriptUser | string {
  const user = scope.surroundings.user(name);
  if (user === undefined) return `user '${name}' does not exist`;
  if (groupName === undefined) return { uid: user.uid, gid: user.gid, name };
  const gid = scope.surroundings.group(groupName);
  return gid === undefined ? `group '${groupName}' does not exist` : { uid: user.uid, gid, name };
}

export function script<Draft>(assign: (draft: Draft, value: NotifyScript) => void): Reader<Draft> {
  return (draft, statement, scope) => {
    const value = scriptOf(statement, scope);
    if (value !== undefined) assign(draft, value);
  };
}

export type ScriptPlace = {
  /** How messages name the script. */
  readonly name: string;
  readonly place: LinePlace;
  /** What a script that is not there is: an error of a check that would always fail; news of a notification. */
  readonly absent: 'error' | 'info';
};

/**
 * Whether script security lets the script run. What stands against it is said in full: which user, which file, who could
 * change it.
 */
export function isRunnable({ command, user }: NotifyScript, script: ScriptPlace, scope: Scope): boolean {
  const { surroundings, scripts: policy, findings } = scope;
  if (surroundings.program === undefined || policy === undefined) return true;
  const runner = user ?? policy.user;
  if (runner === undefined && policy.security) {
    findings.error(script.place, `${script.name} '${command[0]}' is not run: it has no user to run as`, {
      why: 'enable_script_security is set, and there is neither script_user nor an account keepalived_script',
      fix: 'Write script_user NAME in global_defs (root, if that is what you want)',
    });
    return false;
  }
  const facts = surroundings.program(command[0] ?? '', runner ?? { uid: 0, gid: 0 });
  if (!facts.found || !facts.executable) {
    reportAbsent(command[0] ?? '', facts.found, script, scope);
    return script.absent === 'info';
  }
  return (runner?.uid ?? 0) !== 0 || isSafeForRoot(command[0] ?? '', facts.writableByOthers, script, scope);
}

function reportAbsent(path: string, found: boolean, script: ScriptPlace, { findings }: Scope): void {
  const what = found ? 'is not executable by its user' : 'is not found';
  if (script.absent === 'info') findings.info(script.place, `${script.name} '${path}' ${what}`);
  else findings.error(script.place, `Disabling ${script.name} since '${path}' ${what}`);
}

function isSafeForRoot(path: string, writable: readonly string[], script: ScriptPlace, scope: Scope): boolean {
  const { scripts: policy, findings } = scope;
  const why = `users other than root may change ${writable.join(' and ')}, and so run what they like as root`;
  if (policy?.security === true) {
    if (writable.length === 0) return true;
    findings.error(script.place, `Disabling ${script.name} '${path}' due to insecure`, {
      why,
      fix: 'chown root and chmod go-w it, or name another user after the script',
    });
    return false;
  }
  if (policy === undefined || policy.rootScriptReported) return true;
  policy.rootScriptReported = true;
  findings.scriptSecurity(
    script.place,
    'SECURITY VIOLATION - scripts are being executed but script_security not enabled.',
    {
      why: `${script.name} '${path}' runs as root${writable.length === 0 ? '' : `; ${why}`}`,
      fix: 'Write enable_script_security and script_user in global_defs',
    },
  );
  return true;
}
