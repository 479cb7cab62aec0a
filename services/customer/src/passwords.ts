import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { ProblemError } from '@orderflow/service-kit/problem';

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

export type Cost = { N: number; r: number; p: number };

/**
 * 32 MiB and a fifth of a second for each guess: one of the settings that OWASP holds for equal to its minimum.
 * https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#scrypt
 */
export const presentCost: Cost = { N: 2 ** 15, r: 8, p: 3 };

const KEY_BYTES = 32;
/** What waits longer than this many others would be answered after its client has left. */
const MAX_WAITING = 50;

type PasswordOptions = {
  cost: Cost;
  /** How many are computed at once: each takes a processor and a thread of Node's four. */
  concurrency: number;
};

/** Hashes passwords as `scrypt$N$r$p$salt$key`, and checks them. Throws `unavailable` when too many wait. */
export function createPasswords({ cost, concurrency }: PasswordOptions) {
  const waiting: (() => void)[] = [];
  let running = 0;

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running >= concurrency) {
      if (waiting.length >= MAX_WAITING) {
        throw new ProblemError('unavailable', 'Too many log in at once. Try again in some seconds.', {
          retryAfter: 5,
        });
      }
      await new Promise<void>((start) => waiting.push(start));
    } else running += 1;
    try {
      return await work();
    } finally {
      // The place goes to the next in line, so that nobody who comes now can take it.
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  }

  const compute = (password: string, salt: Buffer, { N, r, p }: Cost) =>
    // Two keyboards may write the same letter as different code points.
    inTurn(() => derive(password.normalize('NFKC'), salt, KEY_BYTES, { N, r, p, maxmem: 256 * N * r }));

  const nobodys = toText(cost, randomBytes(16), randomBytes(KEY_BYTES));

  return {
    async hash(password: string): Promise<string> {
      const salt = randomBytes(16);
      return toText(cost, salt, await compute(password, salt, cost));
    },
    /** True when the password is the one of the hash. Without a hash it does the same work for nothing. */
    async verify(password: string, hash: string | undefined): Promise<boolean> {
      const stored = fromText(hash ?? nobodys);
      const key = await compute(password, stored.salt, stored.cost);
      return timingSafeEqual(key, stored.key) && hash !== undefined;
    },
  };
}

export type Passwords = ReturnType<typeof createPasswords>;

const toText = ({ N, r, p }: Cost, salt: Buffer, key: Buffer): string =>
  ['scrypt', N, r, p, salt.toString('base64url'), key.toString('base64url')].join('$');

function fromText(text: string): { cost: Cost; salt: Buffer; key: Buffer } {
  const [, N, r, p, salt, key] = text.split('$');
  return {
    cost: { N: Number(N), r: Number(r), p: Number(p) },
    salt: Buffer.from(salt!, 'base64url'),
    key: Buffer.from(key!, 'base64url'),
  };
}
