/**
 * Who places a drill's orders: a customer of its own, so that the system itself can list them. What is sent to that
 * address reaches nobody when its domain ends with `.invalid`, which is never anybody's (RFC 2606). A real mail server
 * may refuse that domain: then give one of yours whose mail is thrown away.
 */
export const drillCustomer = ({ id, name }: { id: string; name: string }, emailDomain: string) => ({
  name: `Drill ${name}`,
  email: `drill-${id}@${emailDomain}`,
});
