import { z } from 'zod';

// Control characters (Unicode's Cc), and its separators of lines and paragraphs.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it refuses
const ONE_LINE = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it refuses
const LINES = /^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$/;

/** Text of one line, such as a name, that may be empty: a line break in it would begin a line of a mail or of a list. */
export const optionalLine = (max: number) =>
  z.string().trim().max(max).regex(ONE_LINE, 'must be one line without control characters');

/** Text of one line that is not empty. */
export const line = (max: number) => optionalLine(max).min(1);

/** Text of any number of lines. */
export const lines = (max: number) =>
  z.string().max(max).regex(LINES, 'must be text without control characters other than tabs and line breaks');

/**
 * An e-mail address. As zod's own, and its top level may be in punycode, as `xn--p1ai` is: RFC 5890.
 * Schemas of bodies use `email`, which has a limit too.
 */
export const emailAddress = z.email({
  pattern:
    /^(?!\.)(?!.*\.\.)([A-Za-z0-9_'+\-.]*)[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9-]*\.)+([A-Za-z]{2,}|[Xx][Nn]--[A-Za-z0-9-]*[A-Za-z0-9])$/,
});
export const email = emailAddress.max(254);
