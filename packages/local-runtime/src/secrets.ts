import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

/** A random secret for use in URLs and SQL as it stands: 43 characters of A–Z, a–z, 0–9, - and _. */
export function randomSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** The secret kept in a file only its owner can read; made on first use. */
export function keptSecret(file: string): string {
  try {
    writeFileSync(file, randomSecret(), { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  return readFileSync(file, 'utf8');
}
