// Mail about state changes (smtp_alert), in Keepalived's words, and the SMTP dialogue that delivers it (RFC 5321): plain,
// to a relay that the administrator trusts, as the peer does.
import type { MailConfiguration } from './configuration.ts';
import type { Notification } from './notification.ts';

export type Mail = { readonly subject: string; readonly text: string };

/** The mail for a piece of news, or undefined when it is none that is mailed. `routerId` names this node. */
export function mailFor(notification: Notification, routerId: string, mail: MailConfiguration): Mail | undefined {
  const { subject, name, state } = notification;
  if (state !== 'MASTER' && state !== 'BACKUP' && state !== 'FAULT') return undefined;
  if (state === 'FAULT' && !mail.mailFaults) return undefined;
  const [kind, text] =
    subject === 'GROUP'
      ? ['Group', `=> All VRRP group instances are now in ${state} state <=`]
      : ['Instance', `=> VRRP Instance is ${state === 'MASTER' ? 'now' : 'no longer'} owning VRRP VIPs <=`];
  return { subject: `[${routerId}] VRRP ${kind} ${name} - Entering ${state} state`, text };
}

export type Envelope = {
  readonly helo: string;
  readonly sender: string;
  readonly recipients: readonly string[];
  /** RFC 5322 date, made by who knows the time. */
  readonly date: string;
};

/** What to say after each reply, and what the reply must begin with: the whole dialogue, in order. */
export type SmtpTurn = { readonly expects: string; readonly says: string };

/** Recipients that are refused do not keep the others from getting their mail. */
export function smtpDialogue(mail: Mail, { helo, sender, recipients, date }: Envelope): readonly SmtpTurn[] {
  const message = [
    `Date: ${date}`,
    `From: ${header(sender)}`,
    `To: ${recipients.map(header).join(', ')}`,
    `Subject: ${header(mail.subject)}`,
    'X-Mailer: Haven',
    '',
    mail.text,
  ];
  // RFC 5321 §4.5.2: a line that begins with a dot gets another.
  const body = message.flatMap((line) => line.split(/\r?\n/)).map((line) => line.replace(/^\./, '..'));
  return [
    { expects: '220', says: `HELO ${header(helo)}` },
    { expects: '250', says: `MAIL FROM:<${header(sender)}>` },
    ...recipients.map((recipient, index) => ({
      expects: index === 0 ? '250' : '',
      says: `RCPT TO:<${header(recipient)}>`,
    })),
    { expects: '', says: 'DATA' },
    { expects: '354', says: `${body.join('\r\n')}\r\n.` },
    { expects: '250', says: 'QUIT' },
  ];
}

/** Nothing from the configuration may end a line early. */
function header(text: string): string {
  return text.replace(/[\r\n<>]+/g, ' ');
}
