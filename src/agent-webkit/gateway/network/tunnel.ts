import type { Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { canonicalHostName } from '../../engine/permitted-host.js';
import { readServerName, TLS_HANDSHAKE } from './client-hello.js';
import type { Target } from './reach.js';
import { refusalOf } from './refusal.js';

/** The protocol that an agent speaks in a tunnel: TLS for the target's name, HTTP without TLS, or another one. */
export type Opening = 'tls' | 'http' | 'other';

/** The TLS alert `unrecognized_name`, which programs show as the reason. */
const UNRECOGNIZED_NAME = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x70]);

/** Returns the name and the port of a CONNECT request; null when it is malformed. */
export function readAuthority(authority: string): { host: string; port: number } | null {
  const [, host, port] = /^([^/?#\\@\s]+):(\d{1,5})$/.exec(authority) ?? [];
  return host === undefined ? null : { host, port: Number(port) };
}

/** Answers a CONNECT request with a refusal, and ends the connection. */
export function refuseTunnel(socket: Socket, error: unknown): void {
  const { status, reason, message } = refusalOf(error);
  const body = `${message}\n`;
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/**
 * Resolves to what the agent begins to say in its tunnel. The bytes remain in the socket, to be read again.
 * Rejects when the connection ends or is silent for too long.
 */
export function readOpening(socket: Socket, target: Target, timeoutMs: number): Promise<Opening> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    let needs = 1;
    const settle = (then: () => void): void => {
      clearTimeout(timer);
      socket.off('data', onData).off('end', onEnd).off('close', onEnd);
      socket.pause();
      if (length > 0) socket.unshift(Buffer.concat(chunks));
      then();
    };
    const onEnd = (): void => settle(() => reject(new Error('The tunnel has ended.')));
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      length += chunk.length;
      if (length < needs) return;
      const opening = openingOf(Buffer.concat(chunks), target);
      if (typeof opening === 'number') needs = opening;
      else settle(() => resolve(opening));
    };
    const timer = setTimeout(onEnd, timeoutMs);
    socket.on('data', onData).on('end', onEnd).on('close', onEnd);
  });
}

/** Returns a number when at least as many bytes are needed. */
function openingOf(bytes: Buffer, { name }: Target): Opening | number {
  const first = bytes[0] ?? 0;
  if (first !== TLS_HANDSHAKE) return first >= 0x41 && first <= 0x5a ? 'http' : 'other';
  const found = readServerName(bytes);
  if (found.kind === 'incomplete') return found.needs;
  return found.kind === 'name' && canonicalHostName(found.name) === name ? 'tls' : 'other';
}

/** Ends a tunnel whose protocol is not permitted. */
export function endTunnel(socket: Socket): void {
  socket.end(UNRECOGNIZED_NAME);
  socket.destroySoon();
}

/** Connects both sides until both have ended, or one has failed. */
export function join(agent: Socket, host: Socket): void {
  const ended = (error: Error | null | undefined): void => {
    if (!error) return;
    agent.destroy();
    host.destroy();
  };
  pipeline(agent, host, ended);
  pipeline(host, agent, ended);
}
