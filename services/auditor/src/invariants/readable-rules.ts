import { type Finding, never } from './finding.ts';
import type { OrderBooks, ProductBooks } from './things.ts';

/** No service writes what its ledger cannot tell of. What else reads the row is not judged until it can be read. */
export const rowsAreReadable = ({ unreadable = {} }: OrderBooks | ProductBooks): Finding[] =>
  Object.entries(unreadable).flatMap(([ledger, row]) =>
    row ? never(`Its row of ${ledger} cannot be read: ${row.why}.`) : [],
  );
