import { z } from 'zod';
import {
  accountView,
  createAccountBody,
  jwksView,
  loginBody,
  refreshBody,
  registerBody,
  registeredView,
  tokensView,
  verifyEmailBody,
} from '../auth.ts';
import { createCustomerBody, customerView, editCustomerBody } from '../http/accounts.ts';
import { pageOf, pageQuery } from '../http/page.ts';
import type { Operation } from './operation.ts';
import { anybody, buyers, idParams, operators } from './shared.ts';

export const accounts = {
  register: {
    method: 'post',
    path: '/api/auth/register',
    service: 'customer',
    tag: 'Accounts',
    summary:
      'Ask for a customer’s account: the address gets a mail with a code, or the news that it has an account',
    who: anybody,
    body: registerBody,
    success: { status: 202, schema: registeredView },
  },
  verifyEmail: {
    method: 'post',
    path: '/api/auth/verify-email',
    service: 'customer',
    tag: 'Accounts',
    summary: 'Make the account with the code from the mail, and log in',
    who: anybody,
    body: verifyEmailBody,
    success: { status: 200, schema: tokensView },
    errors: ['conflict'],
  },
  login: {
    method: 'post',
    path: '/api/auth/login',
    service: 'customer',
    tag: 'Accounts',
    summary: 'Log in: an access token for some minutes and a refresh token',
    who: anybody,
    body: loginBody,
    success: { status: 200, schema: tokensView },
    errors: ['forbidden'],
  },
  refresh: {
    method: 'post',
    path: '/api/auth/refresh',
    service: 'customer',
    tag: 'Accounts',
    summary: 'New tokens for a refresh token, which is good for one use',
    who: anybody,
    body: refreshBody,
    success: { status: 200, schema: tokensView },
  },
  logout: {
    method: 'post',
    path: '/api/auth/logout',
    service: 'customer',
    tag: 'Accounts',
    summary: 'End a login: its refresh tokens are good no more',
    who: anybody,
    body: refreshBody,
    success: { status: 204 },
  },
  getSigningKeys: {
    method: 'get',
    path: '/.well-known/jwks.json',
    service: 'customer',
    tag: 'Accounts',
    summary: 'The public keys of access tokens (RFC 7517)',
    who: anybody,
    success: { status: 200, schema: jwksView, contentType: 'application/jwk-set+json' },
  },
  createAccount: {
    method: 'post',
    path: '/api/accounts',
    service: 'customer',
    tag: 'Accounts',
    summary: 'Make an account of any role',
    who: operators,
    body: createAccountBody,
    success: { status: 201, schema: accountView },
    errors: ['conflict'],
  },
  listCustomers: {
    method: 'get',
    path: '/api/customers',
    service: 'customer',
    tag: 'Customers',
    summary: 'Customers by e-mail address',
    who: operators,
    query: pageQuery.extend({
      q: z
        .string()
        .trim()
        .min(1)
        .max(200)
        .optional()
        .meta({ description: 'How a name or an e-mail address begins' }),
    }),
    success: { status: 200, schema: pageOf(customerView) },
  },
  createCustomer: {
    method: 'post',
    path: '/api/customers',
    service: 'customer',
    tag: 'Customers',
    summary: 'A customer’s record',
    who: operators,
    body: createCustomerBody,
    success: { status: 201, schema: customerView },
    errors: ['conflict'],
    idempotencyKey: true,
  },
  getCustomer: {
    method: 'get',
    path: '/api/customers/{id}',
    service: 'customer',
    tag: 'Customers',
    summary: 'A customer; their own for customers',
    who: buyers,
    params: idParams,
    success: { status: 200, schema: customerView },
  },
  editCustomer: {
    method: 'patch',
    path: '/api/customers/{id}',
    service: 'customer',
    tag: 'Customers',
    summary: 'Change a customer; their own for customers',
    who: buyers,
    params: idParams,
    body: editCustomerBody,
    success: { status: 200, schema: customerView },
  },
} as const satisfies Record<string, Operation>;
