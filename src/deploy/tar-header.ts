/**
 * Headers of a tar archive, written by ourselves because what they say must be ours: mode 644 or 755, no owner, the
 * commit's time. POSIX ustar; what doesn't fit (long names) goes ahead in a pax header, which GNU tar and bsdtar read.
 */
const BLOCK = 512;
const EMPTY_BLOCK = Buffer.alloc(BLOCK);

export interface TarMember {
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link';
  readonly mode: 0o644 | 0o755 | 0o777;
  readonly size: number;
  /** Seconds since 1970. */
  readonly modifiedAt: number;
  /** Where a link points; empty for everything else. */
  readonly target: string;
}

const TYPE = { file: '0', folder: '5', link: '2' } as const;

/** The header of one member, pax header included, in whole blocks. */
export function tarHeader(member: TarMember): Buffer {
  const name = Buffer.from(member.kind === 'folder' ? `${member.path}/` : member.path);
  const target = Buffer.from(member.target);
  const split = splitName(name);
  const records: Buffer[] = [];
  if (split === null) records.push(paxRecord('path', name));
  if (target.length > 100) records.push(paxRecord('linkpath', target));
  if (member.size > 0o77777777777) records.push(paxRecord('size', Buffer.from(String(member.size))));
  const body = Buffer.concat(records);
  const header = block({
    name: split?.name ?? name.subarray(0, 100),
    prefix: split?.prefix ?? Buffer.alloc(0),
    type: TYPE[member.kind],
    target: target.subarray(0, 100),
    mode: member.mode,
    size: member.size > 0o77777777777 ? 0 : member.size,
    modifiedAt: member.modifiedAt,
  });
  if (body.length === 0) return header;
  const pax = block({
    name: Buffer.from('pax'),
    prefix: Buffer.alloc(0),
    type: 'x',
    target: Buffer.alloc(0),
    mode: 0o644,
    size: body.length,
    modifiedAt: member.modifiedAt,
  });
  return Buffer.concat([pax, body, tarPadding(body.length), header]);
}

/** What fills a body of this size up to a whole block. */
export function tarPadding(size: number): Buffer {
  return EMPTY_BLOCK.subarray(0, (BLOCK - (size % BLOCK)) % BLOCK);
}

/** The two empty blocks that end an archive. */
export const TAR_END: Buffer = Buffer.alloc(2 * BLOCK);

function block(field: {
  readonly name: Buffer;
  readonly prefix: Buffer;
  readonly type: string;
  readonly target: Buffer;
  readonly mode: number;
  readonly size: number;
  readonly modifiedAt: number;
}): Buffer {
  const header = Buffer.alloc(BLOCK);
  field.name.copy(header, 0);
  header.write(octal(field.mode, 7), 100, 'latin1');
  header.write(octal(0, 7), 108, 'latin1');
  header.write(octal(0, 7), 116, 'latin1');
  header.write(octal(field.size, 11), 124, 'latin1');
  header.write(octal(field.modifiedAt, 11), 136, 'latin1');
  header.write(' '.repeat(8), 148, 'latin1');
  header.write(field.type, 156, 'latin1');
  field.target.copy(header, 157);
  header.write('ustar\x0000', 257, 'latin1');
  field.prefix.copy(header, 345);
  let sum = 0;
  for (const byte of header) sum += byte;
  header.write(`${octal(sum, 6)}\0 `, 148, 'latin1');
  return header;
}

function octal(value: number, digits: number): string {
  const text = value.toString(8);
  if (value < 0 || !Number.isSafeInteger(value) || text.length > digits) {
    throw new RangeError(`${value} does not fit ${digits} octal digits of a tar header`);
  }
  return text.padStart(digits, '0');
}

/** ustar holds 100 bytes of name and 155 of folder, parted at a slash. Null: it doesn't fit. */
function splitName(name: Buffer): { readonly name: Buffer; readonly prefix: Buffer } | null {
  if (name.length <= 100) return { name, prefix: Buffer.alloc(0) };
  for (let at = Math.min(155, name.length - 2); at > 0; at -= 1) {
    if (name[at] === 0x2f && name.length - at - 1 <= 100) {
      return { name: name.subarray(at + 1), prefix: name.subarray(0, at) };
    }
  }
  return null;
}

/** `LENGTH KEY=VALUE<newline>`, where the length counts its own digits. */
function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}
