import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/** A random secret for use in URLs and SQL as it stands: 43 characters of A–Z, a–z, 0–9, - and _. */
export function randomSecret(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * The secret kept in a file that only its owner can read; made on first use. An empty file, as a full disk or a power cut
 * leaves it, holds no secret and is replaced.
 */
export function keptSecret(file: string): string {
  const kept = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (kept) return kept;
  const secret = randomSecret();
  const draft = `${file}.new`;
  rmSync(draft, { force: true });
  // On disk before it has its name: whoever finds the file finds the secret in it.
  writeFileSync(draft, secret, { mode: 0o600, flush: true });
  renameSync(draft, file);
  return secret;
}
