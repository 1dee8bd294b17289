import { Socket } from 'node:net';
import type { Client } from 'pg';

/** Breaks a connection at once: the pool removes it if it is idle, and its statement fails otherwise. */
export function breakConnection(client: Client, reason: string): void {
  const { stream } = (client as unknown as { connection: { stream: unknown } }).connection;
  if (stream instanceof Socket) stream.destroy(new Error(`Connection terminated: ${reason}`));
}
