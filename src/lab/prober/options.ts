// What a prober is told and what it tells; it runs in a process of its own, so all of it is plain data.
import type { ProbeEvent, ProbeLogReport } from './log.ts';

/** The question: an echo over UDP; who has the address (ARP); ping; a TCP connection; an HTTP request. */
export const questions = ['udp', 'arp', 'icmp', 'tcp', 'http'] as const;
export type Question = (typeof questions)[number];

export type ProberOptions = {
  readonly address: string;
  readonly ask: Question;
  readonly everyMs: number;
  readonly answerWithinMs: number;
  /** Of UDP, TCP and HTTP. */
  readonly port: number;
  /** Of HTTP. */
  readonly path: string;
  /** The interface by which the address is reached: for ARP and ping. */
  readonly interfaceName: string;
  /** Hosts by the hardware addresses of their interfaces. */
  readonly hostOfMac: Readonly<Record<string, string>>;
};

export type ProbeReport = ProbeLogReport & {
  readonly address: string;
  readonly ask: Question;
  readonly fromMs: number;
  readonly toMs: number;
  /** Add this to a time of the report and it is in milliseconds since 1970. */
  readonly epochOffsetMs: number;
  /** Who has the address by ARP, asked beside the question each `arpEveryMs`; IPv4 only. */
  readonly arp?: ProbeLogReport;
};

export type ProberMessage =
  | { readonly kind: 'asking' }
  | { readonly kind: 'seen'; readonly by: 'question' | 'arp'; readonly event: ProbeEvent }
  | { readonly kind: 'report'; readonly report: ProbeReport }
  | { readonly kind: 'failed'; readonly what: string };

export const arpEveryMs = 20;
/** Of the responder of lab hosts. */
export const echoPort = 7007;
export const echoHttpPort = 7080;

/** TCP and HTTP questions make a connection each: a thousand a second would measure the client. */
export const everyDefaultMs: Readonly<Record<Question, number>> = { udp: 1, arp: 1, icmp: 1, tcp: 10, http: 10 };
export const answerWithinDefaultMs = 250;
/** Written in a host when its responder listens. */
export const responderReadyFile = '/run/haven-lab-responder';
