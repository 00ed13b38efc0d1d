/** Text on one line without control characters: a name of a folder must not steer the terminal or break a table. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, "\ufffd");
}
