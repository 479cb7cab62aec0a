/**
 * Text that somebody else wrote, in one line: control characters and separators of lines become spaces. What was stored
 * before requests were checked may have them, and a line break begins another header or another paragraph.
 */
export const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
