import { newId } from '@orderflow/contracts/ids';
import { expect, test } from 'vitest';
import { startPostbox } from '../../postbox/test/start-postbox.ts';
import { createHttpSms } from './sms.ts';

test('a number that the SMS gateway calls impossible is a rejection, a busy gateway is not', async () => {
  const { url, faults } = await startPostbox();
  const send = createHttpSms({ url: `${url}/`, timeoutMs: 2_000 });
  const sms = { id: newId(), orderId: newId(), subject: '', body: 'hello' };
  expect(await send({ ...sms, recipient: 'nobody' })).toMatchObject({
    accepted: false,
    reason: expect.stringContaining('400'),
  });
  faults.set({ rejectRate: 1, lostAnswerRate: 0, latencyMs: 0 });
  await expect(send({ ...sms, recipient: '+4930123456' })).rejects.toThrow('503');
});
