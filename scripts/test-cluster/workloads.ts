import { services } from '@orderflow/local-runtime/services';

export const serviceNames = services.map(({ name }) => name);

/** The services with a Postgres of their own: all but the gateway, which keeps nothing. */
export const keepers = serviceNames.filter((name) => name !== 'gateway');
