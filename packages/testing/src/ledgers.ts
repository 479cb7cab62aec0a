import { ledgerPage } from '@orderflow/contracts/ledgers';
import request from 'supertest';
import type { z } from 'zod';
import { as } from './tokens.ts';

type App = Parameters<typeof request>[0];

/** Asks a service for one of its ledgers, as the auditor does: `{ orders }` or `{ after, until, limit }`. */
export function ledgerOf<T extends z.ZodType>(app: App, name: string, entry: T) {
  const path = `/internal/ledgers/${name}`;

  async function post(query: object) {
    const { body } = await request(app)
      .post(path)
      .set(await as.service())
      .send(query)
      .expect(200);
    return body;
  }
  const ask = async (query: object) => ledgerPage(entry).parse(await post(query));

  return {
    ask,
    /** The entries of a page as they came: somebody may have edited what is in them. */
    async entries(query: object): Promise<unknown[]> {
      return (await post(query)).items;
    },
    /** Every page of a range, one after the other. */
    async walk(query: object): Promise<z.infer<T>[][]> {
      const pages: z.infer<T>[][] = [];
      let after: string | null = null;
      do {
        const page: { items: z.infer<T>[]; next: string | null } = await ask({ after, ...query });
        pages.push(page.items);
        after = page.next;
        query = { ...query, after };
      } while (after !== null);
      return pages;
    },
    /** How nobody, a customer and a seller are answered. */
    async refusals(): Promise<number[]> {
      const callers = [{}, await as.customer(), await as.seller()];
      const answers = callers.map((headers) => request(app).post(path).set(headers).send({}));
      return (await Promise.all(answers)).map(({ status }) => status);
    },
  };
}
