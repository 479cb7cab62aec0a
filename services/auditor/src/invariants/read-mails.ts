import type { MailEntry, MailQuery } from '@orderflow/contracts/ledgers';
import type { LedgerRows } from '../ledger-page.ts';
import { askedMails } from '../operations/read-recorded.ts';
import type { Reading } from './judge.ts';
import type { Reader } from './read-orders.ts';
import type { Mail } from './things.ts';

type Mails = Reading<'mail'> & { next: string | null | undefined };

/** What arrived about no order, where there is a postbox, and the events that ask for it. */
export async function readMails({ visit, client, db }: Reader, query: MailQuery): Promise<Mails> {
  if (!client.present('postbox')) return { things: [], unread: [], next: null };
  const page = await visit.mails(query).catch((error: Error) => error);
  if (page instanceof Error) {
    return { things: [], unread: [{ ledger: 'mails', reason: page.message }], next: undefined };
  }
  const mails = mailsOn(page);
  const asked = await askedMails(
    db,
    mails.map(({ messageId }) => idIn(messageId)),
  );
  const found = mails.map((mail) => ({
    ...mail,
    isThere: true,
    askedFor: asked.get(idIn(mail.messageId)) ?? null,
  }));
  const ids = new Set(found.map(({ id }) => id));
  const gone = 'mails' in query ? query.mails.filter((id) => !ids.has(id)).map(goneMail) : [];
  return { things: [...found, ...gone], unread: [], next: page.next };
}

const nothing = { messageId: '', channel: '', subject: '', recipient: '', receivedAt: null };
const goneMail = (id: string): Mail => ({ ...nothing, id, isThere: false, askedFor: null });

/** One that cannot be read is one that nobody wrote. */
const mailsOn = ({ items, unreadable }: LedgerRows<MailEntry>): MailEntry[] => [
  ...items,
  ...unreadable.map(({ key: id, why }) => ({ ...nothing, id, channel: 'unknown', subject: why })),
];

/** A mail about an account has the id that its event gives it. */
const idIn = (messageId: string): string => /^<(.*)@orderflow>$/.exec(messageId)?.[1] ?? '';
