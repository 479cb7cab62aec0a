/** The folder of messaging's own migrations; services apply it before theirs. */
export const messagingMigrations = new URL('../migrations/', import.meta.url);
