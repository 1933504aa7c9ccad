/** The headers of a notification. */
export const deliveryHeader = 'Holdpoint-Delivery';
export const signatureHeader = 'Holdpoint-Signature';

/**
 * `t=<unix seconds>,v1=<hex>`: an HMAC-SHA256 over `<t>.<body>`, as Stripe signs its webhooks. The time is signed too, so that
 * a receiver can refuse what was recorded and is sent again long after.
 *
 * @param hmac HMAC-SHA256 as hex, with the receiver's key
 */
export function signatureOf(body: string, unixSeconds: number, hmac: (text: string) => string): string {
  return `t=${String(unixSeconds)},v1=${hmac(`${String(unixSeconds)}.${body}`)}`;
}
