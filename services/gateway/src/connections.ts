import type { Socket } from 'node:net';
import { type Bounds, createShares } from '@orderflow/service-kit/shares';
import { clientAddress } from './client-address.ts';

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
