/** A JSON Schema, as far as zod writes it. */
export type Schema = {
  type?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: unknown;
  minimum?: number;
  maximum?: number;
  [keyword: string]: unknown;
};

type Rules = Record<string, { rule: string; message: string }[]>;

/**
 * A JSON Schema as Kubernetes takes it in a CustomResourceDefinition: without `additionalProperties: false`, for
 * which it refuses or drops unknown fields, and with the rules of each place. Throws when a rule's place is not there.
 */
export function structural(schema: Schema, rules: Rules): Schema {
  const left = new Set(Object.keys(rules));
  const result = convert(schema, '');
  if (left.size > 0)
    throw new Error(`There are rules for ${[...left].join(', ')}, which the schema has not.`);
  return result;

  function convert({ additionalProperties: _, properties, items, ...rest }: Schema, path: string): Schema {
    left.delete(path);
    const converted: Schema = { ...rest };
    // zod names the whole range of safe integers where there is no limit.
    if (converted.minimum === Number.MIN_SAFE_INTEGER) delete converted.minimum;
    if (converted.maximum === Number.MAX_SAFE_INTEGER) delete converted.maximum;
    if (rules[path]) converted['x-kubernetes-validations'] = rules[path];
    if (items) converted.items = convert(items, `${path}.items`);
    if (properties) {
      const inside = (name: string) => (path ? `${path}.${name}` : name);
      converted.properties = Object.fromEntries(
        Object.entries(properties).map(([name, each]) => [name, convert(each, inside(name))]),
      );
    }
    return converted;
  }
}
