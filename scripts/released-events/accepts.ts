/** The part of JSON Schema that zod makes of our events. */
export type JsonSchema = {
  type?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  enum?: unknown[];
  const?: unknown;
  [keyword: string]: unknown;
};

/** Keywords that narrow a value. A reader that has one refuses values of a writer that has it not, or another. */
const LIMITS = ['format', 'pattern', 'minLength', 'maxLength', 'minimum', 'maximum', 'minItems', 'maxItems'];
const LOOSER: Record<string, (reader: number, writer: number) => boolean> = {
  minLength: (reader, writer) => reader <= writer,
  minimum: (reader, writer) => reader <= writer,
  minItems: (reader, writer) => reader <= writer,
  maxLength: (reader, writer) => reader >= writer,
  maximum: (reader, writer) => reader >= writer,
  maxItems: (reader, writer) => reader >= writer,
};

/** Returns why a reader may refuse what a writer writes, one line for each place; none when it takes all of it. */
export function refusals(reader: JsonSchema, writer: JsonSchema, path = 'data'): string[] {
  if (writer.anyOf) return writer.anyOf.flatMap((one) => refusals(reader, one, path));
  if (reader.anyOf) {
    const tries = reader.anyOf.map((one) => refusals(one, writer, path));
    return tries.some((found) => found.length === 0)
      ? []
      : [`${path}: no alternative of the reader takes it`];
  }
  const values = valuesOf(reader);
  if (values) {
    const written = valuesOf(writer);
    if (!written) return [`${path}: the reader takes ${JSON.stringify(values)} alone`];
    return written
      .filter((value) => !values.includes(value))
      .map((value) => `${path}: the reader does not know ${JSON.stringify(value)}`);
  }
  if (!takesType(reader, writer)) return [`${path}: the reader takes ${reader.type}, not ${writer.type}`];
  return [
    ...LIMITS.flatMap((keyword) => limitRefusals(keyword, reader, writer, path)),
    ...propertyRefusals(reader, writer, path),
    ...(reader.items ? refusals(reader.items, writer.items ?? {}, `${path}[]`) : []),
  ];
}

const valuesOf = (schema: JsonSchema): unknown[] | undefined =>
  schema.enum ?? ('const' in schema ? [schema.const] : undefined);

const takesType = (reader: JsonSchema, writer: JsonSchema): boolean =>
  reader.type === undefined ||
  reader.type === writer.type ||
  (reader.type === 'number' && writer.type === 'integer');

function limitRefusals(keyword: string, reader: JsonSchema, writer: JsonSchema, path: string): string[] {
  const [read, written] = [reader[keyword], writer[keyword]];
  if (read === undefined || read === written) return [];
  const looser = LOOSER[keyword];
  if (looser && typeof read === 'number' && typeof written === 'number' && looser(read, written)) return [];
  return [`${path}: the reader asks for ${keyword} ${read}, the writer for ${written ?? 'none'}`];
}

/** Properties that the reader does not know are no matter: it leaves them out. */
function propertyRefusals(reader: JsonSchema, writer: JsonSchema, path: string): string[] {
  const missing = (reader.required ?? []).filter((name) => !writer.required?.includes(name));
  const shared = Object.entries(reader.properties ?? {}).flatMap(([name, schema]) => {
    const written = writer.properties?.[name];
    return written ? refusals(schema, written, `${path}.${name}`) : [];
  });
  return [
    ...missing.map((name) => `${path}.${name}: the reader needs it, the writer may leave it out`),
    ...shared,
  ];
}
