import type { AccountMail } from '@orderflow/contracts/auth';
import { mailCode } from '@orderflow/service-kit/mail-codes';
import { forPeople, type Text } from './templates.ts';

/** What a mail about an account is written from. */
export type AccountNews = { template: AccountMail; ticket: string | null; expiresAt: Date | null };

/**
 * Writes a mail about an account. It calls nobody by name: whoever registers with the address of another could have any
 * text sent there as a name.
 */
export function writeAccountMail(news: AccountNews, mailCodeSecret: string): Text {
  switch (news.template) {
    case 'verify-email':
      return letter('Your code for OrderFlow', [
        'Somebody, probably you, registered with this e-mail address. Enter this code where you registered, with the password that you chose:',
        codeOf(news, mailCodeSecret),
        'If it was not you, do nothing. Without the code there is no account. Give it to nobody.',
      ]);
    case 'already-registered':
      return letter('You have an account already', [
        'Somebody, probably you, registered with this e-mail address, which has an account already. Log in with it. If you do not know its password, reset the password.',
        'If it was not you, do nothing. Your account is as it was.',
      ]);
    case 'reset-password':
      return letter('Your code for a new password', [
        'Somebody, probably you, asked for a new password for your account. Enter this code with the password that you want:',
        codeOf(news, mailCodeSecret),
        'If it was not you, do nothing. Your password is as it was. Give the code to nobody.',
      ]);
    case 'password-changed':
      return letter('Your password was changed', [
        'The password of your account was changed, and all other devices were logged out.',
        'If it was not you, reset the password at once, and tell us.',
      ]);
    default:
      return news.template satisfies never;
  }
}

function codeOf({ template, ticket, expiresAt }: AccountNews, secret: string): string {
  if (!ticket || !expiresAt) throw new Error(`a mail ${template} needs a ticket and its expiry`);
  const code = mailCode(secret, { purpose: template, ticket });
  return `${code}\n\nIt is good once, until ${forPeople(expiresAt.toISOString())}.`;
}

const letter = (subject: string, paragraphs: string[]): Text => ({
  subject,
  text: ['Hello,', ...paragraphs, 'OrderFlow'].join('\n\n'),
});
