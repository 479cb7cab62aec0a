import type { Api, OperationId } from '@orderflow/contracts/api';
import type { Problem } from '@orderflow/contracts/errors';
import type { z } from 'zod';

/** Fields that are turned into numbers may have any type by their schema; what they become is meant. */
type Precise<Input, Output> = {
  [K in keyof Input]: unknown extends Input[K] ? Output[K & keyof Output] : Input[K];
};

/** An input by its name, which may be left out where all of it may be. */
type Named<Name extends string, Input> =
  Partial<Input> extends Input ? { [N in Name]?: Input } : { [N in Name]: Input };

type ParamsOf<Row> = Row extends { params: infer S extends z.ZodType } ? { params: z.input<S> } : unknown;
type QueryOf<Row> = Row extends { query: infer S extends z.ZodType }
  ? Named<'query', Precise<z.input<S>, z.output<S>>>
  : unknown;
type BodyOf<Row> = Row extends { body: infer S extends z.ZodType } ? Named<'body', z.input<S>> : unknown;
type KeyOf<Row> = Row extends { idempotencyKey: true } ? { idempotencyKey?: string } : unknown;
type HeadersOf<Row> = Row extends { headers: infer S extends z.ZodType } ? z.input<S> : unknown;

/** What an operation takes, by its row in the contracts. */
export type SendInput<Id extends OperationId> = ParamsOf<Api[Id]> &
  QueryOf<Api[Id]> &
  BodyOf<Api[Id]> &
  KeyOf<Api[Id]> & {
    /** Those of the row, and any others such as `if-match`. */
    headers?: HeadersOf<Api[Id]> & { [name: string]: string | undefined };
    signal?: AbortSignal;
  };
export type CallInput<Id extends OperationId> = SendInput<Id> & {
  /** Instead of the client's own. */
  retries?: number;
};

/** The argument itself may be left out where it may be empty. */
export type Given<Input> = Partial<Input> extends Input ? [input?: Input] : [input: Input];

/** What an operation gives: nothing where there is nothing to say, the response itself where it is not JSON. */
export type Result<Id extends OperationId> = Api[Id]['success'] extends { schema: infer S extends z.ZodType }
  ? z.output<S>
  : Api[Id]['success'] extends { contentType: string }
    ? Response
    : undefined;

export type Answer<Id extends OperationId> =
  | { ok: true; status: number; headers: Headers; body: Result<Id> }
  | Refusal;

/** Any answer but the one that the contracts call success, 304 among them. */
export type Refusal = {
  ok: false;
  status: number;
  headers: Headers;
  /** As JSON where it is JSON, else its text. */
  body: unknown;
  /** The body, if it is the problem document of the contracts. */
  problem: Problem | undefined;
};

/** A row's input when it is not known which row it is. */
export type AnyInput = {
  params?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
  headers?: Record<string, string | undefined>;
  idempotencyKey?: string;
  signal?: AbortSignal;
};
