// Sends the mails of smtp_alert, one after the other, never in the way of anything else.
import { connect, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { BoundedQueue } from '../../kit/index.ts';
import type { VrrpConfiguration } from '../configuration.ts';
import { type Mail, mailFor, type SmtpTurn, smtpDialogue } from '../mail.ts';
import type { Notification } from '../notification.ts';
import type { NotifierLog } from './notifier.ts';

/** A relay that has been away for longer than this many changes has more to tell than anyone will read. */
const mailsMax = 100;
const replyBytesMax = 65_536;

export class Mailer {
  readonly #log: NotifierLog;
  readonly #waiting = new BoundedQueue<Mail>(mailsMax);
  /** Subjects of which there was news: the BACKUP of the start is none. */
  readonly #known = new Set<string>();
  #configuration: VrrpConfiguration;
  #sending = false;
  #idle: (() => void)[] = [];

  constructor(configuration: VrrpConfiguration, log: NotifierLog) {
    this.#configuration = configuration;
    this.#log = log;
  }

  reconfigure(configuration: VrrpConfiguration): void {
    this.#configuration = configuration;
  }

  notify(notification: Notification): void {
    const { subject, name, state } = notification;
    const { mail: settings, routerId } = this.#configuration.global;
    const first = !this.#known.has(`${subject} ${name}`);
    this.#known.add(`${subject} ${name}`);
    if (!this.#wantsMail(notification) || (first && state === 'BACKUP')) return;
    const mail = mailFor(notification, routerId ?? hostname(), settings);
    if (mail === undefined) return;
    if (settings.server === undefined || settings.recipients.length === 0) return;
    if (!this.#waiting.push(mail)) this.#log('warning', `${mailsMax} mails are waiting; lost '${mail.subject}'`);
    if (!this.#sending) void this.#sendAll();
  }

  /** Resolves when nothing waits any more. */
  async whenIdle(): Promise<void> {
    if (!this.#sending) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #wantsMail({ subject, name }: Notification): boolean {
    const { instances, syncGroups } = this.#configuration;
    const owners = subject === 'GROUP' ? syncGroups : instances;
    return owners.find((owner) => owner.name === name)?.notify.smtpAlert === true;
  }

  async #sendAll(): Promise<void> {
    this.#sending = true;
    for (let mail = this.#waiting.shift(); mail !== undefined; mail = this.#waiting.shift()) {
      const failure = await this.#send(mail);
      if (failure !== undefined) this.#log('warning', `The mail '${mail.subject}' was not sent: ${failure}`);
    }
    this.#sending = false;
    for (const resolve of this.#idle) resolve();
    this.#idle = [];
  }

  /** What went wrong, or undefined. */
  async #send(mail: Mail): Promise<string | undefined> {
    const { server, recipients, sender, heloName, connectTimeoutMs } = this.#configuration.global.mail;
    if (server === undefined) return 'there is no smtp_server';
    const dialogue = smtpDialogue(mail, {
      helo: heloName ?? hostname(),
      sender: sender ?? `keepalived@${hostname()}`,
      recipients,
      date: new Date().toUTCString().replace('GMT', '+0000'),
    });
    const socket = connect(server);
    socket.setTimeout(connectTimeoutMs, () =>
      socket.destroy(new Error(`no answer within ${connectTimeoutMs / 1000} s`)),
    );
    const place = `${server.host} port ${server.port}`;
    try {
      return await converse(socket, dialogue);
    } catch (error) {
      return `${place}: ${error instanceof Error ? error.message : error}`;
    } finally {
      socket.destroy();
    }
  }
}

/** Plays the dialogue; what the relay said instead of what was expected, or undefined. */
function converse(socket: Socket, dialogue: readonly SmtpTurn[]): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let turn = 0;
    let text = '';
    socket.setEncoding('latin1');
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the relay closed the connection')));
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > replyBytesMax) socket.destroy(new Error('the relay does not stop talking'));
      // RFC 5321 §4.2.1: the last line of a reply has a blank after its code.
      for (
        let reply = /^(?:\d{3}-.*\r?\n)*(\d{3}(?: .*)?)\r?\n/.exec(text);
        reply;
        reply = /^(?:\d{3}-.*\r?\n)*(\d{3}(?: .*)?)\r?\n/.exec(text)
      ) {
        text = text.slice(reply[0].length);
        const expected = dialogue[turn++];
        if (expected === undefined) return;
        if (!(reply[1] ?? '').startsWith(expected.expects)) {
          resolve(`the relay answered '${reply[1]}'`);
          return;
        }
        socket.write(`${expected.says}\r\n`);
        if (turn === dialogue.length) resolve(undefined);
      }
    });
  });
}
