import { Agent, fetch } from 'undici';
import type { Send } from './domain.ts';

/** Not the message's fault: too slow, too early, too many. */
const temporary = new Set([408, 425, 429]);

/** Hands SMS to a gateway that takes `POST /sms {id, to, text}` and does each id once. */
export function createHttpSms({ url, timeoutMs }: { url: string; timeoutMs: number }): Send {
  // Idle connections may be dead, whatever the server says of how long it keeps them.
  const dispatcher = new Agent({ keepAliveMaxTimeout: 4_000 });
  const address = `${url.replace(/\/$/, '')}/sms`;

  return async ({ id, orderId, recipient, body }) => {
    const response = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(orderId && { 'x-order-id': orderId }) },
      body: JSON.stringify({ id, to: recipient, text: body }),
      dispatcher,
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.text(); // read in any case, so that the connection can be used again
    if (response.ok) return { accepted: true };
    const reason = `the SMS gateway answered ${response.status}: ${text.slice(0, 200)}`;
    if (response.status < 500 && !temporary.has(response.status)) return { accepted: false, reason };
    throw new Error(reason);
  };
}
