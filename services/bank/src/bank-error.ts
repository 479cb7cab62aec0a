import type { ErrorRequestHandler } from 'express';

/** A refusal in the bank's own words: the API of an outside provider does not speak our problem documents. */
export class BankError extends Error {
  override name = 'BankError';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const answerBankErrors: ErrorRequestHandler = (error, _req, res, next) => {
  if (!(error instanceof BankError)) return next(error);
  res.status(error.status).json({ error: { code: error.code, message: error.message } });
};
