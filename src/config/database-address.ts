/** Null where `text` is an address of a PostgreSQL; else a clause that can follow the name of the variable which holds it. */
export function databaseAddressProblem(text: string): string | null {
  const url = URL.parse(text);
  return url === null || !['postgres:', 'postgresql:'].includes(url.protocol) || url.pathname.length < 2
    ? 'is not an address like postgresql://user:password@host:5432/database'
    : null;
}
