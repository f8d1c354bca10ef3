/**
 * A new entry's id: a UUID version 7, which begins with the time, so that the table of entries can be cut by years.
 * `now` is RFC 3339; `random` yields that many random bytes.
 */
export function newEntryId(now: string, random: (size: number) => Uint8Array): string {
  const milliseconds = new Date(now).getTime();
  if (!Number.isSafeInteger(milliseconds) || milliseconds < 0) throw new RangeError(`no time: ${now}`);
  const bytes = Buffer.concat([Buffer.alloc(6), random(10)]);
  bytes.writeUIntBE(milliseconds, 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) % 16) + 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) % 64) + 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
