// The questions that a prober can ask over UDP, TCP and HTTP. Each asker sends a request with its number and tells by whom it was
// answered.
import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { openUdpSocket, orFail } from '../../linux/index.ts';
import type { ProberOptions } from './options.ts';

export type Asker = { readonly ask: (sequence: number) => void; readonly close: () => void };

/** `by` is a host's name as far as the answer tells, otherwise what the answer says of itself. */
export type OnAnswer = (sequence: number, by: string) => void;

const familyOfAddress = (address: string) => (address.includes(':') ? 'ipv6' : 'ipv4');

/** The echo of the lab's responder: the 4 bytes of the number come back, followed by the responder's name. */
export function openUdpAsker(options: ProberOptions, onAnswer: OnAnswer): Asker {
  const socket = orFail(openUdpSocket({ family: familyOfAddress(options.address), port: 0 }));
  orFail(
    socket.listen({
      onMessage: ({ bytes }) => {
        if (bytes.length >= 4) onAnswer(bytes.readUInt32BE(0), bytes.subarray(4).toString('utf8') || '?');
      },
      // Port or host unreachable: the request is unanswered, which is what is measured.
      onError: () => {},
    }),
  );
  const to = { address: options.address, port: options.port };
  const request = Buffer.alloc(4);
  return {
    ask: (sequence) => {
      request.writeUInt32BE(sequence, 0);
      // No route, no neighbour: unanswered as well.
      void socket.send(request, { to });
    },
    close: () => socket.close(),
  };
}

/** A server that speaks first does so within a round trip. */
const greetingMs = 20;

/** A connection is the answer; a server that greets with a line (as the lab's responder does) says who it is. */
export function openTcpAsker(options: ProberOptions, onAnswer: OnAnswer): Asker {
  return {
    ask: (sequence) => {
      const socket = connect({ host: options.address, port: options.port });
      socket.setTimeout(options.answerWithinMs, () => socket.destroy());
      const answered = (by: string | undefined) => {
        onAnswer(sequence, by ?? options.address);
        socket.destroy();
      };
      socket.once('connect', () => {
        const silent = setTimeout(() => answered(undefined), greetingMs);
        socket.once('close', () => clearTimeout(silent));
      });
      socket.once('data', (greeting: Buffer) => answered(firstLine(greeting.toString('utf8'))));
      socket.once('error', () => socket.destroy());
    },
    close: () => {},
  };
}

/** A response of status 200 is the answer; the header `x-haven-host` or the first line of its text says who it is. */
export function openHttpAsker(options: ProberOptions, onAnswer: OnAnswer): Asker {
  const agent = new Agent({ keepAlive: false });
  const { address: host, port, path, answerWithinMs: timeout } = options;
  return {
    ask: (sequence) => {
      const request = get({ host, port, path, agent, timeout }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          if (text.length < 1000) text += chunk.toString('utf8');
        });
        response.on('error', () => {});
        response.on('end', () => {
          const named = response.headers['x-haven-host'];
          if (response.statusCode === 200)
            onAnswer(sequence, typeof named === 'string' ? named : (firstLine(text) ?? host));
        });
      });
      request.on('timeout', () => request.destroy());
      request.on('error', () => {});
    },
    close: () => agent.destroy(),
  };
}

/** The first line with text in it, markup left out. */
function firstLine(text: string): string | undefined {
  const lines = text
    .replace(/<[^>]*>/g, '')
    .split('\n')
    .map((line) => line.trim());
  return lines.find((line) => line !== '')?.slice(0, 60);
}
