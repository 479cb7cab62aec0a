import type { Message } from './generated/prisma/client.ts';

/** A message as GET /messages shows it. */
export const toView = (row: Message) => ({ ...row, receivedAt: row.receivedAt.toISOString() });

const specialCharacters = /[&<>"']/g;
const escapeHtml = (text: string) =>
  text.replaceAll(specialCharacters, (character) => `&#${character.charCodeAt(0)};`);

const row = ({ channel, recipient, subject, text, receivedAt, deliveries }: Message) => `
<details>
  <summary>${receivedAt.toISOString()} · ${channel} to ${escapeHtml(recipient)}${subject && ` · ${escapeHtml(subject)}`}${
    deliveries > 1 ? ` · delivered ${deliveries} times` : ''
  }</summary>
  <pre>${escapeHtml(text)}</pre>
</details>`;

/** The newest messages, for people. */
export const toPage = (rows: Message[]) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Postbox</title>
<style>body { font: 1rem/1.5 system-ui; max-width: 60rem; margin: 2rem auto; padding: 0 1rem } pre { white-space: pre-wrap }</style>
<h1>Postbox</h1>
<p>What arrived at mailboxes and phones, newest first. Narrow it down with <code>?to=</code>, <code>?orderId=</code> or <code>?channel=</code>.</p>
${rows.map(row).join('') || '<p>Nothing has arrived yet.</p>'}
</html>
`;
