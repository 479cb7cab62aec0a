import type { TokensView } from '@orderflow/contracts/auth';
import { newId } from '@orderflow/contracts/ids';
import { createApi } from './api.ts';

/** The API as whoever has this account. */
export async function logIn(gatewayUrl: string, email: string, password: string) {
  const credentials = { email, password };
  const tokens = await createApi(gatewayUrl).must<TokensView>('POST', '/api/auth/login', credentials);
  return withTokens(gatewayUrl, tokens);
}

/** The API as a customer who has just registered. */
export async function register(
  gatewayUrl: string,
  { name = 'Ada', email = `ada-${newId()}@example.com`, password = newId() } = {},
) {
  const body = { name, email, password };
  const tokens = await createApi(gatewayUrl).must<TokensView>('POST', '/api/auth/register', body);
  return withTokens(gatewayUrl, tokens);
}

function withTokens(gatewayUrl: string, tokens: TokensView) {
  const isCustomer = tokens.account.role === 'customer';
  return { ...createApi(gatewayUrl, tokens.accessToken, { isCustomer }), account: tokens.account, tokens };
}
