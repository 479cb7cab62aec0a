import request from 'supertest';
import { expect, test } from 'vitest';
import { startPostbox } from '../test/start-postbox.ts';

const sms = (id: string, to = '+4930123456') => ({ id, to, text: `text ${id}` });

test('an SMS is taken once for each id, however often it is sent', async () => {
  const { app, messages } = await startPostbox();
  await request(app).post('/sms').set('X-Order-Id', 'order-1').send(sms('a')).expect(202, { id: 'a' });
  await request(app).post('/sms').set('X-Order-Id', 'order-1').send(sms('a')).expect(202);
  expect(await messages()).toMatchObject([
    {
      channel: 'sms',
      messageId: 'a',
      recipient: '+4930123456',
      text: 'text a',
      orderId: 'order-1',
      deliveries: 2,
    },
  ]);
});

test.each([
  ['no number', { ...sms('a'), to: '0123' }],
  ['no text', { ...sms('a'), text: '' }],
  ['an id with a NUL', { ...sms('a'), id: 'a\0b' }],
  ['a field nobody knows', { ...sms('a'), from: 'me' }],
])('an SMS with %s is refused and not stored', async (_name, body) => {
  const { app, messages } = await startPostbox();
  const { body: problem } = await request(app).post('/sms').send(body).expect(400);
  expect(problem).toMatchObject({ code: 'invalid_request', errors: [expect.anything()] });
  expect(await messages()).toEqual([]);
});

test('faults are set, seen and taken back over HTTP, and an SMS meets them', async () => {
  const { app, messages, scope } = await startPostbox();
  await request(app).put('/faults').send({ rejectRate: 2 }).expect(400);
  await request(app).put('/faults').send({ rejectRate: 1 }).expect(200);
  await request(app).get('/faults').expect(200, { rejectRate: 1, lostAnswerRate: 0, latencyMs: 0 });
  const refused = await request(app).post('/sms').send(sms('a')).expect(503);
  expect(refused.headers['retry-after']).toBe('1');
  expect(await messages()).toEqual([]);

  await request(app).put('/faults').send({ lostAnswerRate: 1, latencyMs: 30 }).expect(200);
  const startedAt = Date.now();
  await expect(request(app).post('/sms').send(sms('b'))).rejects.toThrow(/hang up/);
  expect(Date.now() - startedAt).toBeGreaterThanOrEqual(29);
  expect(await messages()).toMatchObject([{ messageId: 'b' }]);

  await request(app).delete('/faults').expect(204);
  await request(app).post('/sms').send(sms('c')).expect(202);
  expect(await scope.metrics.registry.metrics()).toMatch(
    /postbox_deliveries_total\{channel="sms",outcome="rejected",service="test"\} 1/,
  );
});

test('messages are listed newest first and narrowed down by recipient, order and channel', async () => {
  const { app } = await startPostbox();
  await request(app).post('/sms').set('X-Order-Id', 'o1').send(sms('a', '+4911111111'));
  await request(app).post('/sms').set('X-Order-Id', 'o2').send(sms('b', '+4922222222'));
  await request(app).post('/sms').set('X-Order-Id', 'o1').send(sms('c', '+4922222222'));
  const ids = async (query: object) => {
    const { body } = await request(app).get('/messages').query(query).expect(200);
    return body.map((message: { messageId: string }) => message.messageId);
  };
  expect(await ids({})).toEqual(['c', 'b', 'a']);
  expect(await ids({ to: '+4922222222' })).toEqual(['c', 'b']);
  expect(await ids({ orderId: 'o1' })).toEqual(['c', 'a']);
  expect(await ids({ channel: 'email' })).toEqual([]);
  expect(await ids({ limit: 1 })).toEqual(['c']);
  const { body } = await request(app).get('/messages').query({ limit: 0 }).expect(400);
  expect(body.errors[0].path).toBe('limit');
});

test('the totals tell messages from repeated deliveries', async () => {
  const { app } = await startPostbox();
  await request(app).get('/totals').expect(200, { emails: 0, sms: 0, repeatedDeliveries: 0 });
  for (const id of ['a', 'b', 'a', 'a']) await request(app).post('/sms').send(sms(id));
  await request(app).get('/totals').expect(200, { emails: 0, sms: 2, repeatedDeliveries: 2 });
});

test('the page for people shows what is in a message as text, never as markup', async () => {
  const { app } = await startPostbox();
  expect((await request(app).get('/')).text).toContain('Nothing has arrived yet.');
  await request(app)
    .post('/sms')
    .send({ ...sms('a'), text: '<script>alert("x")</script> & more' });
  const page = await request(app).get('/').expect(200).expect('content-type', /html/);
  expect(page.text).toContain('&#60;script&#62;alert(&#34;x&#34;)&#60;/script&#62; &#38; more');
  expect(page.text).not.toContain('<script');
});
