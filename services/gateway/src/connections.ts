import type { Socket } from 'node:net';
import { clientAddress } from '@orderflow/service-kit/client-address';
import { type Bounds, createShares } from '@orderflow/service-kit/shares';
import type { NextFunction, RequestHandler } from 'express';

/** Each costs up to 16 KB of memory before its request is known. A live stream keeps one. */
export const MAX_CONNECTIONS: Bounds = { total: 4_000, each: 1_000 };

/** Returns a handler of new connections, which closes those beyond the bounds. `each` holds for one address. */
export function boundConnections(bounds: Bounds, count: () => void) {
  const shares = createShares(bounds);
  return (socket: Socket): void => {
    const address = clientAddress(socket.remoteAddress);
    if (shares.take(address)) {
      count();
      return void socket.destroy();
    }
    socket.once('close', () => shares.giveBack(address));
  };
}

/** Requests of one connection that are not answered yet. A client that does not pipeline has one. */
const MAX_PIPELINED = 16;

/**
 * Returns a handler that closes a connection with too many unanswered requests: Node reads on while none is answered, and
 * each costs kilobytes for the hundred bytes that the client sends.
 */
export function boundPipelining(max = MAX_PIPELINED): RequestHandler {
  const unanswered = new WeakMap<Socket, number>();
  return ({ socket }, res, next) => {
    const count = (unanswered.get(socket) ?? 0) + 1;
    if (count > max) return void socket.destroy();
    unanswered.set(socket, count);
    res.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
    next();
  };
}

/**
 * Returns a handler that looks at a request when the one before it on the same connection is answered and the answer is on
 * its way. Answers made sooner would wait in memory, and a client that reads none of them would fill it.
 */
export function oneAfterTheOther(): RequestHandler {
  const waiting = new WeakMap<Socket, NextFunction[]>();
  return ({ socket }, res, next) => {
    const line = waiting.get(socket) ?? [];
    waiting.set(socket, line);
    line.push(next);
    res.once('close', () => {
      line.shift();
      if (!socket.destroyed) line[0]?.();
    });
    if (line.length === 1) next();
  };
}
