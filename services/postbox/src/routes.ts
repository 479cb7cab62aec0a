import { phone } from '@orderflow/contracts/order';
import { bodyOf, queryOf } from '@orderflow/service-kit/http-input';
import { ProblemError } from '@orderflow/service-kit/problem';
import type { Express, Request } from 'express';
import { z } from 'zod';
import type { Deps } from './app.ts';
import { faultsBody } from './faults.ts';
import { toPage, toView } from './views.ts';

const messagesQuery = z.object({
  to: z.string().max(320).optional(),
  orderId: z.string().max(200).optional(),
  channel: z.enum(['email', 'sms']).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

const noNul = z.string().regex(/^[^\0]*$/, 'must not hold NUL characters');
const smsBody = z.strictObject({ id: noNul.min(1).max(200), to: phone, text: noNul.min(1).max(1600) });

export function mountRoutes(app: Express, { prisma, store, faults, metrics }: Deps) {
  app.get('/', async (req, res) => {
    res.set('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'");
    res.type('html').send(toPage(await newest(req)));
  });

  app.get('/messages', async (req, res) => {
    res.json((await newest(req)).map(toView));
  });

  app.get('/totals', async (_req, res) => {
    const rows = await prisma.message.groupBy({
      by: ['channel'],
      _count: true,
      _sum: { deliveries: true },
    });
    const countOf = (channel: string) => rows.find((row) => row.channel === channel)?._count ?? 0;
    const repeated = rows.map((row) => (row._sum.deliveries ?? 0) - row._count);
    res.json({
      emails: countOf('email'),
      sms: countOf('sms'),
      repeatedDeliveries: repeated.reduce((sum, count) => sum + count, 0),
    });
  });

  /** The SMS gateway. The sender's id makes repeating a request harmless. */
  app.post('/sms', async (req, res) => {
    const { id, to, text } = bodyOf(smsBody, req);
    const fate = await faults.meet();
    metrics.deliveries.inc({ channel: 'sms', outcome: fate });
    if (fate === 'rejected') {
      throw new ProblemError('unavailable', 'Not now, please try again later.', { retryAfter: 1 });
    }
    const orderId = req.get('x-order-id')?.slice(0, 200) ?? null;
    await store([{ channel: 'sms', messageId: id, recipient: to, sender: '', subject: '', text, orderId }]);
    if (fate === 'answer_lost') req.socket.destroy();
    else res.status(202).json({ id });
  });

  app.get('/faults', (_req, res) => {
    res.json(faults.get());
  });
  app.put('/faults', (req, res) => {
    faults.set(bodyOf(faultsBody, req));
    res.json(faults.get());
  });
  app.delete('/faults', (_req, res) => {
    faults.clear();
    res.status(204).end();
  });

  function newest(req: Request) {
    const { to, orderId, channel, limit } = queryOf(messagesQuery, req);
    return prisma.message.findMany({
      where: { recipient: to?.toLowerCase(), orderId, channel },
      orderBy: { id: 'desc' }, // UUIDv7: newest first
      take: limit,
    });
  }
}
