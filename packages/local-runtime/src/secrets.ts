import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';

/** A random secret for use in URLs and SQL as it stands: 43 characters of A–Z, a–z, 0–9, - and _. */
export function randomSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Whether a file holds a secret. One that is empty or full of zeros, as a full disk or a power cut leaves it, holds none. */
export function holdsSecret(file: string): boolean {
  return existsSync(file) && /^[\w-]+$/.test(readFileSync(file, 'utf8').trim());
}

/** The secret kept in a file that only its owner can read; made on first use. */
export function keptSecret(file: string): string {
  if (!holdsSecret(file)) keepSecret(file, randomSecret());
  if (statSync(file).mode & 0o077) chmodSync(file, 0o600);
  return readFileSync(file, 'utf8').trim();
}

/** Keeps a secret in a file that only its owner can read. */
export function keepSecret(file: string, secret: string): void {
  const draft = `${file}.new`;
  rmSync(draft, { force: true });
  // On disk before it has its name: whoever finds the file finds the secret in it.
  writeFileSync(draft, secret, { mode: 0o600, flush: true });
  renameSync(draft, file);
}
