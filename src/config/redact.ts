/** What stands in place of a secret. */
export const REDACTED = "***";

const SECRET_KEY = /(password|passphrase|secret|token|bypassKey|apiKey)$/i;
const USER_OF_URL = /([a-z][a-z0-9+.-]*:\/\/)[^\s/@"']+@/gi;
const SECRET_PROPERTY = /\b(user-pw|proxy-pw|password|passphrase)=("[^"]*"|\S+)/gi; // of GStreamer elements

/** A copy without passwords, tokens and keys: values of keys named so, names in addresses, properties in launch strings. */
export function redacted(value: unknown, key = ""): unknown {
  if (typeof value === "string") {
    if (SECRET_KEY.test(key)) return REDACTED;
    return value.replace(USER_OF_URL, `$1${REDACTED}@`).replace(SECRET_PROPERTY, `$1=${REDACTED}`);
  }
  if (Array.isArray(value)) return value.map((item) => redacted(item, key));
  if (typeof value !== "object" || value === null)
    return SECRET_KEY.test(key) && value !== null ? REDACTED : value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, redacted(inner, name)]));
}
