import { z } from 'zod';
import {
  accountAccessBody,
  changePasswordBody,
  listAccountsQuery,
  listedAccountView,
  registeredView,
  requestPasswordResetBody,
  resetPasswordBody,
  sessionView,
} from '../auth.ts';
import { pageOf } from '../http/page.ts';
import type { Operation } from './operation.ts';
import { anybody, idParams, operators } from './shared.ts';

/** Everybody with an account; the internal token has none. */
const people = ['customer', 'seller', 'admin'] as const;

export const accountLife = {
  requestPasswordReset: {
    method: 'post',
    path: '/api/auth/password-reset',
    service: 'customer',
    tag: 'Accounts',
    summary: 'Ask for a code for a new password, by mail; the answer does not tell who has an account',
    who: anybody,
    body: requestPasswordResetBody,
    success: { status: 202, schema: registeredView },
  },
  resetPassword: {
    method: 'post',
    path: '/api/auth/password-reset/confirm',
    service: 'customer',
    tag: 'Accounts',
    summary: 'Set a password with the code from the mail; all sessions end',
    who: anybody,
    body: resetPasswordBody,
    success: { status: 204 },
  },
  changePassword: {
    method: 'post',
    path: '/api/auth/password',
    service: 'customer',
    tag: 'Accounts',
    summary: 'Change one’s password; the other sessions end',
    who: people,
    body: changePasswordBody,
    success: { status: 204 },
    errors: ['not_found'],
  },
  listSessions: {
    method: 'get',
    path: '/api/auth/sessions',
    service: 'customer',
    tag: 'Accounts',
    summary: 'Where one is logged in',
    who: people,
    success: { status: 200, schema: z.object({ items: z.array(sessionView) }) },
  },
  endSession: {
    method: 'delete',
    path: '/api/auth/sessions/{id}',
    service: 'customer',
    tag: 'Accounts',
    summary: 'End one of one’s sessions',
    who: people,
    params: idParams,
    success: { status: 204 },
  },
  logOutEverywhere: {
    method: 'delete',
    path: '/api/auth/sessions',
    service: 'customer',
    tag: 'Accounts',
    summary: 'End all of one’s sessions, this one too',
    who: people,
    success: { status: 204 },
    errors: ['not_found'],
  },
  listAccounts: {
    method: 'get',
    path: '/api/accounts',
    service: 'customer',
    tag: 'Accounts',
    summary: 'Accounts by e-mail address',
    who: operators,
    query: listAccountsQuery,
    success: { status: 200, schema: pageOf(listedAccountView) },
  },
  setAccountAccess: {
    method: 'put',
    path: '/api/accounts/{id}/access',
    service: 'customer',
    tag: 'Accounts',
    summary: 'Disable an account, or enable it again; its orders stay',
    who: operators,
    params: idParams,
    body: accountAccessBody,
    success: { status: 200, schema: listedAccountView },
  },
} as const satisfies Record<string, Operation>;
