/**
 * Text that Postgres keeps, from text that came from elsewhere: U+0000, which no `text` may hold, becomes U+0001. Neither
 * may stand in a JSON string as it is, so that a body which could not be read for it stays unreadable.
 */
export const keepable = (text: string): string => text.replaceAll('\0', '\u0001');
