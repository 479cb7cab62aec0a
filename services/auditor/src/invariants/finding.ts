/** Something that is not as it should be in the end. */
export type Finding = {
  /** A sentence with both figures. */
  detail: string;
  /**
   * Epoch milliseconds: it may still be under way, and is wrong once nothing has come of it for the time of grace
   * after this moment, which may lie ahead. Null: no course of events leads to it.
   */
  since: number | null;
};

export const never = (detail: string): Finding[] => [{ detail, since: null }];
export const underWay = (detail: string, since: number): Finding[] => [{ detail, since }];
