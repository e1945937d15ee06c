/** What a compiled file asks of the machine that loads it. */
export interface Elf {
  readonly machine: string;
  /** Symbol versions: the library that has to offer them, and their names, as `GLIBC_2.17`. */
  readonly needs: readonly { readonly library: string; readonly version: string }[];
}

// https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html and, for verneed,
// https://refspecs.linuxfoundation.org/LSB_5.0.0/LSB-Core-generic/LSB-Core-generic/symversion.html
const magic = '7f454c460201'; // 64 bits, little-endian
const machines: Readonly<Record<number, string>> = { 62: 'x86-64', 183: 'aarch64' };
const verneedType = 0x6ffffffe;

/** Reads a 64-bit little-endian ELF file, as both Linux architectures of Lambda have it. */
export const readElf = (content: Uint8Array): Elf => {
  const file = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  if (file.toString('hex', 0, magic.length / 2) !== magic)
    throw new Error('This is no 64-bit little-endian ELF file.');
  const code = file.readUInt16LE(0x12);
  const machine = machines[code] ?? `machine ${code}`;
  const needs: { readonly library: string; readonly version: string }[] = [];
  for (let section = 0; section < file.readUInt16LE(0x3c); section += 1) {
    const header = sectionHeader(file, section);
    if (file.readUInt32LE(header + 4) !== verneedType) continue;
    const strings = sectionOffset(file, sectionHeader(file, file.readUInt32LE(header + 0x28)));
    const nameAt = (offset: number): string => {
      const start = strings + file.readUInt32LE(offset);
      return file.toString('latin1', start, file.indexOf(0, start));
    };
    for (const need of linked(file, sectionOffset(file, header), 12)) {
      const library = nameAt(need + 4);
      for (const version of linked(file, need + file.readUInt32LE(need + 8), 12))
        needs.push({ library, version: nameAt(version + 8) });
    }
  }
  return { machine, needs };
};

const sectionHeader = (file: Buffer, index: number): number =>
  Number(file.readBigUInt64LE(0x28)) + index * file.readUInt16LE(0x3a);
const sectionOffset = (file: Buffer, header: number): number => Number(file.readBigUInt64LE(header + 0x18));

/** The offsets of records that each hold the distance to the next one; 0 ends them. */
function* linked(file: Buffer, first: number, nextField: number): Generator<number> {
  for (let at = first; ; ) {
    yield at;
    const next = file.readUInt32LE(at + nextField);
    if (next === 0) return;
    at += next;
  }
}
