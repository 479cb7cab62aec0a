/**
 * Seconds before the next login with an address from one device or network, after its first failure, its second and so
 * on; the last counts for all further ones. Whoever mistypes notices nothing, whoever guesses gets some hundred tries a day.
 */
export const loginDelays = [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900];

/** The same of all devices together that have not logged in before: for those who guess from very many networks. */
export const strangersDelays = [...Array<number>(300).fill(0), 60];

/** How long a code from a mail is good: mail servers make mails of strangers wait for some minutes. */
export const CODE_MINUTES = 60;

/** So many codes of one kind an address gets within the life of one: nobody's mailbox is to be filled by others. */
export const CODES_PER_LIFE = 5;

export type Verifiable = { role: string; demo: boolean; emailVerifiedAt: Date | null };

/** Whether the address is known to be the owner's. Sellers, admins and demo accounts are made by those who know them. */
export const isVerified = ({ role, demo, emailVerifiedAt }: Verifiable): boolean =>
  role !== 'customer' || demo || emailVerifiedAt !== null;

type KeyAge = { createdAt: Date };

/**
 * How long a new key is published before it signs: longer than anybody keeps the list of keys, so that nobody
 * meets a token whose key they cannot know yet.
 */
export const PUBLISHED_AHEAD_MS = 10 * 60_000;

/** The key to sign with now, of the published ones with the newest first: a new one waits while there is another. */
export const signingKeyOf = <Key extends KeyAge>(keys: Key[], now: Date): Key | undefined =>
  keys.find(({ createdAt }) => now.getTime() - createdAt.getTime() >= PUBLISHED_AHEAD_MS) ?? keys.at(-1);
