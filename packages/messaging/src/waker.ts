/**
 * Lets a loop wait until there is something to do or a time has passed. A `wake` while nobody waits is kept,
 * so that work which came between looking and waiting is not overlooked.
 */
export function createWaker() {
  let pending = false;
  let end: (() => void) | undefined;

  return {
    wake() {
      pending = true;
      end?.();
    },
    async wait(ms: number): Promise<void> {
      if (!pending) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          end = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        end = undefined;
      }
      pending = false;
    },
  };
}

export type Waker = ReturnType<typeof createWaker>;
