/** Whether a method is a public test card of the provider, such as `pm_card_visa`: it is nobody's, and no secret. */
export const isTestMethod = (method: string): boolean => method.startsWith('pm_card_');

/** Returns a text without the payment methods in it, sealed or not: nobody outside of payment is shown one. */
export const withoutPaymentMethods = (text: string): string =>
  text.replaceAll(/pm_\w*|sealed\.[\w-]{20,}/g, '[payment method]');

/** Returns a JSON value without the payment methods in it. */
export function withoutPaymentMethodsIn<T>(value: T): T {
  const text = JSON.stringify(value);
  // What is replaced ends before any quote or backslash, so the text stays JSON.
  return text === undefined ? value : JSON.parse(withoutPaymentMethods(text));
}
