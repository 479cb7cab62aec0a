import { newId } from '@orderflow/contracts/ids';
import { expect, onTestFinished, test } from 'vitest';
import { listeningBank } from '../../bank/test/bank.ts';
import { testCardContract, testProviderContract } from '../test/provider-contract.ts';
import { createBankProvider } from './bank-provider.ts';

async function bankProvider(timeoutMs = 5_000) {
  const bank = await listeningBank();
  const provider = createBankProvider({ url: bank.url, timeoutMs, connections: 2 });
  onTestFinished(() => provider.close());
  return { bank, provider };
}

const aCharge = () => ({
  key: newId(),
  amount: { amount: 1, currency: 'EUR' },
  paymentMethod: 'pm_card_visa',
  reference: newId(),
});

testProviderContract('bank', async () => (await bankProvider()).provider);
testCardContract('bank', async () => (await bankProvider()).provider);

test.each([
  ['fails', { errorRate: 1 }, 0],
  ['breaks the connection after recording', { lostAnswerRate: 1 }, 1],
  ['never answers', { hang: true }, 1],
])('when the bank %s the outcome is unknown', async (_what, fault, charges) => {
  const { bank, provider } = await bankProvider(300);
  bank.faults.set({ ...bank.faults.settings(), ...fault });
  await expect(provider.charge(aCharge())).rejects.toThrow();
  expect((await bank.totals()).charges).toBe(charges);
});

test('when the bank cannot be reached the outcome is unknown', async () => {
  const provider = createBankProvider({ url: 'http://127.0.0.1:1', timeoutMs: 300, connections: 1 });
  onTestFinished(() => provider.close());
  await expect(provider.charge(aCharge())).rejects.toThrow();
});
