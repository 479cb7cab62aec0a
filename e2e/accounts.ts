import type { TokensView } from '@orderflow/contracts/auth';
import { newId } from '@orderflow/contracts/ids';
import { createApi } from './api.ts';

/** The API as whoever has this account. */
export async function logIn(gatewayUrl: string, email: string, password: string) {
  const credentials = { email, password };
  const tokens = await createApi(gatewayUrl).must<TokensView>('POST', '/api/auth/login', credentials);
  return withTokens(gatewayUrl, tokens);
}

type Person = { name?: string; email?: string; password?: string };

/** The API as a customer whose account an admin has made: nobody has to read a mail. */
export async function newCustomer(
  gatewayUrl: string,
  internalToken: string,
  { name = 'Ada', email = `ada-${newId()}@example.com`, password = newId() }: Person = {},
) {
  const body = { role: 'customer', name, email, password };
  await createApi(gatewayUrl, internalToken).must('POST', '/api/accounts', body);
  return logIn(gatewayUrl, email, password);
}

function withTokens(gatewayUrl: string, tokens: TokensView) {
  const isCustomer = tokens.account.role === 'customer';
  return { ...createApi(gatewayUrl, tokens.accessToken, { isCustomer }), account: tokens.account, tokens };
}
